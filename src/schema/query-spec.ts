/** A query over one entity, as data: conditions, an order, a limit. Ties are broken by id, so it is total. */
import { type Infer, s } from '../base/shape.ts';
import { filterShape } from './filter.ts';

export const querySpec = s.object({
  entity: s.string(128),
  /** Fields and the values they must equal. */
  where: s.optional(s.jsonObject()),
  /** What an index answers. It and `where` bound the rows that one page or count looks at; `filter` does not. */
  range: s.optional(filterShape),
  filter: s.optional(filterShape),
  orderBy: s.optional(s.array(s.object({ field: s.string(64), direction: s.oneOf('asc', 'desc') }), 8)),
  limit: s.optional(s.int(0, 100_000)),
});

export type QuerySpec = Infer<typeof querySpec>;

export interface OrderKey {
  readonly field: string;
  readonly direction: 'asc' | 'desc';
}

/** The whole order of a query: what it names, and then the id. */
export function totalOrder({ orderBy = [] }: Pick<QuerySpec, 'orderBy'>): OrderKey[] {
  const end = orderBy.findIndex(({ field }) => field === 'id');
  return end >= 0 ? orderBy.slice(0, end + 1) : [...orderBy, { field: 'id', direction: 'asc' }];
}
