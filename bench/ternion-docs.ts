/** DocSystem with Ternion's server. */
import { decodeImportBlobMeta, LoroDoc, type PeerID } from 'loro-crdt';
import { decodeDown } from 'ternion/crdt';
import { createGuest } from './client.ts';
import { DocSession } from './doc-session.ts';
import {
  type DocSystem,
  type DocWriter,
  PreparedEdits,
  remembering,
  type WriterOptions,
} from './doc-system.ts';
import type { Trace } from './editing-trace.ts';

/** The edits that a frame for readers brings the document to; 0 for one without. */
const editsOf = remembering((payload) => {
  const frame = decodeDown(payload);
  if (frame.kind !== 'update' || frame.bytes.length === 0) return 0;
  const ends = decodeImportBlobMeta(frame.bytes, false).partialEndVersionVector.toJSON();
  return Math.max(...ends.values());
});

export async function ternionDocs(url: string): Promise<DocSystem> {
  const token = await createGuest(url);
  const connect = () => DocSession.connect(url, token);
  return {
    write: async (doc, options) => write(await connect(), doc, options),
    async follow(doc, seen) {
      const session = await connect();
      await session.open(doc, (payload) => {
        const edits = editsOf(payload as Buffer);
        if (edits > 0) seen(edits);
      });
      return session;
    },
    fill: async (doc, trace) => fill(await connect(), doc, trace),
    async open(doc, { lazy }) {
      const begin = performance.now();
      const session = await connect();
      const joinBegin = performance.now();
      const { joined } = await session.open(doc, () => {}, lazy);
      const replica = new LoroDoc();
      replica.import(joined.bytes);
      if (joined.tail.length > 0) replica.import(joined.tail);
      const text = replica.getText('body').toString();
      const end = performance.now();
      session.end();
      return { text, bytes: session.bytesIn, ms: end - begin, joinMs: end - joinBegin };
    },
  };
}

async function write(session: DocSession, doc: string, options: WriterOptions): Promise<DocWriter> {
  const { safe = () => {}, merges = false } = options;
  const replica = new LoroDoc();
  const text = replica.getText('body');
  const { push, joined } = await session.open(doc, (payload) => {
    const frame = decodeDown(payload);
    if (frame.kind === 'refuse') throw new Error(`refused: ${frame.code}`);
    if (frame.kind === 'ack' && frame.level === 'durable') safe(frame.n);
    if (merges && frame.kind === 'update' && frame.bytes.length > 0) replica.import(frame.bytes);
  });
  replica.setPeerId(`${joined.peer}` as PeerID);
  if (joined.bytes.length > 0) replica.import(joined.bytes);
  let sent = 0;
  const edits = new PreparedEdits<Uint8Array>(
    () => {
      text.insert(text.length, 'x');
      replica.commit();
    },
    (bytes) => push(++sent, bytes),
  );
  replica.subscribeLocalUpdates((bytes) => edits.made(bytes));
  return {
    type: () => edits.type(),
    prepare: (count) => edits.prepare(count),
    get bytesIn() {
      return session.bytesIn;
    },
    end: () => session.end(),
  };
}

async function fill(session: DocSession, doc: string, trace: Trace): Promise<void> {
  const replica = new LoroDoc();
  let stored = () => {};
  const durable = new Promise<void>((resolve) => {
    stored = resolve;
  });
  const { push, joined } = await session.open(doc, (payload) => {
    const frame = decodeDown(payload);
    if (frame.kind === 'refuse') throw new Error(`refused: ${frame.code}`);
    if (frame.kind === 'ack' && frame.level === 'durable') stored();
  });
  replica.setPeerId(`${joined.peer}` as PeerID);
  const text = replica.getText('body');
  for (const [position, deleted, inserted] of trace.patches) {
    if (deleted > 0) text.delete(position, deleted);
    if (inserted) text.insert(position, inserted);
    replica.commit();
  }
  push(1, replica.export({ mode: 'update' }));
  await durable;
  session.end();
}
