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

function checkRule(rule: Rule, mentions: readonly Mention[]): Finding[] {
  const held = mentions.find(({ id, test }) => test && id === rule.id);
  if (rule.planned && held) {
    return [error(rule, `[${rule.id}] has a test (${held.path}:${held.line}): take *planned* away`)];
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
