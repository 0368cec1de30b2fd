/** What a document gives its row. Documents take any value, columns do not: what does not fit shows as the default. */
import type { LoroDoc } from 'loro-crdt';
import type { Json, JsonObject } from '../../src/base/json.ts';
import { parseShape } from '../../src/base/shape.ts';
import type { AnyEntity } from '../../src/schema/define-schema.ts';
import { type Container, readContainer } from '../core/containers.ts';

/** A field of the row and the kind of its root container. */
export type Column = { field: string; container: Container };

/** The fields that live in the document, with the kind of their root containers. */
export function columnsOf(entity: AnyEntity): Column[] {
  return entity.documentFields.map((field) => ({ field, container: entity.fields[field]!.spec.container! }));
}

/** The columns, of values as the document holds them; one that nobody has written is absent. */
export function fitFields(entity: AnyEntity, values: JsonObject): JsonObject {
  const columns: JsonObject = {};
  for (const field of entity.documentFields) columns[field] = asColumn(entity, field, values[field]);
  return columns;
}

/**
 * The values as the document holds them. With `maxChars`, of a text that is longer only its beginning, and none that is
 * longer as JSON.
 */
export function readColumns(
  doc: LoroDoc,
  columns: readonly Column[],
  maxChars = Number.POSITIVE_INFINITY,
): JsonObject {
  const values: JsonObject = {};
  for (const { field, container } of columns) {
    const value = within(readContainer(doc, field, container), maxChars);
    if (value !== undefined) values[field] = value;
  }
  return values;
}

function within(value: Json | undefined, maxChars: number): Json | undefined {
  if (typeof value === 'string') return value.length <= maxChars ? value : beginning(value, maxChars);
  if (maxChars === Number.POSITIVE_INFINITY || typeof value !== 'object' || value === null) return value;
  return JSON.stringify(value).length <= maxChars ? value : undefined;
}

/** Cut between two characters, not within one of two code units. */
function beginning(text: string, maxChars: number): string {
  const last = text.charCodeAt(maxChars - 1);
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? maxChars - 1 : maxChars);
}

/** The columns that the document gives. */
export function readFields(doc: LoroDoc, entity: AnyEntity): JsonObject {
  return fitFields(entity, readColumns(doc, columnsOf(entity)));
}

function asColumn(entity: AnyEntity, field: string, value: Json | undefined): Json {
  const { shape, default: fallback = null } = entity.fields[field]!.spec;
  try {
    return parseShape(shape, value, field) as Json;
  } catch {
    return fallback;
  }
}
