/**
 * Servers of documents for a workload: ours and those of the peers that are installed, each a process of its
 * own, started when first needed and kept for all runs of the workload.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChildServer } from './child-server.ts';
import type { DocsServerOptions } from './docs-server.ts';
import { type DocSystemName, installedDocPeers, peerServerFile } from './open-doc-system.ts';

const MEMORY = '/dev/shm';
/** Each run takes a document of its own. */
const PAGES = 64;

/** Ours, and those of the peers that are installed; `memory`: ours without a disk too, where there is such a place. */
export function docSystems({ memory = false } = {}): DocSystemName[] {
  const inMemory = memory && existsSync(MEMORY) ? (['ternion-memory'] as const) : [];
  return ['ternion', ...inMemory, ...installedDocPeers()];
}

/** Our server on a new database, or on that of `options.folder`, which is then left there. */
export async function startTernion(
  options: Partial<DocsServerOptions> & { readonly parent?: string } = {},
  nodeArgs: readonly string[] = [],
): Promise<{ server: ChildServer; close(): Promise<void> }> {
  const { parent = tmpdir(), folder = mkdtempSync(join(parent, 'ternion-bench-')), ...rest } = options;
  const file = join(import.meta.dirname, 'docs-server.ts');
  const remove = () => {
    if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
  };
  try {
    const server = await ChildServer.start(file, { pages: PAGES, ...rest, folder }, nodeArgs);
    return { server, close: () => server.close().finally(remove) };
  } catch (error) {
    remove();
    throw error;
  }
}

export class DocServers {
  readonly #started = new Map<DocSystemName, Promise<{ server: ChildServer; close(): Promise<void> }>>();

  async of(name: DocSystemName): Promise<ChildServer> {
    const started = this.#started.get(name) ?? start(name);
    this.#started.set(name, started);
    return (await started).server;
  }

  async close(): Promise<void> {
    const all = await Promise.allSettled(this.#started.values());
    for (const result of all) if (result.status === 'fulfilled') await result.value.close();
  }
}

async function start(name: DocSystemName) {
  if (name === 'ternion') return startTernion();
  if (name === 'ternion-memory') return startTernion({ parent: MEMORY });
  // automerge-repo asks for timeouts in the past, and Node would say so in the middle of the table.
  const server = await ChildServer.start(peerServerFile(name), {}, [
    '--disable-warning=TimeoutNegativeWarning',
  ]);
  return { server, close: () => server.close() };
}
