/**
 * What can be known at start: names that do not exist, types that do not fit, and what SQL cannot say where
 * it has to. Such an expression could only deny, or say something else than it seems to. [P1] [P2]
 * For policies, and through call-rule.ts for the auth expressions of functions.
 */
import { Fault } from '../base/fault.ts';
import type { AnyEntity, Schema } from '../schema/define-schema.ts';
import { AUTH_FIELDS, type Exists, type Expression, reads, walk } from './expression.ts';
import { fieldType, type ValueType } from './value-type.ts';

type Of<K extends Expression['kind']> = Extract<Expression, { kind: K }>;

export type Clause = 'allowRead' | 'allowInsert' | 'allowUpdate' | 'allowDelete';

/** Where a policy stands. */
export interface PolicyPlace {
  readonly schema: Schema;
  readonly entity: AnyEntity;
  readonly clause: Clause;
}

/** What an expression may name there, and of what type it is. A text instead says what is wrong with it. */
export interface Names {
  /** Ends each message. */
  readonly where: string;
  path(path: Of<'path'>): NamedType | string;
  /** The entity that an `exists` looks at. */
  entity(name: string): AnyEntity | string;
  /** The name of the clause that becomes SQL as a whole, if it does. */
  readonly sql: string | undefined;
}

export interface NamedType {
  readonly type: ValueType;
  /** The texts that it can be. */
  readonly values?: readonly string[] | undefined;
}

/** Throws Fault `invalid` that names the column. */
export function checkExpression(expression: Expression, place: PolicyPlace): void {
  checkNames(expression, policyNames(place), 'a policy');
}

/** As `checkExpression`, for expressions that stand elsewhere. */
export function checkNames(expression: Expression, names: Names, what: string): void {
  new Check(names).boolean(expression, what);
}

function policyNames({ schema, entity, clause }: PolicyPlace): Names {
  return {
    where: `, in ${clause} of ${entity.name}`,
    sql: clause === 'allowRead' ? clause : undefined,
    path: (e) => {
      if (e.scope === 'input') return 'input.* belongs to functions';
      if (e.scope === 'existing' && clause !== 'allowUpdate')
        return 'existing.* is only known in allowUpdate';
      return fieldOf(entity, e);
    },
    entity: (name) => schema.entities.find((one) => one.name === name) ?? `there is no entity ${name}`,
  };
}

function fieldOf(entity: AnyEntity, { scope, name }: Of<'path'>): NamedType | string {
  const type = fieldType(entity, name);
  if (type) return { type, values: entity.fields[name]?.spec.values };
  const known = Object.hasOwn(entity.fields, name);
  return known
    ? `${scope}.${name} is of bytes, which no policy can compare`
    : `unknown field ${scope}.${name}`;
}

class Check {
  readonly #names: Names;
  /** The entity of the `exists` that is being looked into. */
  #inside: AnyEntity | undefined;

  constructor(names: Names) {
    this.#names = names;
  }

  boolean(e: Expression, what: string): void {
    const type = this.#type(e);
    if (type === 'unknown') return;
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
        return this.#named(e).type;
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
      case 'exists':
        this.#exists(e);
        return 'boolean';
    }
  }

  #named(e: Of<'path'>): NamedType {
    const { scope, name } = e;
    if (scope === 'auth')
      return AUTH_FIELDS.has(name) ? { type: 'text' } : this.#fail(e, `unknown name auth.${name}`);
    const found =
      scope !== 'row'
        ? this.#names.path(e)
        : this.#inside
          ? fieldOf(this.#inside, e)
          : 'row.* is only known inside exists';
    return typeof found === 'string' ? this.#fail(e, found) : found;
  }

  #exists(e: Exists): void {
    if (this.#inside) this.#fail(e, 'an exists inside another');
    const entity = this.#names.entity(e.entity);
    if (typeof entity === 'string') return this.#fail(e, entity);
    this.#inside = entity;
    this.boolean(e.where, 'exists');
    this.#inside = undefined;
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
    if (right === 'unknown') return;
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
      if (type !== 'number' && type !== 'text' && type !== 'unknown') this.#fail(e, `${type} has no order`);
    }
    if (left !== right && left !== 'unknown' && right !== 'unknown')
      this.#fail(e, `cannot compare ${left} with ${right}`);
  }

  #call(e: Of<'call'>): void {
    const count = e.name === 'startsWith' ? 2 : 1;
    if (e.args.length < count || (e.name !== 'auth.hasAnyRole' && e.args.length > count)) {
      this.#fail(e, `${e.name} takes ${count === 1 ? 'one argument' : `${count} arguments`}`);
    }
    for (const arg of e.args) {
      const type = this.#type(arg);
      if (type !== 'text' && type !== 'unknown') this.#fail(arg, `${e.name} takes text, not ${type}`);
    }
  }

  #comparable(e: Expression, left: ValueType, right: ValueType): void {
    const open = (type: ValueType) => type === 'null' || type === 'json' || type === 'unknown';
    const lists = left === 'list' && right === 'list';
    if (lists || (left !== right && !open(left) && !open(right)))
      this.#fail(e, `cannot compare ${left} with ${right}`);
  }

  /** SQL keeps json as text: it finds what is written in the policy or known of the viewer, and no more. */
  #fixedInSql(e: Expression, other: Expression): void {
    const sql = this.#inside ? 'exists' : this.#names.sql;
    if (!sql) return;
    if (reads(other, 'data', 'existing', 'row'))
      this.#fail(e, `${sql} cannot compare a json field with another field`);
    walk(other, (inner) => {
      if (inner.kind === 'exists') this.#fail(e, `${sql} cannot compare a json field with an exists`);
    });
  }

  /** An enum field and a text that it can never be. */
  #known(path: Expression, literal: Expression): void {
    if (path.kind !== 'path' || literal.kind !== 'literal') return;
    const { values } = this.#named(path);
    if (values && typeof literal.value === 'string' && !values.includes(literal.value))
      this.#fail(literal, `${path.scope}.${path.name} is never ${JSON.stringify(literal.value)}`);
  }

  #fail(e: Expression, message: string): never {
    throw new Fault('invalid', `${message} at column ${e.at}${this.#names.where}`, { column: e.at });
  }
}
