/** What can be known at start: an expression that names an unknown field or gives a function wrong arguments. */
import { Fault } from '../base/fault.ts';
import type { AnyEntity } from '../schema/define-schema.ts';
import { type Expression, walk } from './expression.ts';

const AUTH_FIELDS: ReadonlySet<string> = new Set(['userId', 'kind', 'name']);

/** Throws Fault `invalid` that names the column. `allowExisting` is true for updates alone. */
export function checkExpression(expression: Expression, entity: AnyEntity, allowExisting: boolean): void {
  walk(expression, (e) => {
    const fail = (message: string): never => {
      throw new Fault('invalid', `${message} at column ${e.at}, in a policy of ${entity.name}`, {
        column: e.at,
      });
    };
    if (e.kind === 'path') {
      if (e.scope === 'input') fail('input.* belongs to functions');
      if (e.scope === 'existing' && !allowExisting) fail('existing.* is only known in allowUpdate');
      const known =
        e.scope === 'auth'
          ? AUTH_FIELDS.has(e.name)
          : e.name === 'id' || Object.hasOwn(entity.fields, e.name);
      if (!known) fail(`unknown ${e.scope === 'auth' ? 'name' : 'field'} ${e.scope}.${e.name}`);
    }
    if (e.kind === 'call') {
      const count = e.name === 'startsWith' ? 2 : 1;
      if (e.args.length < count || (e.name !== 'auth.hasAnyRole' && e.args.length > count)) {
        fail(`${e.name} takes ${count === 1 ? 'one argument' : `${count} arguments`}`);
      }
    }
  });
}
