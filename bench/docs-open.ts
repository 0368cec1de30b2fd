/** Opening a large document that the server has in memory: the one of the editing trace. With peers, in turns. */
import { DocServers, docSystems } from './doc-servers.ts';
import type { Sample, Workload } from './figure.ts';
import { runLoad } from './load.ts';
import type { DocSystemName } from './open-doc-system.ts';

const DOC = 'p0';
const OPENS = 10;
const NAME = 'docs.cold-open';

interface Opened {
  ms: number;
  joinMs: number;
  bytes: number;
}

export function coldOpen(): Workload {
  const servers = new DocServers();
  const peers = docSystems().filter((system) => system !== 'ternion');
  const units: Record<string, string> = {
    [NAME]: 'ms',
    [`${NAME}.connect`]: 'ms',
    [`${NAME}.bytes`]: 'B',
    [`${NAME}.lazy`]: 'ms',
    [`${NAME}.lazy.bytes`]: 'B',
  };
  for (const peer of peers) {
    Object.assign(units, {
      [`${NAME}.${peer}`]: 'ms',
      [`${NAME}.${peer}.bytes`]: 'B',
      [`${NAME}.vs-${peer}`]: 'x',
    });
  }
  const filled = new Map<DocSystemName, Promise<{ trace: string; characters: number }>>();
  const open = async (system: DocSystemName, lazy: boolean) => {
    const { url } = await servers.of(system);
    const filling = filled.get(system) ?? runLoad('doc-fill', { system, url, doc: DOC });
    filled.set(system, filling);
    const { trace, characters } = await filling;
    if (!trace.startsWith('automerge-paper')) console.error(`${NAME}: the trace is ${trace}`);
    const options = { system, url, doc: DOC, lazy, characters, opens: OPENS };
    return runLoad<Opened>('doc-open', options);
  };
  const run = async () => {
    const full = await open('ternion', false);
    const lazy = await open('ternion', true);
    const sample: Sample = {
      [NAME]: full.joinMs,
      [`${NAME}.connect`]: full.ms,
      [`${NAME}.bytes`]: full.bytes,
      [`${NAME}.lazy`]: lazy.joinMs,
      [`${NAME}.lazy.bytes`]: lazy.bytes,
    };
    for (const peer of peers) {
      const { ms, bytes } = await open(peer, false);
      sample[`${NAME}.${peer}`] = ms;
      sample[`${NAME}.${peer}.bytes`] = bytes;
      sample[`${NAME}.vs-${peer}`] = ms / full.ms;
    }
    return sample;
  };
  return { units, run, close: () => servers.close() };
}
