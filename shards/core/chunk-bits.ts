/** Counts, ids and places of texts in chunks: numbers that are mostly small, in groups of bits. */
import type { BitReader, BitWriter } from '../../src/base/bits.ts';
import { Fault } from '../../src/base/fault.ts';

/** How a chunk begins: a plain delta is one 0 bit, all else a 1 and two more. */
export const DELTA_MEMBERS = 0;
export const DELTA_HASH = 1;
export const DELTA_BOTH = 2;
export const KEY_CHUNK = 3;

/** Above this many kept entities, a bit for each GROUP of them says whether any is not as predicted. */
export const GROUP = 16;

/** Widths of the groups that the numbers are written in. */
export const COUNT_BITS = 3;
export const ID_BITS = 5;

/** Every HASH_EVERY-th step of a cell carries a hash of its state. */
export const HASH_EVERY = 64;

const MAX_NUMBER = 2 ** 31 - 1;

/** The lowest `width` bits, then a bit that says whether more follow, and so on. At most 2^31 - 1. */
export function writeGrouped(bits: BitWriter, value: number, width: number): void {
  let left = value;
  const base = 1 << width;
  while (left >= base) {
    bits.write((left & (base - 1)) | base, width + 1);
    left >>>= width;
  }
  bits.write(left, width + 1);
}

/** Throws Fault `bad_message` for more than 31 bits, and for groups that say nothing. */
export function readGrouped(bits: BitReader, width: number): number {
  const base = 1 << width;
  let value = 0;
  let scale = 1;
  for (;;) {
    const group = bits.read(width + 1);
    value += (group & (base - 1)) * scale;
    if (value > MAX_NUMBER) break;
    if (group < base) {
      if (group === 0 && scale > 1) break;
      return value;
    }
    scale *= base;
    if (scale > MAX_NUMBER) break;
  }
  throw new Fault('bad_message', 'bad number in a chunk');
}

/**
 * A reference of entity `own` to `id`, 0 for none: 0, or 1, which of the two is greater, and by how much. What refers to
 * each other often came about the same time.
 */
export function writeReference(bits: BitWriter, id: number, own: number): void {
  bits.bool(id !== 0);
  if (id === 0) return;
  bits.bool(id < own);
  writeGrouped(bits, Math.abs(id - own), ID_BITS);
}

/** Throws Fault `bad_message` for what is no id, and for what `writeReference` says otherwise. */
export function readReference(bits: BitReader, own: number): number {
  if (!bits.bool()) return 0;
  const less = bits.bool();
  const apart = readGrouped(bits, ID_BITS);
  const id = less ? own - apart : own + apart;
  if (id < 1 || id > MAX_NUMBER || (less && apart === 0))
    throw new Fault('bad_message', 'no id of an entity');
  return id;
}
