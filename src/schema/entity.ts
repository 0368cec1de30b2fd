/** A kind of row: a name, fields, indexes, and how it reaches clients. Parses what is to become a row. */
import { Fault } from '../base/fault.ts';
import { isId } from '../base/id.ts';
import { isJsonObject, type JsonObject, jsonEquals } from '../base/json.ts';
import { parseShape } from '../base/shape.ts';
import { DOC_REV, docRevField, type Field, type Mode, type WithDocRev } from './field.ts';

// biome-ignore lint/suspicious/noExplicitAny: a constraint that every Field<T> meets; `unknown` is not one
export type EntityFields = Record<string, Field<any, Mode>>;

export interface IndexSpec {
  readonly name: string;
  readonly fields: readonly string[];
  readonly unique?: boolean;
}

export interface EntityOptions<I extends readonly IndexSpec[] = readonly IndexSpec[]> {
  readonly indexes?: I;
  /** `all` (default): part of every replica that may read it; `query`: only by live queries; `none`: only through functions. */
  readonly sync?: 'all' | 'query' | 'none';
  /** What the entity was called before: a hint to migrations. Not for entities with documents. */
  readonly renamedFrom?: string;
}

const NAME = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;
const RESERVED = new Set(['id', '__proto__', 'constructor', 'prototype']);
const SQLITE = /^sqlite_/i;

export class Entity<
  N extends string = string,
  F extends EntityFields = EntityFields,
  I extends readonly IndexSpec[] = readonly IndexSpec[],
