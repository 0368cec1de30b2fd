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
      const cpu = (await Promise.all(usages)).map(({ cpuUs }) => cpuUs);
      const cost = typed.map((updates, i) => (cpu[i + 1]! - cpu[i]!) / updates);
      return {
        [`${name}.server`]: (cpu.at(-1)! - cpu[0]!) / typed.reduce((sum, updates) => sum + updates, 0),
        [`${name}.server.first`]: cost[0]!,
        [`${name}.server.last`]: cost.at(-1)!,
        [`${name}.client`]: share * 100,
      };
    } finally {
      await close();
    }
  };
  return { units, run, once: true };
}
