/** All checks of the house over a tree of files. Pure: scripts/check-house.ts reads the disk and prints. */
import type { Finding } from '../finding.ts';
import { parseSource, type Source } from '../syntax.ts';
import type { Tree } from '../tree.ts';
import type { Allowed } from './allow.ts';
import { checkAmbient } from './ambient.ts';
import { checkCycles } from './cycles.ts';
import { checkIndex, checkLength, checkName, readManifest } from './files.ts';
import { checkImports, importsOf } from './imports.ts';
import { parseRooms } from './rooms.ts';
import { checkStatements } from './statements.ts';

export const TABLE = 'docs/architecture.md';

export function checkHouse(tree: Tree, allowed: readonly Allowed[]): Finding[] {
  const rooms = parseRooms(tree.get(TABLE) ?? '');
  const { exported, dependencies } = readManifest(tree);
  const findings: Finding[] = [];
  const graph = new Map<string, Set<string>>();
  for (const [path, text] of tree) {
    if (!/\.tsx?$/.test(path)) continue;
    findings.push(...checkLength(path, text), ...checkName(path), ...checkIndex(path, exported));
    let source: Source;
    try {
      source = parseSource(path, text);
    } catch (error) {
      findings.push({ path, line: 0, rule: 'syntax', message: String(error), level: 'error' });
      continue;
    }
    findings.push(
      ...checkImports(source, rooms, dependencies),
      ...checkAmbient(source),
      ...checkStatements(source),
    );
    const targets = importsOf(source).flatMap(({ kind, target }) =>
      kind === 'module' && target !== undefined && tree.has(target) ? [target] : [],
    );
    graph.set(path, new Set(targets));
  }
  findings.push(...checkCycles(graph));
  return excuse(findings, allowed, tree);
}

function excuse(findings: readonly Finding[], allowed: readonly Allowed[], tree: Tree): Finding[] {
  const matches = (finding: Finding, entry: Allowed) =>
    finding.path === entry.path && finding.rule === entry.rule;
  const left = findings.filter((finding) => !allowed.some((entry) => matches(finding, entry)));
  for (const entry of allowed) {
    if (!tree.has(entry.path) || findings.some((finding) => matches(finding, entry))) continue;
    const message = `scripts/house/allow.ts excuses "${entry.rule}" here, but nothing needs it`;
    left.push({ path: entry.path, line: 0, rule: 'allow', message, level: 'error' });
  }
  return left.sort((a, b) => (a.path === b.path ? a.line - b.line : a.path < b.path ? -1 : 1));
}
