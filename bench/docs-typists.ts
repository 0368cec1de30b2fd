/** Twenty people in one text for a minute, with real engines: what an update costs the server, and a client its core. */
import { startTernion } from './doc-servers.ts';
import type { Workload } from './figure.ts';
import { runLoad } from './load.ts';
import type { Usage } from './serve.ts';

const TYPING = { doc: 'p0', typists: 20, perSecond: 5, intervals: 6, intervalMs: 10_000 };

export function typists(): Workload {
  const name = `docs.typists-${TYPING.typists}`;
  const units = {
    [`${name}.server`]: 'us/update',
    [`${name}.server.loop`]: 'us/update',
    [`${name}.server.first`]: 'us/update',
    [`${name}.server.last`]: 'us/update',
    [`${name}.client`]: '% of a core',
  };
  const run = async () => {
    const { server, close } = await startTernion();
    try {
      const usages: Promise<Usage>[] = [];
      const { share, typed } = await runLoad<{ share: number; typed: number[] }>(
        'doc-typists',
        { url: server.url, ...TYPING },
        () => usages.push(server.usage()),
      );
      const marks = await Promise.all(usages);
      const cost = (from: Usage, to: Usage, updates: number) => (to.cpuUs - from.cpuUs) / updates;
      const [begin, end] = [marks[0]!, marks.at(-1)!];
      const updates = typed.reduce((sum, count) => sum + count, 0);
      return {
        [`${name}.server`]: cost(begin, end, updates),
        [`${name}.server.loop`]: (end.loopUs - begin.loopUs) / updates,
        [`${name}.server.first`]: cost(begin, marks[1]!, typed[0]!),
        [`${name}.server.last`]: cost(marks.at(-2)!, end, typed.at(-1)!),
        [`${name}.client`]: share * 100,
      };
    } finally {
      await close();
    }
  };
  return { units, run, once: true };
}
