/** The names that a node declares for what is inside it, so that a local `process` is not taken for the global. */
import { childrenOf, isNode, type Node, nameOf } from './syntax.ts';

/** Names bound by a function's parameters, a catch, a loop's head, or the statements of a block or a file. */
export function namesBoundBy(node: Node): string[] {
  switch (node.type) {
    case 'Program':
    case 'BlockStatement':
      return nodesIn(node.body).flatMap(declared);
    case 'FunctionDeclaration':
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
      return [...nodesIn(node.params).flatMap(names), ...names(node.id)];
    case 'CatchClause':
      return names(node.param);
    case 'ForStatement':
      return isNode(node.init) ? declared(node.init) : [];
    case 'ForOfStatement':
    case 'ForInStatement':
      return isNode(node.left) ? declared(node.left) : [];
  }
  return [];
}

function declared(statement: Node): string[] {
  switch (statement.type) {
    case 'ExportNamedDeclaration':
      return isNode(statement.declaration) ? declared(statement.declaration) : [];
    case 'VariableDeclaration':
      return nodesIn(statement.declarations).flatMap((one) => names(one.id));
    case 'ImportDeclaration':
      return nodesIn(statement.specifiers).flatMap((one) => names(one.local));
    case 'FunctionDeclaration':
    case 'ClassDeclaration':
      return names(statement.id);
  }
  return [];
}

/** The names in a pattern: `{ a, b: [c = 1, ...d] }` binds a, c and d. */
function names(pattern: unknown): string[] {
  if (!isNode(pattern)) return [];
  const name = nameOf(pattern);
  if (name !== undefined) return [name];
  if (pattern.type === 'AssignmentPattern') return names(pattern.left);
  if (pattern.type === 'Property') return names(pattern.value);
  return [...childrenOf(pattern)].flatMap(([key, child]) => (key === 'typeAnnotation' ? [] : names(child)));
}

const nodesIn = (value: unknown): Node[] => (Array.isArray(value) ? value.filter(isNode) : []);
