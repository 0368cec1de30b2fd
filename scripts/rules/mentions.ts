/** Rule ids in source: at the beginning of test titles (which claims that the rule is held), and in comments. */
import { lineAt, nodesOf, parseSource, textOf } from '../syntax.ts';
import { isProduct, isTest, type Tree } from '../tree.ts';

export interface Mention {
  readonly id: string;
  readonly path: string;
  readonly line: number;
  /** A test's title; else a comment. */
  readonly test: boolean;
}

/** Titles are the first argument of any call, so `simulate`, `test.each` and suites of one's own count. */
export function readMentions(tree: Tree): Mention[] {
  const mentions: Mention[] = [];
  for (const [path, text] of tree) {
    // The tests of the scripts hold no rule; the titles in them are examples.
    if (!/\.tsx?$/.test(path) || path.startsWith('scripts/') || !(isTest(path) || isProduct(path))) continue;
    if (!/\[[A-Z]\d+\]/.test(text)) continue;
    const { program, comments } = parseSource(path, text);
    for (const comment of comments) {
      for (const match of comment.value.matchAll(/\[([LSQPDTN]\d+)\]/g)) {
        mentions.push({ id: match[1]!, path, line: lineAt(text, comment.start + match.index), test: false });
      }
    }
    if (!isTest(path)) continue;
    for (const node of nodesOf(program)) {
      if (node.type !== 'CallExpression' || !Array.isArray(node.arguments)) continue;
      for (const id of idsOf(textOf(node.arguments[0]) ?? '')) {
        mentions.push({ id, path, line: lineAt(text, node.start), test: true });
      }
    }
  }
  return mentions;
}

/** `[L1] [L3] title` -> L1, L3. */
export function idsOf(title: string): string[] {
  const head = /^(\[[A-Z]\d+\]\s*)+/.exec(title)?.[0] ?? '';
  return [...head.matchAll(/\[([A-Z]\d+)\]/g)].map((match) => match[1]!);
}
