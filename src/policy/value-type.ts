/** What an expression's value can be, as far as the schema tells. Used by check.ts and to-sql.ts. */
import type { AnyEntity } from '../schema/define-schema.ts';
import type { FieldKind } from '../schema/field.ts';

/**
 * `json` is any of the others: only the row knows. `unknown` is what the app checks by rules of its own. A
 * value of each but `null` and `list` may be null.
 */
export type ValueType = 'text' | 'number' | 'boolean' | 'json' | 'list' | 'null' | 'unknown';

/** Not of `bytes`: their text on the wire is ordered otherwise than the BLOB in SQL, so policies may not look at them. */
const OF_KIND: Record<Exclude<FieldKind, 'bytes'>, ValueType & ('text' | 'number' | 'boolean' | 'json')> = {
  string: 'text',
  enum: 'text',
  id: 'text',
  richtext: 'text',
  int: 'number',
  float: 'number',
  datetime: 'number',
  bool: 'boolean',
  json: 'json',
};

/** The type of a row's field, or undefined when there is none of this name that a policy may look at. */
export function fieldType(entity: AnyEntity, name: string) {
  if (name === 'id') return 'text';
  const kind = Object.hasOwn(entity.fields, name) ? entity.fields[name]!.spec.kind : 'bytes';
  return kind === 'bytes' ? undefined : OF_KIND[kind];
}
