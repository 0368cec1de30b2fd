/**
 * Reads docs/rules/*.md. A rule is one list item, `- [L1] text`, that may go on over indented lines;
 * `*planned*` at its end says that no test holds it yet.
 */
import type { Finding } from '../finding.ts';
import type { Tree } from '../tree.ts';

export interface Rule {
  readonly id: string;
  readonly planned: boolean;
  readonly path: string;
  readonly line: number;
  /** Where the text ends, and `*planned*` stands if it does. */
  readonly lastLine: number;
}

export function readRules(tree: Tree): { rules: Map<string, Rule>; findings: Finding[] } {
  const rules = new Map<string, Rule>();
  const findings: Finding[] = [];
  for (const [path, text] of tree) {
    if (!/^docs\/rules\/[^/]+\.md$/.test(path)) continue;
    for (const rule of rulesOf(path, text)) {
      const other = rules.get(rule.id);
      if (other === undefined) {
        rules.set(rule.id, rule);
      } else {
        const message = `${rule.id} stands at ${other.path}:${other.line} already; an id is never used twice`;
        findings.push({ path, line: rule.line, rule: 'rule-id', message, level: 'error' });
      }
    }
  }
  return { rules, findings };
}

function rulesOf(path: string, text: string): Rule[] {
  const lines = text.split('\n');
  return lines.flatMap((first, index) => {
    const id = /^- \[([A-Z]\d+)\] /.exec(first)?.[1];
    if (id === undefined) return [];
    let last = index;
    while (/^\s+\S/.test(lines[last + 1] ?? '')) last++;
    return [
      { id, planned: /\*planned\*$/.test(lines[last]!.trimEnd()), path, line: index + 1, lastLine: last + 1 },
    ];
  });
}
