/** A small house for tests: a table, a manifest, and whatever files a test adds. */
import type { Tree } from '../tree.ts';
import type { Allowed } from './allow.ts';
import { checkHouse } from './house.ts';

const TABLE = `# The house
\`\`\`text rooms
base          ->
store         -> base
server        -> base store
client        -> base
jobs search   -> base store
studio        -> base
studio/ui     -> base client
cli           -> base server
index         -> base
shards/core   -> base
crdt/server   -> base
\`\`\`
\`\`\`text platforms
free          -> base shards/core
browser       -> client studio/ui
\`\`\`
`;

const MANIFEST = JSON.stringify({
  exports: {
    '.': { 'ternion-source': './src/index.ts' },
    './server': { 'ternion-source': './src/server/index.ts' },
  },
  dependencies: { ws: '1', idb: '1', msgpackr: '1', lodash: '1' },
  peerDependencies: { 'loro-crdt': '1' },
});

function tree(files: Record<string, string>): Tree {
  return new Map(Object.entries({ 'docs/architecture.md': TABLE, 'package.json': MANIFEST, ...files }));
}

/** `path:line rule` of each finding. */
export function check(files: Record<string, string>, allowed: Allowed[] = []): string[] {
  return checkHouse(tree(files), allowed).map(({ path, line, rule, level }) =>
    level === 'error' ? `${path}:${line} ${rule}` : `${path}:${line} ${rule} (${level})`,
  );
}

export const messages = (files: Record<string, string>) =>
  checkHouse(tree(files), []).map(({ message }) => message);
