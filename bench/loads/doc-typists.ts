/**
 * Real engines type into one text at a steady pace each, somewhere in it. Says so when an interval of the measurement begins or ends;
 * prints the share of a core that one client took.
 */
import type { Cursor } from 'loro-crdt';
import { createSyncEngine } from 'ternion/client';
import { openDoc } from 'ternion/crdt/client';
import { createGuest } from '../client.ts';

interface Options {
  url: string;
  doc: string;
  typists: number;
  perSecond: number;
  intervals: number;
  intervalMs: number;
}

const { url, doc, typists, perSecond, intervals, intervalMs }: Options = JSON.parse(process.argv[2] ?? '{}');
/** Not counted: code is compiled. */
const WARM_UP_MS = 3000;
/** Longest wait for all replicas to be equal in the end. */
const END_MS = 10_000;

async function page() {
  const engine = createSyncEngine(url, { token: await createGuest(url), persist: false });
  await engine.start();
  const handle = openDoc(engine, 'Page', doc);
  await handle.synced();
  return handle;
}

const pages = await Promise.all(Array.from({ length: typists }, page));
// The same places at each run.
let seed = 1;
const random = () => {
  seed = (seed * 48_271) % 2_147_483_647;
  return seed / 2_147_483_647;
};
/** Where each of them types: its own place, which moves with what others write. */
const carets: (Cursor | undefined)[] = [];
/** How often one goes elsewhere. */
const JUMP = 0.02;

function type(typist: number): void {
  const handle = pages[typist]!;
  const text = handle.text('body');
  const caret = random() > JUMP ? carets[typist] : undefined;
  const place = (caret && handle.doc.getCursorPos(caret)?.offset) ?? Math.floor(random() * text.length);
  text.insert(place, 'x');
  carets[typist] = text.getCursor(place + 1);
  handle.doc.commit();
}

let typed = 0;
const start = performance.now();
// By the clock: on a busy machine timers are late, and keystrokes must not be fewer for that.
const typing = setInterval(
  () => {
    const due = ((performance.now() - start) / 1000) * typists * perSecond;
    while (typed < due) type(typed++ % typists);
  },
  1000 / (typists * perSecond),
);
await new Promise((resolve) => setTimeout(resolve, WARM_UP_MS));
const cpu = process.cpuUsage();
const marks: number[] = [];
for (let i = 0; i <= intervals; i++) {
  marks.push(typed);
  process.send?.('interval');
  if (i < intervals) await new Promise((resolve) => setTimeout(resolve, intervalMs));
}
clearInterval(typing);
const { user, system } = process.cpuUsage(cpu);
const share = (user + system) / 1000 / (intervals * intervalMs) / typists;
const until = performance.now() + END_MS;
while (pages.some((handle) => handle.text('body').length < typed)) {
  if (performance.now() > until) throw new Error('replicas differ in the end');
  await new Promise((resolve) => setTimeout(resolve, 50));
}
console.log(JSON.stringify({ share, typed: marks.slice(1).map((mark, i) => mark - marks[i]!) }));
process.exit(0);
