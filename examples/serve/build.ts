/**
 * Builds the web side of an example when it is missing or older than its sources. What it was made of is
 * remembered as one hash of all files that can matter, so a checkout or a pull is noticed and a touch is not.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { build } from 'vite';
import { ROOT, type Site, viteConfig } from './site.ts';

const STAMP = '.sources';
const SHARED = ['src', 'shards', 'crdt', 'examples/serve'];

/** True when there was something to do. */
export async function buildIfStale(site: Site, announce: () => void): Promise<boolean> {
  const hash = await hashOf([...SHARED, `examples/${site.name}`]);
  const stamp = `${site.builtFolder}/${STAMP}`;
  const built = await readFile(stamp, 'utf8').catch(() => '');
  if (built === hash) return false;
  announce();
  await build({
    ...viteConfig(site),
    mode: 'production',
    logLevel: 'warn',
    build: { outDir: site.builtFolder, emptyOutDir: true, target: 'es2023', chunkSizeWarningLimit: 4096 },
  });
  await writeFile(stamp, hash);
  return true;
}

async function hashOf(folders: readonly string[]): Promise<string> {
  const lists = await Promise.all(folders.map(filesIn));
  const paths = [...lists.flat(), 'package-lock.json'].sort();
  const hash = createHash('sha256');
  for (const path of paths)
    hash
      .update(`${path}\0`)
      .update(await readFile(`${ROOT}${path}`))
      .update('\0');
  return hash.digest('hex');
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(`${ROOT}${folder}`, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !/\.test\.tsx?$/.test(entry.name))
    .map((entry) => `${entry.parentPath.slice(ROOT.length)}/${entry.name}`);
}
