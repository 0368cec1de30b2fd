/** A query over one entity, as data: equal fields, an order, a limit. Ties are broken by id, so it is total. */
import { type Infer, s } from '../base/shape.ts';

export const querySpec = s.object({
  entity: s.string(128),
  /** Fields and the values they must equal. */
  where: s.optional(s.jsonObject()),
  orderBy: s.optional(s.array(s.object({ field: s.string(64), direction: s.oneOf('asc', 'desc') }), 8)),
  limit: s.optional(s.int(0, 100_000)),
});

export type QuerySpec = Infer<typeof querySpec>;
