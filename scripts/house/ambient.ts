/**
 * Time, chance, timers, output and settings that a file takes from its surroundings instead of from Env or
 * its arguments. Only `*-env.ts` may touch the first four, only server/config*.ts reads `process.env`.
 */
import type { Finding } from '../finding.ts';
import { namesBoundBy } from '../scope.ts';
import { childrenOf, isNode, lineAt, type Node, nameOf, type Source, textOf } from '../syntax.ts';
import { isProduct } from '../tree.ts';

type Rule = 'ambient' | 'console' | 'process-env';

const GLOBALS = new Set(['globalThis', 'window', 'self', 'global']);
const CALLS = new Set(['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask']);
/** `*` stands for any member. */
const MEMBERS: Record<string, readonly string[]> = {
  Date: ['now'],
  Math: ['random'],
  performance: ['*'],
  crypto: ['getRandomValues', 'randomUUID', 'randomBytes', 'randomInt', 'randomFillSync'],
  AbortSignal: ['timeout'],
  process: ['hrtime', 'nextTick', 'uptime'],
};
/** What may not be imported; `*` stands for any name. */
const IMPORTS: Record<string, readonly string[]> = {
  'node:crypto': [
    'randomBytes',
    'randomUUID',
    'randomInt',
    'randomFill',
    'randomFillSync',
    'getRandomValues',
  ],
  'node:timers': ['*'],
  'node:timers/promises': ['*'],
  'node:perf_hooks': ['*'],
};

export function checkAmbient(source: Source): Finding[] {
  const { path, text } = source;
  if (!isProduct(path)) return [];
  const isEnv = /-env\.tsx?$/.test(path);
  const free: Record<Rule, boolean> = {
    ambient: isEnv,
    console: isEnv || path.startsWith('src/cli/'),
    'process-env': /^src\/server\/config[^/]*\.ts$/.test(path),
  };
  const advice: Record<Rule, string> = {
    ambient: 'take it from Env',
    console: 'use Env.log',
    'process-env': 'take it from the config',
  };
  const findings: Finding[] = [];
  const complain = (node: Node, name: string, rule: Rule) => {
    if (free[rule]) return;
    const message = `${name}: ${advice[rule]}`;
    findings.push({ path, line: lineAt(text, node.start), rule, message, level: 'error' });
  };
  walkValues(source.program, NOTHING, (node, bound) => {
    const taken = bound.has(rootOf(node) ?? '') ? undefined : takenBy(node);
    if (taken) complain(node, ...taken);
  });
  return findings;
}

function takenBy(node: Node): [name: string, rule: Rule] | undefined {
  switch (node.type) {
    case 'Identifier': {
      const name = nameOf(node)!;
      return CALLS.has(name) ? [name, 'ambient'] : name === 'console' ? [name, 'console'] : undefined;
    }
    case 'MemberExpression':
      return takenMember(node);
    case 'NewExpression':
    case 'CallExpression': {
      if (globalName(node.callee) !== 'Date') return undefined;
      const bare =
        node.type === 'CallExpression' || (Array.isArray(node.arguments) && node.arguments.length === 0);
      return bare ? ['new Date()', 'ambient'] : undefined;
    }
    case 'ImportDeclaration':
      return takenImport(node);
  }
  return undefined;
}

function takenMember(node: Node): [name: string, rule: Rule] | undefined {
  const object = globalName(node.object);
  const property = node.computed === true ? textOf(node.property) : nameOf(node.property);
  if (object === undefined || property === undefined) return undefined;
  if (GLOBALS.has(object)) {
    return CALLS.has(property)
      ? [property, 'ambient']
      : property === 'console'
        ? [property, 'console']
        : undefined;
  }
  if (object === 'process' && property === 'env') return ['process.env', 'process-env'];
  const members = Object.hasOwn(MEMBERS, object) ? MEMBERS[object]! : [];
  return members.includes(property) || members.includes('*')
    ? [`${object}.${property}`, 'ambient']
    : undefined;
}

function takenImport(node: Node): [name: string, rule: Rule] | undefined {
  const from = textOf(node.source) ?? '';
  const specifiers = Array.isArray(node.specifiers) ? node.specifiers.filter(isNode) : [];
  const names = specifiers.map((specifier) => nameOf(specifier.imported));
  if (from === 'node:process' && names.includes('env')) return ['process.env', 'process-env'];
  const banned = Object.hasOwn(IMPORTS, from) ? IMPORTS[from]! : [];
  const hit = banned.includes('*') ? '*' : names.find((name) => name !== undefined && banned.includes(name));
  return hit === undefined ? undefined : [`${hit} of ${from}`, 'ambient'];
}

/** `Date` for `Date` and for `globalThis.Date`. */
function globalName(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  if (node.type === 'MemberExpression' && GLOBALS.has(nameOf(node.object) ?? ''))
    return nameOf(node.property);
  return nameOf(node);
}

/** The name that an expression begins with: `process` for `process.env`, `Date` for `new Date()`. */
function rootOf(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  if (node.type === 'MemberExpression') return rootOf(node.object);
  if (node.type === 'NewExpression' || node.type === 'CallExpression') return rootOf(node.callee);
  return nameOf(node);
}

type Visit = (node: Node, bound: ReadonlySet<string>) => void;

/** Visits expressions only: no types, and no names that are keys rather than references. */
function walkValues(node: Node, outer: ReadonlySet<string>, visit: Visit): void {
  const names = namesBoundBy(node);
  const bound = names.length === 0 ? outer : new Set([...outer, ...names]);
  visit(node, bound);
  for (const [key, child] of childrenOf(node)) {
    if (NO_VALUES.has(key) || TYPE_NODES.has(child.type)) continue;
    const isKey =
      (key === 'property' || key === 'key') && node.computed !== true && child.type === 'Identifier';
    if (!isKey) walkValues(child, bound, visit);
  }
}

const NOTHING: ReadonlySet<string> = new Set();
const NO_VALUES = new Set(['typeAnnotation', 'typeArguments', 'typeParameters', 'returnType', 'imported']);
const TYPE_NODES = new Set(['TSTypeAliasDeclaration', 'TSInterfaceDeclaration', 'TSDeclareFunction']);
