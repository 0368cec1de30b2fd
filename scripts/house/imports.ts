/** What a file imports, in every form the language has; and the check of it against the table of rooms. */
import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import type { Finding } from '../finding.ts';
import { lineAt, type Node, nodesOf, type Source, textOf } from '../syntax.ts';
import { isProduct } from '../tree.ts';
import { placeOf } from './packages.ts';
import { type Rooms, roomOf } from './rooms.ts';

export interface Import {
  readonly specifier: string;
  readonly line: number;
  /** `url` is `new URL('./x.ts', import.meta.url)`: another thread's entry, not part of this module's graph. */
  readonly kind: 'module' | 'url';
  /** The file within the project, for a relative specifier. */
  readonly target: string | undefined;
}

export function importsOf(source: Source): Import[] {
  const imports: Import[] = [];
  const add = (node: Node, specifier: string | undefined, kind: Import['kind']) => {
    if (specifier === undefined) return;
    const relative = specifier.startsWith('.') && !specifier.includes('?');
    const target = relative ? posix.join(posix.dirname(source.path), specifier) : undefined;
    imports.push({ specifier, line: lineAt(source.text, node.start), kind, target });
  };
  for (const node of nodesOf(source.program)) {
    switch (node.type) {
      case 'ImportDeclaration':
      case 'ExportAllDeclaration':
      case 'ExportNamedDeclaration':
      case 'ImportExpression':
      case 'TSImportType':
        add(node, textOf(node.source), 'module');
        break;
      case 'NewExpression': {
        const [first, second] = Array.isArray(node.arguments) ? node.arguments : [];
        const local = source.text.slice(second?.start, second?.end) === 'import.meta.url';
        if (local && /\.tsx?$/.test(textOf(first) ?? '')) add(node, textOf(first), 'url');
        break;
      }
    }
  }
  return imports;
}

const BUILTIN = new Set(builtinModules.flatMap((name) => [name, `node:${name}`]));

/** Rooms, platforms and packages. `dependencies` are the names that package.json lets users install. */
export function checkImports(source: Source, rooms: Rooms, dependencies: ReadonlySet<string>): Finding[] {
  if (!isProduct(source.path)) return [];
  const room = roomOf(source.path, rooms);
  if (room === undefined) {
    const message = 'this folder is no room: add a line to the table in docs/architecture.md';
    return [{ path: source.path, line: 0, rule: 'room', message, level: 'error' }];
  }
  const platform = rooms.platforms.get(room)!;
  return importsOf(source).flatMap((found): Finding[] => {
    const complain = (message: string): Finding[] => [
      { path: source.path, line: found.line, rule: 'import', message, level: 'error' },
    ];
    const { specifier, target } = found;
    if (target !== undefined) {
      const other = isProduct(target) ? roomOf(target, rooms) : undefined;
      if (other === undefined) return complain(`${specifier} is outside the rooms`);
      if (other !== room && !rooms.allowed.get(room)!.has(other))
        return complain(`${room} may not import ${other}`);
      if (/\/index\.tsx?$/.test(target)) return complain(`import the file itself, not ${specifier}`);
      return [];
    }
    if (BUILTIN.has(specifier) || specifier.startsWith('node:')) {
      if (platform !== 'node') return complain(`${room} runs in browsers and may not import ${specifier}`);
      return specifier.startsWith('node:') ? [] : complain(`write node:${specifier}`);
    }
    const name = specifier
      .split('/')
      .slice(0, specifier.startsWith('@') ? 2 : 1)
      .join('/');
    if (name === 'ternion') return complain('inside the package, import the file itself');
    if (!dependencies.has(name)) return complain(`${name} is no dependency of users: see package.json`);
    const place = placeOf(name);
    if (place === undefined)
      return complain(`say in scripts/house/packages.ts where ${name} may be imported`);
    return place(room, platform) ? [] : complain(`${room} may not import the package ${name}`);
  });
}
