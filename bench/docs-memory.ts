/** What open documents weigh, and whether released ones are gone: RSS of our server, after garbage collections. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTernion } from './doc-servers.ts';
import type { Workload } from './figure.ts';
import { runLoad } from './load.ts';
import type { Usage } from './serve.ts';

const IDLE = 1000;
const RELEASED = 10_000;
/** Beyond those: documents that warm the server up. */
const SPARE = 50;
const MB = 1 << 20;

/** RSS at each point that the load names, of a server that did nothing else on these documents. */
async function rss(task: 'hold' | 'release', documents: number, passes: number): Promise<number[]> {
  const folder = mkdtempSync(join(tmpdir(), 'ternion-bench-'));
  const options = { folder, pages: documents + SPARE };
  try {
    const filling = await startTernion(options);
    await runLoad('doc-many', { url: filling.server.url, task: 'fill', documents: options.pages, passes: 1 });
    await filling.close();
    const { server, close } = await startTernion(
      { ...options, ...(task === 'release' && { lingerMs: 100 }) },
      ['--expose-gc'],
    );
    try {
      const usages: Promise<Usage>[] = [];
      const load = { url: server.url, task, documents, passes };
      await runLoad('doc-many', load, () => usages.push(server.usage()));
      return (await Promise.all(usages)).map((usage) => usage.rss / MB);
    } finally {
      await close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function idle(): Workload {
  const name = `docs.idle-${IDLE}.rss`;
  const run = async () => {
    const [before, after] = await rss('hold', IDLE, 1);
    return { [name]: after! - before! };
  };
  return { units: { [name]: 'MB' }, run, once: true };
}

/** Three passes: what the first adds is pools that are filled, the others show whether it stays so. */
export function released(): Workload {
  const name = `docs.released-${RELEASED}.rss`;
  const run = async () => {
    const [before, first, second, third] = await rss('release', RELEASED, 3);
    return {
      [`${name}.first`]: first! - before!,
      [`${name}.second`]: second! - first!,
      [`${name}.third`]: third! - second!,
    };
  };
  const units = { [`${name}.first`]: 'MB', [`${name}.second`]: 'MB more', [`${name}.third`]: 'MB more' };
  return { units, run, once: true };
}
