/**
 * What can be known at start: names that do not exist, types that do not fit, and in a read policy what SQL
 * cannot say. Such an expression could only deny, or say something else than it seems to. [P1] [P2]
 */
import { Fault } from '../base/fault.ts';
import type { AnyEntity } from '../schema/define-schema.ts';
import { type Expression, readsRow } from './expression.ts';
import { fieldType, type ValueType } from './value-type.ts';

type Of<K extends Expression['kind']> = Extract<Expression, { kind: K }>;

const AUTH_FIELDS: ReadonlySet<string> = new Set(['userId', 'kind', 'name']);

export type Clause = 'allowRead' | 'allowInsert' | 'allowUpdate' | 'allowDelete';

/** Throws Fault `invalid` that names the column. */
export function checkExpression(expression: Expression, entity: AnyEntity, clause: Clause): void {
  new Check(entity, clause).boolean(expression, 'a policy');
}

class Check {
  readonly #entity: AnyEntity;
  readonly #clause: Clause;

  constructor(entity: AnyEntity, clause: Clause) {
    this.#entity = entity;
    this.#clause = clause;
  }

  boolean(e: Expression, what: string): void {
    const type = this.#type(e);
    if (type === 'json') this.#fail(e, `${what} takes true or false: compare the json field with one`);
    if (type !== 'boolean') this.#fail(e, `${what} takes true or false, not ${type}`);
  }

  #type(e: Expression): ValueType {
    switch (e.kind) {
      case 'literal':
        return e.value === null
          ? 'null'
          : typeof e.value === 'string'
            ? 'text'
            : (typeof e.value as ValueType);
      case 'now':
        return 'number';
      case 'path':
        return this.#path(e);
      case 'list':
        for (const item of e.items) this.#type(item);
        return 'list';
      case 'not':
        this.boolean(e.operand, '!');
        return 'boolean';
      case 'and':
      case 'or':
        this.boolean(e.left, e.kind === 'and' ? '&&' : '||');
        this.boolean(e.right, e.kind === 'and' ? '&&' : '||');
        return 'boolean';
      case 'compare':
        if (e.op === '==' || e.op === '!=') this.#equality(e);
        else if (e.op === 'in') this.#membership(e);
        else this.#order(e);
        return 'boolean';
      case 'call':
        this.#call(e);
        return 'boolean';
    }
  }

  #path(e: Of<'path'>): ValueType {
    const { scope, name } = e;
    if (scope === 'input') this.#fail(e, 'input.* belongs to functions');
    if (scope === 'auth') return AUTH_FIELDS.has(name) ? 'text' : this.#fail(e, `unknown name auth.${name}`);
    if (scope === 'existing' && this.#clause !== 'allowUpdate')
      this.#fail(e, 'existing.* is only known in allowUpdate');
    const type = fieldType(this.#entity, name);
    if (type) return type;
    const known = Object.hasOwn(this.#entity.fields, name);
    return this.#fail(
      e,
      known ? `${scope}.${name} is of bytes, which no policy can compare` : `unknown field ${scope}.${name}`,
    );
  }

  #equality(e: Of<'compare'>): void {
    const [left, right] = [this.#type(e.left), this.#type(e.right)];
    this.#comparable(e, left, right);
    if (left === 'json') this.#fixedInSql(e, e.right);
    if (right === 'json') this.#fixedInSql(e, e.left);
    this.#known(e.left, e.right);
    this.#known(e.right, e.left);
  }

  #membership(e: Of<'compare'>): void {
    const [left, right] = [this.#type(e.left), this.#type(e.right)];
    if (left === 'null' || left === 'list') this.#fail(e, `${left} is in no list`);
    if (right === 'json') {
      if (left !== 'text') this.#fixedInSql(e, e.left);
      return;
    }
    if (e.right.kind !== 'list') return this.#fail(e, `in takes a list, not ${right}`);
    for (const item of e.right.items) {
      this.#comparable(item, left, this.#type(item));
      if (left === 'json') this.#fixedInSql(e, item);
      if (this.#type(item) === 'json') this.#fixedInSql(item, e.left);
      this.#known(e.left, item);
    }
  }

  #order(e: Of<'compare'>): void {
    const [left, right] = [this.#type(e.left), this.#type(e.right)];
    for (const type of [left, right]) {
      if (type !== 'number' && type !== 'text') this.#fail(e, `${type} has no order`);
    }
    if (left !== right) this.#fail(e, `cannot compare ${left} with ${right}`);
  }

  #call(e: Of<'call'>): void {
    const count = e.name === 'startsWith' ? 2 : 1;
    if (e.args.length < count || (e.name !== 'auth.hasAnyRole' && e.args.length > count)) {
      this.#fail(e, `${e.name} takes ${count === 1 ? 'one argument' : `${count} arguments`}`);
    }
    for (const arg of e.args) {
      const type = this.#type(arg);
      if (type !== 'text') this.#fail(arg, `${e.name} takes text, not ${type}`);
    }
  }

  #comparable(e: Expression, left: ValueType, right: ValueType): void {
    const open = (type: ValueType) => type === 'null' || type === 'json';
    const lists = left === 'list' && right === 'list';
    if (lists || (left !== right && !open(left) && !open(right)))
      this.#fail(e, `cannot compare ${left} with ${right}`);
  }

  /** SQL keeps json as text: it finds what is written in the policy or known of the viewer, and no more. */
  #fixedInSql(e: Expression, other: Expression): void {
    if (this.#clause === 'allowRead' && readsRow(other))
      this.#fail(e, 'allowRead cannot compare a json field with another field');
  }

  /** An enum field and a text that it can never be. */
  #known(path: Expression, literal: Expression): void {
    if (path.kind !== 'path' || path.scope === 'auth' || literal.kind !== 'literal') return;
    const { value } = literal;
    const values = this.#entity.fields[path.name]?.spec.values;
    if (values && typeof value === 'string' && !values.includes(value))
      this.#fail(literal, `${path.scope}.${path.name} is never ${JSON.stringify(value)}`);
  }

  #fail(e: Expression, message: string): never {
    const where = `at column ${e.at}, in ${this.#clause} of ${this.#entity.name}`;
    throw new Fault('invalid', `${message} ${where}`, { column: e.at });
  }
}