> {
  readonly name: N;
  readonly fields: F;
  readonly indexes: readonly IndexSpec[];
  /** Only for the type checker. */
  declare readonly indexTypes: I;
  readonly sync: 'all' | 'query' | 'none';
  readonly renamedFrom: string | undefined;

  constructor(name: N, fields: F, options: EntityOptions<I> = {}) {
    if (!NAME.test(name) || SQLITE.test(name))
      throw new Fault('invalid', `bad entity name ${JSON.stringify(name)}`);
    for (const key of Object.keys(fields)) {
      if (!NAME.test(key) || RESERVED.has(key.toLowerCase()))
        throw new Fault('invalid', `bad field name ${name}.${key}`);
    }
    refuseTwice(Object.keys(fields), `${name} has two fields`);
    const unique = Object.keys(fields).filter((key) => fields[key]!.spec.unique);
    const indexes = (options.indexes ?? []).map((index) => index.name);
    refuseTwice([...indexes, ...unique.map((key) => `unique_${key}`)], `${name} has two indexes`);
    for (const index of options.indexes ?? []) {
      if (!NAME.test(index.name) || index.fields.length === 0)
        throw new Fault('invalid', `bad index ${name}.${JSON.stringify(index.name)}`);
      const unknown = index.fields.find((key) => !Object.hasOwn(fields, key));
      if (unknown !== undefined)
        throw new Fault('invalid', `index ${name}.${index.name} names no field ${unknown}`);
    }
    this.name = name;
    this.fields = withDocRev(name, fields);
    this.indexes = options.indexes ?? [];
    this.sync = options.sync ?? 'all';
    this.renamedFrom = options.renamedFrom;
    if (this.renamedFrom !== undefined && this.documentFields.length > 0)
      throw new Fault('invalid', `${name} has documents, which keep its name: it cannot be renamed`);
  }

  /** Fields that are containers of the row's document. */
  get documentFields(): string[] {
    return Object.keys(this.fields).filter((key) => this.fields[key]!.spec.container !== undefined);
  }

  /** Those that no insert and no update takes: the document's, and the revision of it that they show. */
  get projectedFields(): string[] {
    return Object.keys(this.fields).filter((key) => isProjected(this.fields[key]!));
  }

  /** An index of the options, or `unique_<field>` of a unique field. Throws `invalid`. */
  index(name: string): IndexSpec {
    const named = this.indexes.find((index) => index.name === name);
    if (named) return named;
    const key = name.startsWith('unique_') ? name.slice('unique_'.length) : '';
    if (Object.hasOwn(this.fields, key) && this.fields[key]!.spec.unique)
      return { name, fields: [key], unique: true };
    throw new Fault('invalid', `${this.name} has no index ${JSON.stringify(name)}`);
  }

  get serverOnlyFields(): string[] {
    return Object.keys(this.fields).filter((key) => this.fields[key]!.spec.serverOnly);
  }

  /** A whole row from an insert: defaults filled, unknown and document fields refused. Throws `invalid`. */
  parseInsert(id: unknown, data: unknown): JsonObject {
    if (!isId(id)) throw new Fault('invalid', `${this.name}.id must be 1 to 64 URL-safe characters`);
    const given = this.#object(data);
    return this.#whole(id, given);
  }

  /** A whole row as a migration made it: document fields are columns like all others here. Throws `invalid`. */
  parseRow(id: string, data: JsonObject): JsonObject {
    const stray = Object.keys(data).find((key) => key !== 'id' && !Object.hasOwn(this.fields, key));
    if (stray !== undefined) throw new Fault('invalid', `${this.name} has no field ${JSON.stringify(stray)}`);
    return this.#whole(id, data);
  }

  /** A whole row in place of `existing`: readonly and document fields stay as they are. Throws `invalid`. */
  parseReplace(existing: JsonObject, data: unknown): JsonObject {
    const given = { ...this.#object(data) };
    for (const [key, field] of Object.entries(this.fields)) {
      if (!field.spec.readonly && !isProjected(field)) continue;
      if (Object.hasOwn(given, key) && !jsonEquals(given[key], existing[key]))
        throw new Fault('invalid', `${this.name}.${key} is readonly`);
      given[key] = existing[key]!;
    }
    return this.#whole(String(existing.id), given);
  }

  /** The fields of an update. Throws `invalid`. */
  parsePatch(data: unknown): JsonObject {
    const patch: JsonObject = {};
    for (const [key, value] of Object.entries(this.#object(data))) {
      const { spec } = this.fields[key]!;
      if (spec.readonly) throw new Fault('invalid', `${this.name}.${key} is readonly`);
      patch[key] = parseShape(spec.shape, value, `${this.name}.${key}`) as JsonObject[string];
    }
    return patch;
  }

  #whole(id: string, given: JsonObject): JsonObject {
    const row: JsonObject = { id };
    for (const [key, { spec }] of Object.entries(this.fields)) {
      const value = Object.hasOwn(given, key)
        ? given[key]
        : (spec.default ?? (spec.optional ? null : undefined));
      row[key] = parseShape(spec.shape, value, `${this.name}.${key}`) as JsonObject[string];
    }
    return row;
  }

  #object(data: unknown): JsonObject {
    if (!isJsonObject(data)) throw new Fault('invalid', `${this.name} takes an object`);
    for (const key of Object.keys(data)) {
      if (!Object.hasOwn(this.fields, key))
        throw new Fault('invalid', `${this.name} has no field ${JSON.stringify(key)}`);
      if (isProjected(this.fields[key]!)) {
        throw new Fault('invalid', `${this.name}.${key} is written through its document`);
      }
    }
    return data;
  }
}

function isProjected({ spec }: EntityFields[string]): boolean {
  return spec.container !== undefined || spec.revision === true;
}

/** Rows with a document say which revision of it they show. [D11] */
function withDocRev<F extends EntityFields>(name: string, fields: F): F {
  if (!Object.values(fields).some(({ spec }) => spec.container !== undefined)) return fields;
  const taken = Object.entries(fields).some(
    ([key, { spec }]) => key.toLowerCase() === DOC_REV.toLowerCase() && !spec.revision,
  );
  if (taken)
    throw new Fault(
      'invalid',
      `${name}.${DOC_REV}: rows with documents have a column of that name by themselves`,
    );
  return { ...fields, [DOC_REV]: docRevField() };
}

/** SQLite tells names apart by their letters alone, not by their case. */
export function refuseTwice(names: readonly string[], complaint: string): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name.toLowerCase())) throw new Fault('invalid', `${complaint} called ${name}`);
    seen.add(name.toLowerCase());
  }
}

export function entity<
  const N extends string,
  F extends EntityFields,
  const I extends readonly IndexSpec[] = readonly [],
>(name: N, fields: F, options?: EntityOptions<I>): Entity<N, WithDocRev<F>, I> {
  return new Entity(name, fields, options) as Entity<N, EntityFields, I> as Entity<N, WithDocRev<F>, I>;
}
