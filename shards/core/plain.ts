/**
 * What is read from a world, as data: `entity.position` is a view that reads through to the world, and neither JSON nor
 * the same a tick later. Used where the app's functions hand values out: events, answers, JSON components.
 */
import { RowView } from './row-view.ts';

/** As deep as JSON may be; what is deeper is left to be refused. */
const MAX_DEPTH = 65;

/** The same with a copy in place of each view. */
export function plainOf(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return value;
  if (Array.isArray(value)) return value.map((item) => plainOf(item, depth + 1));
  const fields = value instanceof RowView ? value.toJSON() : value;
  const proto = Object.getPrototypeOf(fields);
  if (proto !== Object.prototype && proto !== null) return value;
  const plain: Record<string, unknown> = Object.create(proto);
  for (const [key, field] of Object.entries(fields)) plain[key] = plainOf(field, depth + 1);
  return plain;
}
