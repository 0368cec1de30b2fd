/**
 * Source text as a syntax tree, by the parser that Vite brings (TypeScript 7 has no stable API).
 * Nodes are ESTree with TypeScript nodes; the checks look at `type` and walk the rest without knowing it.
 */
import { parseSync } from 'vite';

export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

export interface Source {
  readonly path: string;
  readonly text: string;
  readonly program: Node;
  readonly comments: readonly { readonly value: string; readonly start: number }[];
}

/** Throws when the file does not parse. */
export function parseSource(path: string, text: string): Source {
  const { program, comments, errors } = parseSync(path, text);
  const error = errors[0];
  if (error) throw new SyntaxError(`${path}: ${error.message}`);
  if (!isNode(program)) throw new SyntaxError(`${path}: not a program`);
  return { path, text, program, comments };
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

/** The children of a node in the order of their keys. */
export function* childrenOf(node: Node): Generator<[key: string, child: Node]> {
  for (const key in node) {
    const value = node[key];
    if (isNode(value)) yield [key, value];
    else if (Array.isArray(value)) for (const item of value) if (isNode(item)) yield [key, item];
  }
}

/** Every node of the tree, outer ones first. */
export function* nodesOf(root: Node): Generator<Node> {
  yield root;
  for (const [, child] of childrenOf(root)) yield* nodesOf(child);
}

/** The text of a string literal, or of a template up to its first hole; undefined for anything else. */
export function textOf(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : undefined;
  if (node.type !== 'TemplateLiteral' || !Array.isArray(node.quasis)) return undefined;
  const value: unknown = node.quasis[0]?.value?.cooked;
  return typeof value === 'string' ? value : undefined;
}

export function nameOf(node: unknown): string | undefined {
  return isNode(node) && node.type === 'Identifier' && typeof node.name === 'string' ? node.name : undefined;
}

export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let i = text.indexOf('\n'); i !== -1 && i < offset; i = text.indexOf('\n', i + 1)) line++;
  return line;
}
