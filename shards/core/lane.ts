/**
 * A lane: one whole number (or one text) of a record, as it is stored in a column and sent on the wire.
 * A vec3 has three lanes, a struct those of its fields. Components list their lanes; RecordType joins them.
 */
import { assert } from '../../src/base/assert.ts';

/**
 * How values between two snapshots are drawn. `chart` and the three `axis` behind it are one rotation (rotation.ts),
 * drawn together.
 */
export type Blend = 'linear' | 'angle' | 'snap' | 'chart' | 'axis';

/** What a lane holds. The quanta of most are numbers; a text or JSON is a Text, an id one of an entity or 0. */
export type Content = 'number' | 'text' | 'json' | 'id';

export interface Lane {
  /** Smallest and greatest whole number, both within 32 bits. An angle wraps from `max` to `min`. */
  readonly min: number;
  readonly max: number;
  /** What a record holds before anything was written: 0, or what is nearest to it. */
  readonly initial: number;
  /** Bits of `value - min`; for a text, bits of its length in bytes. */
  readonly bits: number;
  readonly blend: Blend;
  readonly content: Content;
  /** 0: a number. Else a text of at most so many bytes in UTF-8. */
  readonly textBytes: number;
  /** The lane that holds 1 when this one is present, or -1 when it always is. */
  readonly guard: number;
}

const INT32_MIN = -(2 ** 31);
const INT32_MAX = 2 ** 31 - 1;

export function numberLane(min: number, max: number, blend: Blend): Lane {
  assert(Number.isInteger(min) && Number.isInteger(max) && min <= max, `a lane from ${min} to ${max}`);
  assert(min >= INT32_MIN && max <= INT32_MAX, `a lane from ${min} to ${max} needs more than 32 bits`);
  const initial = Math.min(max, Math.max(min, 0));
  return { min, max, initial, bits: bitsFor(max - min), blend, content: 'number', textBytes: 0, guard: -1 };
}

export function idLane(): Lane {
  return { ...numberLane(0, INT32_MAX, 'snap'), content: 'id' };
}

export function textLane(maxBytes: number, content: 'text' | 'json' = 'text'): Lane {
  assert(Number.isInteger(maxBytes) && maxBytes > 0 && maxBytes <= 4096, `a text of ${maxBytes} bytes`);
  return {
    min: 0,
    max: 0,
    initial: 0,
    bits: bitsFor(maxBytes),
    blend: 'snap',
    content,
    textBytes: maxBytes,
    guard: -1,
  };
}

/** Bits that hold every whole number in 0 .. `span`. */
export function bitsFor(span: number): number {
  let bits = 0;
  while (2 ** bits <= span) bits++;
  return bits;
}
