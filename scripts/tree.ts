/** The project's text files as a map, so that every check is a pure function and its tests need no disk. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Path from the root of the project, with `/` -> text. */
export type Tree = ReadonlyMap<string, string>;

const FOLDERS = ['src', 'shards', 'crdt', 'examples', 'bench', 'test', 'scripts', 'docs'];
const SKIPPED = new Set(['node_modules', 'dist', 'peers']);
const TEXT = /\.(ts|tsx|md)$/;

export function readTree(root: string): Tree {
  const tree = new Map<string, string>();
  const walk = (folder: string) => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory() && !SKIPPED.has(entry.name)) walk(path);
      else if (entry.isFile() && TEXT.test(entry.name))
        tree.set(path, readFileSync(join(root, path), 'utf8'));
    }
  };
  for (const folder of FOLDERS) if (existsSync(join(root, folder))) walk(folder);
  tree.set('package.json', readFileSync(join(root, 'package.json'), 'utf8'));
  return tree;
}

/** Tests, and the kits in a room's own `testing/` folder. (`src/testing` is a room: users have it too.) */
export const isTest = (path: string): boolean =>
  path.startsWith('test/') || /\.test\.tsx?$/.test(path) || /^(src|shards|crdt)\/[^/]+\/testing\//.test(path);

/** Code that users run: the rooms, without their tests. */
export const isProduct = (path: string): boolean =>
  /^(src|shards|crdt)\/.*\.tsx?$/.test(path) && !isTest(path);
