/** Clients that get all rows, one after another; prints rows per second of the last, the others warm up. */
import { openSystem, type SystemName } from '../open-client.ts';

interface Options {
  system: SystemName;
  url: string;
  token: string;
  rows: number;
}

const { system, url, token, rows }: Options = JSON.parse(process.argv[2] ?? '{}');
const WARM_UPS = 2;

let seconds = 0;
for (let i = 0; i <= WARM_UPS; i++) {
  const start = performance.now();
  const client = await openSystem(system, { url, token });
  await client.all(rows);
  seconds = (performance.now() - start) / 1000;
  await client.close();
}
console.log(JSON.stringify({ perSecond: rows / seconds }));
process.exit(0);
