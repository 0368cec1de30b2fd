/**
 * DocSystem of the servers that speak Yjs' sync protocol, given the peer's own Yjs and what differs: the `path`
 * of a document, the `head` of its messages, and the greeting before the first of them.
 */
import { Reader, Writer } from '../../src/base/bytes.ts';
import { PreparedEdits, remembering } from '../doc-system.ts';
import { RawSocket } from '../raw-socket.ts';

const [SYNC, STEP_1, STEP_2, UPDATE] = [0, 0, 1, 2];
/** Hocuspocus' answer to a greeting, and its word that it is no longer there. */
const [AUTH, CLOSE] = [2, 7];
const MAX_BYTES = 64 << 20;

export function yjsDocs(Y, url, { path, head, greeting = () => [] }) {
  /** Type and update of a message of the sync protocol, or null. */
  const parse = (bytes) => {
    const reader = new Reader(bytes);
    if (head) reader.string(1000);
    const type = reader.varuint();
    if (head && type === CLOSE) throw new Error(`closed: ${reader.string(1000)}`);
    if (head && type === AUTH && reader.varuint() === 1) throw new Error('denied');
    if (type !== SYNC && type !== 4) return null;
    return { step: reader.varuint(), update: reader.blob(MAX_BYTES) };
  };
  const editsOf = remembering((bytes) => {
    const message = parse(bytes);
    if (message?.step !== UPDATE) return 0;
    const { structs } = Y.decodeUpdate(message.update);
    return structs.reduce((most, { id, length }) => Math.max(most, id.clock + length), 0);
  });
  const syncMessage = (doc, step, update) => {
    const writer = new Writer(update.length + 64);
    if (head) writer.string(doc);
    return writer.varuint(SYNC).varuint(step).blob(update).finish();
  };

  /** Resolves with the document's state; later messages go to `listener`. */
  async function join(doc, replica, listener) {
    const { promise, resolve } = Promise.withResolvers();
    let joined = false;
    const message = (data, _, socket) => {
      if (joined) return listener(data);
      const sync = parse(data);
      if (sync?.step === STEP_1) {
        socket.send(syncMessage(doc, STEP_2, Y.encodeStateAsUpdate(replica, sync.update)));
      }
      if (sync?.step !== STEP_2) return;
      joined = true;
      Y.applyUpdate(replica, sync.update, 'server');
      resolve();
    };
    const socket = await RawSocket.connect(url + path(doc), { message });
    for (const bytes of greeting(doc)) socket.send(bytes);
    socket.send(syncMessage(doc, STEP_1, Y.encodeStateVector(replica)));
    await promise;
    return socket;
  }

  return {
    async follow(doc, seen) {
      const replica = new Y.Doc();
      const socket = await join(doc, replica, (data) => {
        const edits = editsOf(data);
        if (edits > 0) seen(edits);
      });
      replica.destroy();
      return socket;
    },
    async write(doc, { safe = () => {}, merges = false }) {
      const replica = new Y.Doc();
      const socket = await join(doc, replica, (data) => {
        const message = merges ? parse(data) : null;
        if (message?.step === UPDATE) Y.applyUpdate(replica, message.update, 'server');
      });
      const text = replica.getText('body');
      const edits = new PreparedEdits(
        () => text.insert(text.length, 'x'),
        (update) => socket.send(syncMessage(doc, UPDATE, update)),
      );
      replica.on('update', (update, origin) => {
        if (origin !== 'server') edits.made(update);
      });
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
      const replica = new Y.Doc();
      const text = replica.getText('body');
      for (const [position, deleted, inserted] of trace.patches) {
        replica.transact(() => {
          if (deleted > 0) text.delete(position, deleted);
          if (inserted) text.insert(position, inserted);
        });
      }
      const socket = await join(doc, new Y.Doc(), () => {});
      socket.send(syncMessage(doc, UPDATE, Y.encodeStateAsUpdate(replica)));
      // Messages of one connection are handled in order, so the answer to a second join comes after.
      const length = text.toString().length;
      for (let tries = 0; tries < 100; tries++) {
        const copy = new Y.Doc();
        (await join(doc, copy, () => {})).end();
        if (copy.getText('body').length === length) return socket.end();
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      throw new Error('the server did not take the document');
    },
    async open(doc) {
      const begin = performance.now();
      const replica = new Y.Doc();
      const socket = await join(doc, replica, () => {});
      const text = replica.getText('body').toString();
      const ms = performance.now() - begin;
      socket.end();
      return { text, bytes: socket.bytesIn, ms, joinMs: ms };
    },
  };
}
