/** DocSystem with loro-websocket, by its own protocol package. */
import { decodeImportBlobMeta, LoroDoc, VersionVector } from 'loro-crdt';
import { CrdtType, decode, encode, MessageType } from 'loro-protocol';
import { PreparedEdits, remembering } from '../../doc-system.ts';
import { RawSocket } from '../../raw-socket.ts';

/** Updates over this size travel in fragments, as the client of loro-websocket sends them. */
const FRAGMENT_BYTES = 200 << 10;
const crdt = CrdtType.Loro;
let batches = 0;
const newBatch = () => `0x${(++batches).toString(16).padStart(16, '0')}`;

const editsOf = remembering((bytes) => {
  const message = decode(bytes);
  if (message.type !== MessageType.DocUpdate) return 0;
  const ends = message.updates.flatMap((update) => [
    ...decodeImportBlobMeta(update, false).partialEndVersionVector.toJSON().values(),
  ]);
  return Math.max(0, ...ends);
});

export function openPeer(url) {
  /** Resolves when joined, with the document's state if it has one; later messages go to `listener`. */
  async function join(doc, listener) {
    const { promise, resolve, reject } = Promise.withResolvers();
    let joined = false;
    let fragments;
    const message = (data, isBinary) => {
      if (!isBinary) return;
      if (joined) return listener(data);
      const message = decode(Uint8Array.from(data));
      if (message.type === MessageType.JoinError) reject(new Error(message.message));
      if (message.type === MessageType.JoinResponseOk) {
        // What a document holds comes after this answer; nothing when it is empty.
        joined = VersionVector.decode(message.version).length() === 0;
        if (joined) resolve([]);
      }
      if (message.type === MessageType.DocUpdateFragmentHeader) fragments = { ...message, parts: [] };
      if (message.type === MessageType.DocUpdateFragment) {
        fragments.parts[message.index] = message.fragment;
        if (fragments.parts.filter(Boolean).length < fragments.fragmentCount) return;
        joined = true;
        resolve([Buffer.concat(fragments.parts)]);
      }
      if (message.type === MessageType.DocUpdate) {
        joined = true;
        resolve(message.updates);
      }
    };
    const socket = await RawSocket.connect(url, { message });
    const [auth, version] = [new Uint8Array(), new VersionVector(new Map()).encode()];
    socket.send(encode({ type: MessageType.JoinRequest, crdt, roomId: doc, auth, version }));
    return { socket, updates: await promise };
  }

  const send = (socket, doc, update) => {
    const batchId = newBatch();
    const message = { crdt, roomId: doc, batchId };
    if (update.length <= FRAGMENT_BYTES) {
      return socket.send(encode({ ...message, type: MessageType.DocUpdate, updates: [update] }));
    }
    const fragmentCount = Math.ceil(update.length / FRAGMENT_BYTES);
    const type = MessageType.DocUpdateFragmentHeader;
    socket.send(encode({ ...message, type, fragmentCount, totalSizeBytes: update.length }));
    for (let index = 0; index < fragmentCount; index++) {
      const fragment = update.subarray(index * FRAGMENT_BYTES, (index + 1) * FRAGMENT_BYTES);
      socket.send(encode({ ...message, type: MessageType.DocUpdateFragment, index, fragment }));
    }
  };

  return {
    async follow(doc, seen) {
      const { socket } = await join(doc, (data) => {
        const edits = editsOf(data);
        if (edits > 0) seen(edits);
      });
      return socket;
    },
    async write(doc, { safe = () => {}, merges = false }) {
      const replica = new LoroDoc();
      const { socket, updates } = await join(doc, (data) => {
        const message = merges ? decode(data) : null;
        if (message?.type === MessageType.DocUpdate) replica.importBatch(message.updates);
      });
      if (updates.length > 0) replica.importBatch(updates);
      const text = replica.getText('body');
      const edits = new PreparedEdits(
        () => {
          text.insert(text.length, 'x');
          replica.commit();
        },
        (update) => send(socket, doc, update),
      );
      replica.subscribeLocalUpdates((update) => edits.made(update));
      safe(Number.POSITIVE_INFINITY);
      return {
        type: () => edits.type(),
        prepare: (count) => edits.prepare(count),
        get bytesIn() {
          return socket.bytesIn;
        },
        end: () => socket.end(),
      };
    },
    async fill(doc, trace) {
      const replica = new LoroDoc();
      const text = replica.getText('body');
      for (const [position, deleted, inserted] of trace.patches) {
        if (deleted > 0) text.delete(position, deleted);
        if (inserted) text.insert(position, inserted);
        replica.commit();
      }
      const { promise, resolve, reject } = Promise.withResolvers();
      const { socket } = await join(doc, (data) => {
        const message = decode(data);
        if (message.type !== MessageType.Ack) return;
        if (message.status === 0) resolve();
        else reject(new Error(`refused: ${message.status}`));
      });
      send(socket, doc, replica.export({ mode: 'update' }));
      await promise;
      socket.end();
    },
    async open(doc) {
      const begin = performance.now();
      const replica = new LoroDoc();
      const { socket, updates } = await join(doc, () => {});
      replica.importBatch(updates);
      const text = replica.getText('body').toString();
      const ms = performance.now() - begin;
      socket.end();
      return { text, bytes: socket.bytesIn, ms, joinMs: ms };
    },
  };
}
