/** One client writes, another has a view; prints p50 and p99 of the ms from a write to its being in that view. */
import { quantile } from '../figure.ts';
import { openSystem, type SystemName } from '../open-client.ts';

interface Options {
  system: SystemName;
  url: string;
  token: string;
  /** Above all that there are. */
  firstRank: number;
}

const { system, url, token, firstRank }: Options = JSON.parse(process.argv[2] ?? '{}');
const WARM_UPS = 100;
const WRITES = 400;

const [writer, reader] = [await openSystem(system, { url, token }), await openSystem(system, { url, token })];
await reader.openView();
const delays: number[] = [];
for (let i = 0; i < WARM_UPS + WRITES; i++) {
  const rank = firstRank + i;
  const start = performance.now();
  await new Promise<void>((seen) => {
    reader.whenInView(rank, seen);
    writer.insert(rank);
  });
  if (i >= WARM_UPS) delays.push(performance.now() - start);
}
delays.sort((a, b) => a - b);
console.log(JSON.stringify({ p50: quantile(delays, 0.5), p99: quantile(delays, 0.99) }));
process.exit(0);
