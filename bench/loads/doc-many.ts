/**
 * Many documents: writes a kilobyte into each, or holds them open, or opens and releases them pass after pass.
 * Says so when there is something to measure, and holds still for a while then.
 */
import { LoroDoc, type PeerID } from 'loro-crdt';
import { decodeDown } from 'ternion/crdt';
import { deferred } from '../../src/base/deferred.ts';
import { createGuest } from '../client.ts';
import { DocSession } from '../doc-session.ts';

interface Options {
  url: string;
  task: 'fill' | 'hold' | 'release';
  documents: number;
  passes: number;
}

const { url, task, documents, passes }: Options = JSON.parse(process.argv[2] ?? '{}');
/** Channels of one session. */
const CHANNELS = 50;
/** Sessions that are busy at once. */
const LANES = 8;
const BYTES = 1024;
/** Opened before memory is measured: code is compiled, pools are filled. */
const WARM_UP = 50;
/** Longer than the server takes to say what it holds, and than released documents linger. */
const STILL_MS = 3000;

const token = await createGuest(url);
const nothing = () => {};

async function measured(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, STILL_MS / 3));
  process.send?.('measure');
  await new Promise((resolve) => setTimeout(resolve, STILL_MS));
}

async function fill(session: DocSession, id: string): Promise<void> {
  const stored = deferred<void>();
  const { joined, push } = await session.open(id, (payload) => {
    const frame = decodeDown(payload);
    if (frame.kind === 'ack' && frame.level === 'durable') stored.resolve();
  });
  const doc = new LoroDoc();
  doc.setPeerId(`${joined.peer}` as PeerID);
  doc.getText('body').insert(0, `${id} `.padEnd(BYTES, 'lorem ipsum '));
  push(1, doc.export({ mode: 'update' }));
  await stored.promise;
}

async function release(session: DocSession, id: string): Promise<void> {
  (await session.open(id, nothing)).close();
}

const hold = (session: DocSession, id: string) => session.open(id, nothing);
const work: (session: DocSession, id: string) => Promise<unknown> = { fill, release, hold }[task];

/** The task on document `from` and the following ones, all on one session. */
async function onSession(from: number, count: number): Promise<DocSession> {
  const session = await DocSession.connect(url, token);
  await Promise.all(Array.from({ length: count }, (_, k) => work(session, `p${from + k}`)));
  return session;
}

/** Every LANES-th group of documents, one after another. */
async function lane(first: number): Promise<void> {
  for (let from = first * CHANNELS; from < documents; from += LANES * CHANNELS) {
    const session = await onSession(from, Math.min(CHANNELS, documents - from));
    if (task !== 'hold') session.end();
  }
}

if (task !== 'fill') {
  const warm = await onSession(documents, WARM_UP);
  if (task !== 'hold') warm.end();
  await measured();
}
for (let pass = 0; pass < passes; pass++) {
  await Promise.all(Array.from({ length: LANES }, (_, first) => lane(first)));
  if (task !== 'fill') await measured();
}
console.log('{}');
process.exit(0);
