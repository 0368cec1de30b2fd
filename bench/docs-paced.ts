/** One document at the pace of people: from typed to each reader; bytes when several type. With peers, in turns. */
import { DocServers, docSystems } from './doc-servers.ts';
import type { Sample, Workload } from './figure.ts';
import { runLoad } from './load.ts';

const PACE = { edits: 60, perSecond: 20 };
const TYPING = { writers: 10, readers: 10, perSecond: 5, seconds: 4 };

export function paced(readers: number): Workload {
  const name = `docs.paced.${readers}`;
  const servers = new DocServers();
  const systems = docSystems();
  const units: Record<string, string> = {};
  for (const system of systems) {
    const own = system === 'ternion' ? name : `${name}.${system}`;
    Object.assign(units, { [`${own}.p50`]: 'ms', [`${own}.p99`]: 'ms', [`${own}.bytes`]: 'B/update/reader' });
    if (system !== 'ternion') units[`${name}.vs-${system}`] = 'x (p50)';
  }
  let runs = 0;
  const run = async () => {
    const doc = `p${runs++}`;
    const sample: Sample = {};
    for (const system of systems) {
      const { url } = await servers.of(system);
      const options = { system, url, doc, readers, ...PACE };
      const { p50, p99, bytes } = await runLoad<Record<'p50' | 'p99' | 'bytes', number>>(
        'doc-paced',
        options,
      );
      const own = system === 'ternion' ? name : `${name}.${system}`;
      Object.assign(sample, { [`${own}.p50`]: p50, [`${own}.p99`]: p99, [`${own}.bytes`]: bytes });
      if (system !== 'ternion') sample[`${name}.vs-${system}`] = p50 / sample[`${name}.p50`]!;
    }
    return sample;
  };
  return { units, run, close: () => servers.close() };
}

/** Bytes hardly vary: measured once. */
export function bytesPerKeystroke(): Workload {
  const name = 'docs.bytes-per-keystroke';
  const servers = new DocServers();
  const systems = docSystems();
  const units: Record<string, string> = {};
  for (const system of systems) {
    units[system === 'ternion' ? name : `${name}.${system}`] = 'B/keystroke/reader';
    if (system !== 'ternion') units[`${name}.vs-${system}`] = 'x';
  }
  const run = async () => {
    const sample: Sample = {};
    for (const system of systems) {
      const { url } = await servers.of(system);
      const { bytes } = await runLoad<{ bytes: number }>('doc-writers', {
        system,
        url,
        doc: 'p0',
        ...TYPING,
      });
      sample[system === 'ternion' ? name : `${name}.${system}`] = bytes;
      if (system !== 'ternion') sample[`${name}.vs-${system}`] = bytes / sample[name]!;
    }
    return sample;
  };
  return { units, run, close: () => servers.close(), once: true };
}
