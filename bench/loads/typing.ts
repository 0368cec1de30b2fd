/** One engine types at a steady pace, others read; prints the delay from key to text in ms and the bytes it took. */

import { createSyncEngine } from 'ternion/client';
import { openDoc } from 'ternion/crdt/client';
import { createGuest } from '../client.ts';
import { quantile } from '../figure.ts';

interface Options {
  url: string;
  readers: number;
  keystrokes: number;
  perSecond: number;
}

const { url, readers, keystrokes, perSecond }: Options = JSON.parse(process.argv[2] ?? '{}');
/** Longest wait for the last key to reach everybody. */
const END_MS = 5000;

async function page() {
  const engine = createSyncEngine(url, { token: await createGuest(url), persist: false });
  await engine.start();
  const doc = openDoc(engine, 'Page', 'p');
  await doc.synced();
  return { engine, doc };
}

const pages = await Promise.all(Array.from({ length: readers + 1 }, page));
const [writer, ...others] = pages;
const typedAt: number[] = [];
const delays: number[] = [];
for (const { doc } of others) {
  let seen = 0;
  doc.doc.subscribe(() => {
    const { length } = doc.text('body').toString();
    const now = performance.now();
    for (; seen < length; seen++) delays.push(now - typedAt[seen]!);
    if (delays.length === keystrokes * readers) finish();
  });
}
const before = others.map(({ engine }) => engine.stats.bytesIn);
const typing = setInterval(() => {
  typedAt.push(performance.now());
  writer!.doc.text('body').push(String(typedAt.length % 10));
  writer!.doc.doc.commit();
  if (typedAt.length === keystrokes) clearInterval(typing);
}, 1000 / perSecond);
setTimeout(() => process.exit(1), (keystrokes / perSecond) * 1000 + END_MS);

function finish(): void {
  delays.sort((a, b) => a - b);
  const bytes = others.reduce((sum, { engine }, i) => sum + engine.stats.bytesIn - before[i]!, 0);
  const perKey = bytes / (keystrokes * readers);
  console.log(JSON.stringify({ p50: quantile(delays, 0.5), p99: quantile(delays, 0.99), bytes: perKey }));
  process.exit(0);
}
