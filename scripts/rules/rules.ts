/** Every rule has a test or says that it is planned; every id that is named exists. */
import type { Finding } from '../finding.ts';
import type { Tree } from '../tree.ts';
import { type Mention, readMentions } from './mentions.ts';
import { type Rule, readRules } from './rule-list.ts';

export function checkRules(tree: Tree): Finding[] {
  const { rules, findings } = readRules(tree);
  const mentions = readMentions(tree);
  const unknown = mentions.filter(({ id }) => !rules.has(id));
  return [
    ...findings,
    ...unknown.map((mention) => error(mention, `docs/rules knows no [${mention.id}]`)),
    ...[...rules.values()].flatMap((rule) => checkRule(rule, mentions)),
  ];
}

/** How many rules have a test, for the closing line. */
export function countRules(tree: Tree): { held: number; planned: number } {
  const rules = [...readRules(tree).rules.values()];
  const planned = rules.filter((rule) => rule.planned).length;
  return { held: rules.length - planned, planned };
}

/** The pages without the `*planned*` of rules that have a test: path -> new text. */
export function mendRules(tree: Tree): Map<string, string> {
  const mentions = readMentions(tree);
  const mended = new Map<string, string>();
  for (const rule of readRules(tree).rules.values()) {
    if (!rule.planned || !heldBy(rule, mentions)) continue;
    const lines = (mended.get(rule.path) ?? tree.get(rule.path)!).split('\n');
    lines[rule.lastLine - 1] = lines[rule.lastLine - 1]!.replace(/ *\*planned\*\s*$/, '');
    mended.set(rule.path, lines.join('\n'));
  }
  return mended;
}

const heldBy = (rule: Rule, mentions: readonly Mention[]) =>
  mentions.find(({ id, test }) => test && id === rule.id);

function checkRule(rule: Rule, mentions: readonly Mention[]): Finding[] {
  const held = heldBy(rule, mentions);
  if (rule.planned && held) {
    return [
      error(
        rule,
        `[${rule.id}] has a test (${held.path}:${held.line}): take *planned* away (npm run fix does)`,
      ),
    ];
  }
  if (!rule.planned && !held) {
    return [
      error(
        rule,
        `[${rule.id}] has no test: write one whose title begins with it, or end the line with *planned*`,
      ),
    ];
  }
  return [];
}

const error = ({ path, line }: { path: string; line: number }, message: string): Finding => ({
  path,
  line,
  rule: 'rule-id',
  message,
  level: 'error',
});
