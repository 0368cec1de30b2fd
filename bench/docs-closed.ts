/** How many edits a second one document takes, and how long one is on its way: with peers, in turns. */
import { DocServers, docSystems } from './doc-servers.ts';
import type { Sample, Workload } from './figure.ts';
import { runLoad } from './load.ts';
import type { DocSystemName } from './open-doc-system.ts';
import type { Usage } from './serve.ts';

const IN_FLIGHT = 32;
const SECONDS = 1.5;

interface Closed {
  perSecond: number;
  p99: number;
  bytes: number;
  edits: number;
}

/** `docs.closed.10`, and of others `docs.closed.10.hocuspocus`. */
const nameOf = (name: string, system: DocSystemName) => (system === 'ternion' ? name : `${name}.${system}`);

export function closedLoop(readers: number): Workload {
  const name = `docs.closed.${readers}`;
  const servers = new DocServers();
  const systems = docSystems({ memory: true });
  const units: Record<string, string> = {};
  for (const system of systems) {
    const own = nameOf(name, system);
    Object.assign(units, {
      [own]: 'updates/s',
      [`${own}.p99`]: 'ms',
      [`${own}.bytes`]: 'B/update/reader',
      [`${own}.cpu`]: 'us/update',
    });
    if (system !== 'ternion') units[`${name}.vs-${system}`] = 'x';
  }
  let runs = 0;
  const run = async () => {
    const doc = `p${runs++}`;
    const sample: Sample = {};
    for (const system of systems) {
      const server = await servers.of(system);
      const usages: Promise<Usage>[] = [];
      const options = { system, url: server.url, doc, readers, inFlight: IN_FLIGHT, seconds: SECONDS };
      const { perSecond, p99, bytes, edits } = await runLoad<Closed>('doc-closed', options, () =>
        usages.push(server.usage()),
      );
      const [before, after] = await Promise.all(usages);
      const own = nameOf(name, system);
      sample[own] = perSecond;
      sample[`${own}.p99`] = p99;
      sample[`${own}.bytes`] = bytes;
      sample[`${own}.cpu`] = (after!.cpuUs - before!.cpuUs) / edits;
      if (system !== 'ternion') sample[`${name}.vs-${system}`] = sample[name]! / perSecond;
    }
    return sample;
  };
  return { units, run, close: () => servers.close() };
}
