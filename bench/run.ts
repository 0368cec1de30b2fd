/**
 * `npm run bench [-- name] [--json] [--runs N]`: runs the workloads whose name begins with `name`, all
 * without one. Everything stays on 127.0.0.1, is bounded in time and count, and stops by itself.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { coldStartWorkloads } from './cold-start.ts';
import { docsWorkloads } from './docs.ts';
import { type Figure, measure, type Workload } from './figure.ts';
import { matchmakerWorkloads } from './matchmaker.ts';
import { netcodeWorkloads } from './netcode.ts';
import { readsWorkloads } from './reads.ts';
import { restartWorkloads } from './restart.ts';
import { rewindWorkloads } from './rewind.ts';
import { rowsWorkloads } from './rows.ts';
import { sessionWorkloads } from './sessions.ts';
import { curveWorkloads } from './shard-curves.ts';
import { heapWorkloads } from './shard-heap.ts';
import { shardsWorkloads } from './shards.ts';
import { startWorkloads } from './start.ts';
import { subscriptionsWorkloads } from './subscriptions.ts';
import { syncWorkloads } from './sync.ts';
import { tickDelayWorkloads } from './tick-delay.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, runs: { type: 'string', default: '5' } },
});
const workloads: Record<string, () => Workload> = {
  ...rowsWorkloads,
  ...readsWorkloads,
  ...startWorkloads,
  ...subscriptionsWorkloads,
  ...syncWorkloads,
  ...sessionWorkloads,
  ...coldStartWorkloads,
  ...docsWorkloads,
  ...tickDelayWorkloads,
  ...shardsWorkloads,
  ...curveWorkloads,
  ...heapWorkloads,
  ...rewindWorkloads,
  ...matchmakerWorkloads,
  ...netcodeWorkloads,
  ...restartWorkloads,
};
const wanted = positionals[0] ?? '';
const chosen = Object.keys(workloads).filter(
  (name) => name === wanted || name.startsWith(wanted && `${wanted}.`),
);
if (chosen.length === 0) {
  console.error(`no workload ${wanted}; there are: ${Object.keys(workloads).join(', ')}`);
  process.exit(2);
}

if (!values.json) {
  const [cpu] = cpus();
  console.log(
    `${cpus().length} x ${cpu?.model.trim()}, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}`,
  );
  console.log(`npm run bench -- ${process.argv.slice(2).join(' ')}`);
  console.log(
    `\n${'figure'.padEnd(34)} ${'median'.padStart(10)} ${'min'.padStart(10)} ${'max'.padStart(10)}  unit`,
  );
}
for (const name of chosen) {
  const workload = workloads[name]!();
  for (const figure of await measure(workload, Number(values.runs))) print(figure);
  if (workload.notes && !values.json) console.log(workload.notes());
}
process.exit(0);

function print(figure: Figure): void {
  if (values.json) return console.log(JSON.stringify(figure));
  const { name, median, min, max, unit } = figure;
  const columns = [median, min, max].map((value) => String(value).padStart(10)).join(' ');
  console.log(`${name.padEnd(34)} ${columns}  ${unit}`);
}
