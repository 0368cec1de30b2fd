/**
 * `q` of `.withIndex(name, (q) => ...)`: a part of an index, which is a beginning of its fields that equal a value
 * and then at most one field between two bounds. The types say no more than that, and so does the class.
 */
import { Fault } from '../base/fault.ts';
import type { Json } from '../base/json.ts';
import type { IndexSpec } from '../schema/entity.ts';
import type { Comparison, OrderOp } from '../schema/filter.ts';

/** A part that is described. */
export interface Range {
  readonly conditions: readonly Comparison[];
}

/** What may be said of an index whose fields from here on are `K`. */
export type RangeBuilder<R, K extends readonly string[]> = K extends readonly [
  infer F extends keyof R & string,
  ...infer Rest extends readonly string[],
]
  ? Range &
      Lower<R, F, Range & Upper<R, F, Range>> &
      Upper<R, F, Range & Lower<R, F, Range>> & { eq(field: F, value: R[F]): RangeBuilder<R, Rest> }
  : Range;

interface Lower<R, F extends keyof R, Next> {
  gt(field: F, value: NonNullable<R[F]>): Next;
  gte(field: F, value: NonNullable<R[F]>): Next;
}

interface Upper<R, F extends keyof R, Next> {
  lt(field: F, value: NonNullable<R[F]>): Next;
  lte(field: F, value: NonNullable<R[F]>): Next;
}

/** Each step returns a new one, or throws `invalid`. */
export class IndexRange implements Range {
  readonly conditions: readonly Comparison[];
  readonly #index: IndexSpec;

  constructor(index: IndexSpec, conditions: readonly Comparison[] = []) {
    this.#index = index;
    this.conditions = conditions;
  }

  /** How many fields equal a value. */
  get fixed(): number {
    return this.conditions.filter(({ op }) => op === 'eq').length;
  }

  eq(field: string, value: Json): IndexRange {
    if (this.fixed < this.conditions.length) this.#refuse('eq comes before the bounds');
    return this.#with({ op: 'eq', field, value });
  }

  gt(field: string, value: Json): IndexRange {
    return this.#bound('gt', field, value);
  }

  gte(field: string, value: Json): IndexRange {
    return this.#bound('gte', field, value);
  }

  lt(field: string, value: Json): IndexRange {
    return this.#bound('lt', field, value);
  }

  lte(field: string, value: Json): IndexRange {
    return this.#bound('lte', field, value);
  }

  #bound(op: OrderOp, field: string, value: Json): IndexRange {
    const side = op[0]; // `l` or `g`
    if (this.conditions.some((other) => other.op !== 'eq' && other.op[0] === side))
      this.#refuse('a field has one bound on each side');
    return this.#with({ op, field, value });
  }

  #with(condition: Comparison): IndexRange {
    const { name, fields } = this.#index;
    const next = fields[this.fixed];
    if (condition.field !== next)
      this.#refuse(next ? `"${next}" comes next` : `"${name}" has no more fields`);
    return new IndexRange(this.#index, [...this.conditions, condition]);
  }

  #refuse(why: string): never {
    throw new Fault('invalid', `index "${this.#index.name}" (${this.#index.fields.join(', ')}): ${why}`);
  }
}
