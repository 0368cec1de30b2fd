/** The columns that a document gives its row. Documents take any value, columns do not: what does not fit shows as the default. */
import type { LoroDoc } from 'loro-crdt';
import type { Json, JsonObject } from '../../src/base/json.ts';
import { parseShape } from '../../src/base/shape.ts';
import type { AnyEntity } from '../../src/schema/define-schema.ts';
import { readContainer } from '../core/containers.ts';

export function readFields(doc: LoroDoc, entity: AnyEntity): JsonObject {
  const columns: JsonObject = {};
  for (const field of entity.documentFields) columns[field] = readField(doc, entity, field);
  return columns;
}

function readField(doc: LoroDoc, entity: AnyEntity, field: string): Json {
  const { container, shape, default: fallback = null } = entity.fields[field]!.spec;
  const value = readContainer(doc, field, container!);
  try {
    return parseShape(shape, value, field) as Json;
  } catch {
    return fallback;
  }
}
