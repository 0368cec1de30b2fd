/**
 * DocSystem with automerge-repo. Its servers send only to those who answer, so followers do: all of this process
 * share one replica, each with a sync state of its own, which costs the load least.
 */
import { createHash } from 'node:crypto';
import * as A from '@automerge/automerge';
import { cbor, parseAutomergeUrl, stringifyAutomergeUrl } from '@automerge/automerge-repo';
import { RawSocket } from '../../raw-socket.ts';

let clients = 0;

/** The same in every process: names of documents are theirs alone. */
const idOf = (doc) =>
  parseAutomergeUrl(stringifyAutomergeUrl(createHash('sha256').update(doc).digest().subarray(0, 16))).documentId;

/** One connection's side of the sync of `replica.doc`. */
class Peer {
  #socket;
  #id = `client-${process.pid}-${++clients}`;
  #documentId;
  #replica;
  #state = A.initSyncState();
  /** Called with the heads that the server has, after each message of it. */
  #heard;
  #isRequest = true;

  static async connect(url, doc, replica, heard) {
    const peer = new Peer();
    peer.#documentId = idOf(doc);
    peer.#replica = replica;
    peer.#heard = heard;
    const { promise, resolve } = Promise.withResolvers();
    const message = (data) => {
      const { type, data: bytes } = cbor.decode(Uint8Array.from(data));
      if (type === 'peer') resolve();
      else if (type === 'sync' || type === 'request') peer.#take(bytes);
      else if (type === 'error' || type === 'doc-unavailable') throw new Error(type);
    };
    peer.#socket = await RawSocket.connect(url, { message });
    const supportedProtocolVersions = ['1'];
    peer.#send({ type: 'join', peerMetadata: { isEphemeral: true }, supportedProtocolVersions });
    await promise;
    return peer;
  }

  get bytesIn() {
    return this.#socket.bytesIn;
  }

  end() {
    this.#socket.end();
  }

  /** Says what is new here, if the server is to hear it now. */
  sync() {
    const [state, data] = A.generateSyncMessage(this.#replica.doc, this.#state);
    this.#state = state;
    if (!data) return;
    const type = this.#isRequest && A.getHeads(this.#replica.doc).length === 0 ? 'request' : 'sync';
    this.#isRequest = false;
    this.#send({ type, targetId: 'server', documentId: this.#documentId, data });
  }

  #take(bytes) {
    const [doc, state] = A.receiveSyncMessage(this.#replica.doc, this.#state, bytes);
    this.#replica.doc = doc;
    this.#state = state;
    this.#heard(A.decodeSyncMessage(bytes).heads);
    this.sync();
  }

  #send(message) {
    this.#socket.send(cbor.encode({ ...message, senderId: this.#id }));
  }
}

const sameHeads = (a, b) => a.length === b.length && a.every((head) => b.includes(head));

export function openPeer(url) {
  /** The writer's edit that made the document what it is, by its hash. */
  const editOf = new Map();
  const followed = new Map();

  return {
    async follow(doc, seen) {
      const replica = followed.get(doc) ?? { doc: A.init() };
      followed.set(doc, replica);
      const { promise, resolve } = Promise.withResolvers();
      const peer = await Peer.connect(url, doc, replica, (heads) => {
        const mine = A.getHeads(replica.doc);
        if (heads.length > 0 && sameHeads(heads, mine)) resolve();
        const edits = heads.length === 1 && mine.includes(heads[0]) ? editOf.get(heads[0]) : undefined;
        if (edits > 0) seen(edits);
      });
      peer.sync();
      await promise;
      return peer;
    },
    async write(doc, { safe = () => {} }) {
      const replica = { doc: A.from({ body: '' }) };
      await put(doc, replica);
      const peer = await Peer.connect(url, doc, replica, () => {});
      peer.sync();
      let length = 0;
      safe(Number.POSITIVE_INFINITY);
      return {
        type() {
          replica.doc = A.change(replica.doc, (draft) => A.splice(draft, ['body'], length++, 0, 'x'));
          editOf.set(A.getHeads(replica.doc)[0], length);
          peer.sync();
        },
        get bytesIn() {
          return peer.bytesIn;
        },
        end: () => peer.end(),
      };
    },
    async fill(doc, trace) {
      const body = A.from({ body: '' });
      // In one change, which favours it: one for each keystroke would take minutes here.
      const filled = A.change(body, (draft) => {
        for (const [position, deleted, inserted] of trace.patches) {
          A.splice(draft, ['body'], position, deleted, inserted);
        }
      });
      await put(doc, { doc: filled });
    },
    async open(doc) {
      const begin = performance.now();
      const replica = { doc: A.init() };
      const { promise, resolve } = Promise.withResolvers();
      const peer = await Peer.connect(url, doc, replica, (heads) => {
        if (heads.length > 0 && sameHeads(heads, A.getHeads(replica.doc))) resolve();
      });
      peer.sync();
      await promise;
      const text = String(replica.doc.body);
      const ms = performance.now() - begin;
      peer.end();
      return { text, bytes: peer.bytesIn, ms, joinMs: ms };
    },
  };

  /** Resolves when the server has all of it. */
  async function put(doc, replica) {
    const { promise, resolve } = Promise.withResolvers();
    const peer = await Peer.connect(url, doc, replica, (heads) => {
      if (sameHeads(heads, A.getHeads(replica.doc))) resolve();
    });
    peer.sync();
    await promise;
    peer.end();
  }
}
