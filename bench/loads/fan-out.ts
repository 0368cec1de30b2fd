/**
 * One writer keeps pushes of one character under way, a fixed number at a time; readers are raw sockets that
 * only look at revisions. Prints durable updates per second and bytes per update and reader.
 */
import { LoroDoc, type PeerID } from 'loro-crdt';
import { type DocWire, joinDoc } from '../doc-wire.ts';

interface Options {
  url: string;
  readers: number;
  inFlight: number;
  seconds: number;
}

const { url, readers, inFlight, seconds }: Options = JSON.parse(process.argv[2] ?? '{}');
const params = { entity: 'Page', id: 'p' };
const WARM_UP_MS = 500;
/** Longest wait for the last update to reach everybody. */
const END_MS = 5000;

const followers: { wire: DocWire; rev: number }[] = [];
for (let i = 0; i < readers; i++) {
  const follower = { wire: undefined as unknown as DocWire, rev: 0 };
  follower.wire = await joinDoc(url, params, (frame) => {
    if (frame.kind !== 'update') return;
    follower.rev = frame.rev;
    if (finalRev > 0) finish();
  });
  followers.push(follower);
}

const doc = new LoroDoc();
const text = doc.getText('body');
let sent = 0;
let durable = 0;
let counted = 0;
let stopped = false;
let finalRev = 0;
let lastRev = 0;
let start = 0;
let bytesBefore = 0;

const writer = await joinDoc(url, params, (frame) => {
  if (frame.kind === 'refuse') throw new Error(`refused: ${frame.code}`);
  if (frame.kind === 'update') lastRev = frame.rev;
  if (frame.kind !== 'ack' || frame.level !== 'durable') return;
  if (start > 0 && !stopped) counted += frame.n - durable;
  durable = frame.n;
  while (!stopped && sent - durable < inFlight) type();
});
doc.setPeerId(`${writer.peer}` as PeerID);
doc.subscribeLocalUpdates((bytes) => writer.push(++sent, bytes));

function type(): void {
  text.insert(text.length, 'x');
  doc.commit();
}

const bytes = () => followers.reduce((sum, { wire }) => sum + wire.bytesIn(), 0);
let perSecond = 0;

function finish(): void {
  if (followers.some(({ rev }) => rev < finalRev)) return;
  const perUpdate = (bytes() - bytesBefore) / (counted * readers);
  console.log(JSON.stringify({ perSecond, bytes: perUpdate }));
  process.exit(0);
}

while (sent < inFlight) type();
setTimeout(() => {
  start = performance.now();
  bytesBefore = bytes();
  setTimeout(() => {
    stopped = true;
    perSecond = counted / ((performance.now() - start) / 1000);
    // Everybody must have got the newest revision that the writer knows of.
    finalRev = lastRev;
    finish();
    setTimeout(() => process.exit(1), END_MS);
  }, seconds * 1000);
}, WARM_UP_MS);
