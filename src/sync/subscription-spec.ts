/**
 * What a `subscribe` asks for, checked at the door and brought into one form, so that equal queries are
 * shared. What is server-only can not be asked about: who hears of a row when `secret` is 'm' knows it. [S4]
 */
import { Fault } from '../base/fault.ts';
import type { JsonObject } from '../base/json.ts';
import { parseShape } from '../base/shape.ts';
import { openEntity } from '../functions/row-reads.ts';
import type { AnyEntity, Schema } from '../schema/define-schema.ts';
import { checkFilter, fieldsOf } from '../schema/filter.ts';
import type { TypedSpec } from '../schema/match.ts';
import { type QuerySpec, querySpec } from '../schema/query-spec.ts';
import type { LiveLimits } from './limits.ts';

/** Throws `not_found` for an entity that clients may not know, `invalid`, and `too_large` for the limit. */
export function readSubscription(
  query: JsonObject,
  schema: Schema,
  { maxSubscriptionRows: max }: LiveLimits,
): QuerySpec {
  const {
    entity: name,
    where = {},
    range,
    filter,
    orderBy = [],
    limit,
  } = parseShape(querySpec, query, 'query');
  const entity = openEntity(schema, name);
  if (entity.sync === 'all') throw new Fault('invalid', `${name} is part of every replica: query it there`);
  const asked = [...Object.keys(where), ...orderBy.map(({ field }) => field)];
  for (const condition of [range, filter]) {
    if (!condition) continue;
    checkFilter(condition, entity);
    asked.push(...fieldsOf(condition));
  }
  checkFields(entity, asked);
  if (limit !== undefined && limit > max)
    throw new Fault('too_large', `a subscription has at most ${max} rows, and so has its limit`);
  return {
    entity: name,
    ...(Object.keys(where).length > 0 && { where }),
    ...(range && { range }),
    ...(filter && { filter }),
    // Without a limit the order changes nothing about which rows there are; clients order them.
    ...(limit !== undefined && { limit, ...(orderBy.length > 0 && { orderBy }) }),
  };
}

export function typedSpec(spec: QuerySpec, schema: Schema): TypedSpec {
  return { ...spec, fields: schema.entity(spec.entity).fields };
}

function checkFields(entity: AnyEntity, asked: readonly string[]): void {
  const strange = asked.find(
    (field) =>
      field !== 'id' && (!Object.hasOwn(entity.fields, field) || entity.serverOnlyFields.includes(field)),
  );
  if (strange !== undefined)
    throw new Fault('invalid', `${entity.name} has no field ${JSON.stringify(strange)} for clients`);
}
