/** Default exports, and state that belongs to a module instead of to an object that is made and closed. */
import type { Finding } from '../finding.ts';
import { isNode, lineAt, type Node, nameOf, type Source } from '../syntax.ts';
import { isProduct } from '../tree.ts';

export function checkStatements(source: Source): Finding[] {
  const { path, text, program } = source;
  const findings: Finding[] = [];
  const complain = (node: Node, rule: string, message: string) =>
    findings.push({ path, line: lineAt(text, node.start), rule, message, level: 'error' });
  for (const statement of Array.isArray(program.body) ? program.body.filter(isNode) : []) {
    if (statement.type === 'ExportDefaultDeclaration')
      complain(statement, 'default-export', 'name what you export');
    const exported = statement.type === 'ExportNamedDeclaration' && isNode(statement.declaration);
    const inner = exported ? (statement.declaration as Node) : statement;
    if (!isProduct(path) || inner.type !== 'VariableDeclaration' || inner.declare === true) continue;
    if (inner.kind !== 'const')
      complain(inner, 'module-state', `a top-level ${inner.kind} is state of the module`);
    for (const one of Array.isArray(inner.declarations) ? inner.declarations.filter(isNode) : []) {
      const made = emptyCollection(one);
      if (made)
        complain(one, 'module-state', `an empty ${made} at top level can only be state of the module`);
    }
  }
  return findings;
}

const COLLECTIONS = new Set(['Map', 'Set', 'WeakMap', 'WeakSet']);

/** `const x = new Map()`, unless its type is another one, such as ReadonlyMap: then it stays empty. */
function emptyCollection(declarator: Node): string | undefined {
  const { id, init } = declarator;
  if (!isNode(init) || init.type !== 'NewExpression') return undefined;
  const name = nameOf(init.callee);
  if (name === undefined || !COLLECTIONS.has(name)) return undefined;
  if (!Array.isArray(init.arguments) || init.arguments.length > 0) return undefined;
  const annotation = isNode(id) && isNode(id.typeAnnotation) ? id.typeAnnotation.typeAnnotation : undefined;
  const typeName = isNode(annotation) ? nameOf(annotation.typeName) : undefined;
  return annotation === undefined || COLLECTIONS.has(typeName ?? '') ? name : undefined;
}
