/** `q` of `.filter((q) => ...)`: conditions on the fields of a row, typed by them, that yield plain data. */
import type { Json } from '../base/json.ts';
import type { CompareOp, Filter } from './filter.ts';

type Fields<R> = keyof R & string;
type FieldsOf<R, T> = { [K in Fields<R>]: NonNullable<R[K]> extends T ? K : never }[Fields<R>];
/** Texts and numbers have an order. That JSON and bytes have none is found when the query runs. */
type Ordered<R> = FieldsOf<R, string | number>;
type Compare<R> = <K extends Fields<R>>(field: K, value: R[K]) => Filter;
type Order<R> = <K extends Ordered<R>>(field: K, value: NonNullable<R[K]>) => Filter;

export interface FilterBuilder<R> {
  /** All of them; true when there are none. */
  and(...filters: Filter[]): Filter;
  /** At least one of them; false when there are none. */
  or(...filters: Filter[]): Filter;
  not(filter: Filter): Filter;
  readonly eq: Compare<R>;
  readonly neq: Compare<R>;
  readonly lt: Order<R>;
  readonly lte: Order<R>;
  readonly gt: Order<R>;
  readonly gte: Order<R>;
  /** Equal to one of `values`; null is in no list. */
  in<K extends Fields<R>>(field: K, values: readonly R[K][]): Filter;
  startsWith<K extends FieldsOf<R, string>>(field: K, prefix: string): Filter;
}

const compare =
  (op: CompareOp) =>
  (field: string, value: Json): Filter => ({ op, field, value });

/** Untyped, for `Row<..>` to be laid over. What it yields is parsed before it is used (filter.ts). */
export const filterBuilder: FilterBuilder<Record<string, never>> = {
  and: (...filters) => ({ op: 'and', filters }),
  or: (...filters) => ({ op: 'or', filters }),
  not: (filter) => ({ op: 'not', filter }),
  eq: compare('eq'),
  neq: compare('neq'),
  lt: compare('lt'),
  lte: compare('lte'),
  gt: compare('gt'),
  gte: compare('gte'),
  in: (field, values) => ({ op: 'in', field, values }),
  startsWith: (field, prefix) => ({ op: 'startsWith', field, prefix }),
};
