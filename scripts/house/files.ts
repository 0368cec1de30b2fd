/** Length and names of files. */
import { posix } from 'node:path';
import type { Finding } from '../finding.ts';
import { isProduct, type Tree } from '../tree.ts';

export const WARN_LINES = 300;
export const MAX_LINES = 500;

const VAGUE = /^(.*-)?(utils?|helpers?|common|types|manager|service)$/;

export function checkLength(path: string, text: string): Finding[] {
  const lines = text.replace(/\n$/, '').split('\n').length;
  const finding = { path, line: 0, rule: 'length' } as const;
  if (lines > MAX_LINES)
    return [{ ...finding, level: 'error', message: `${lines} lines, at most ${MAX_LINES}` }];
  if (lines > WARN_LINES)
    return [{ ...finding, level: 'warning', message: `${lines} lines: is it two things?` }];
  return [];
}

/** Names that say nothing: of any file, and of the folders of rooms. */
export function checkName(path: string): Finding[] {
  const parts = path.replace(/(\.[a-z]+)+$/, '').split('/');
  const vague = (isProduct(path) ? parts : parts.slice(-1)).find((part) => VAGUE.test(part));
  if (vague === undefined) return [];
  const message = `"${vague}" says nothing: name it after the noun or verb that it holds`;
  return [{ path, line: 0, rule: 'name', message, level: 'error' }];
}

/** An index.ts stands only where package.json `exports` points. */
export function checkIndex(path: string, exported: ReadonlySet<string>): Finding[] {
  if (!isProduct(path) || !/^index\.tsx?$/.test(posix.basename(path)) || exported.has(path)) return [];
  return [
    {
      path,
      line: 0,
      rule: 'index',
      message: 'an index.ts that package.json does not export',
      level: 'error',
    },
  ];
}

interface Manifest {
  exports: Record<string, string | Record<string, string>>;
  dependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
}

/** Source files that `exports` points at, and the packages that come with or beside this one. */
export function readManifest(tree: Tree): { exported: Set<string>; dependencies: Set<string> } {
  const manifest: Manifest = JSON.parse(tree.get('package.json') ?? '{"exports":{}}');
  const sources = Object.values(manifest.exports).flatMap((entry) =>
    typeof entry === 'object' && entry['ternion-source'] ? [posix.normalize(entry['ternion-source'])] : [],
  );
  const dependencies = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
  return { exported: new Set(sources), dependencies: new Set(dependencies) };
}
