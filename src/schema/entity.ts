/** A kind of row: a name, fields, indexes, and how it reaches clients. Parses what is to become a row. */
import { Fault } from '../base/fault.ts';
import { isId } from '../base/id.ts';
import { isJsonObject, type JsonObject } from '../base/json.ts';
import { parseShape } from '../base/shape.ts';
import { type Field, isDocumentKind, type Mode } from './field.ts';

// biome-ignore lint/suspicious/noExplicitAny: a constraint that every Field<T> meets; `unknown` is not one
export type EntityFields = Record<string, Field<any, Mode>>;

export interface IndexSpec {
  readonly name: string;
  readonly fields: readonly string[];
  readonly unique?: boolean;
}

export interface EntityOptions {
  readonly indexes?: readonly IndexSpec[];
  /** `all` (default): part of every replica that may read it; `none`: only through functions. */
  readonly sync?: 'all' | 'none';
}

const NAME = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;
const RESERVED = new Set(['id', '__proto__', 'constructor', 'prototype']);

export class Entity<N extends string = string, F extends EntityFields = EntityFields> {
  readonly name: N;
  readonly fields: F;
  readonly indexes: readonly IndexSpec[];
  readonly sync: 'all' | 'none';

  constructor(name: N, fields: F, options: EntityOptions = {}) {
    if (!NAME.test(name)) throw new Fault('invalid', `bad entity name ${JSON.stringify(name)}`);
    for (const key of Object.keys(fields)) {
      if (!NAME.test(key) || RESERVED.has(key)) throw new Fault('invalid', `bad field name ${name}.${key}`);
    }
    for (const index of options.indexes ?? []) {
      const unknown = index.fields.find((key) => !Object.hasOwn(fields, key));
      if (unknown !== undefined)
        throw new Fault('invalid', `index ${name}.${index.name} names no field ${unknown}`);
    }
    this.name = name;
    this.fields = fields;
    this.indexes = options.indexes ?? [];
    this.sync = options.sync ?? 'all';
  }

  /** Fields that are containers of the row's document. */
  get documentFields(): string[] {
    return Object.keys(this.fields).filter((key) => isDocumentKind(this.fields[key]!.spec.kind));
  }

  get serverOnlyFields(): string[] {
    return Object.keys(this.fields).filter((key) => this.fields[key]!.spec.serverOnly);
  }

  /** A whole row from an insert: defaults filled, unknown and document fields refused. Throws `invalid`. */
  parseInsert(id: unknown, data: unknown): JsonObject {
    if (!isId(id)) throw new Fault('invalid', `${this.name}.id must be 1 to 64 URL-safe characters`);
    const given = this.#object(data);
    const row: JsonObject = { id };
    for (const [key, { spec }] of Object.entries(this.fields)) {
      const value = Object.hasOwn(given, key)
        ? given[key]
        : (spec.default ?? (spec.optional ? null : undefined));
      row[key] = parseShape(spec.shape, value, `${this.name}.${key}`) as JsonObject[string];
    }
    return row;
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

  #object(data: unknown): JsonObject {
    if (!isJsonObject(data)) throw new Fault('invalid', `${this.name} takes an object`);
    for (const key of Object.keys(data)) {
      if (!Object.hasOwn(this.fields, key))
        throw new Fault('invalid', `${this.name} has no field ${JSON.stringify(key)}`);
      if (isDocumentKind(this.fields[key]!.spec.kind)) {
        throw new Fault('invalid', `${this.name}.${key} is written through its document`);
      }
    }
    return data;
  }
}

export function entity<const N extends string, F extends EntityFields>(
  name: N,
  fields: F,
  options?: EntityOptions,
) {
  return new Entity(name, fields, options);
}
