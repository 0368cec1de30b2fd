/**
 * The prefix code of residuals: the class in a canonical code of given lengths, then the sign and the bits
 * below the highest one. Every residual of 32 bits has exactly one form. Used by chunk-encoder.ts and
 * chunk-decoder.ts.
 */
import { assert } from '../../src/base/assert.ts';
import type { BitReader, BitWriter } from '../../src/base/bits.ts';
import { Fault } from '../../src/base/fault.ts';
import { CLASSES, RESIDUAL_TABLES, type ResidualTable } from './residual-tables.ts';

/** Longest code of a class. */
export const MAX_CLASS_BITS = 14;

export class ResidualCode {
  readonly #codes = new Uint16Array(CLASSES);
  readonly #lengths = new Uint8Array(CLASSES);
  /** Two entries for each inner node: where bit 0 and bit 1 lead; -1 - class for a leaf. Node 0 leads nowhere back. */
  readonly #tree: number[] = [0, 0];

  constructor(lengths: readonly number[]) {
    assert(lengths.length === CLASSES, `${lengths.length} classes of residuals`);
    let code = 0;
    for (let length = 1; length <= MAX_CLASS_BITS; length++) {
      for (let k = 0; k < CLASSES; k++) {
        if (lengths[k] !== length) continue;
        assert(code < 2 ** length, 'more codes than the lengths allow');
        this.#add(k, code, length);
        code++;
      }
      code *= 2;
    }
    assert(
      this.#lengths.every((length) => length > 0),
      'a class of residuals without a code',
    );
  }

  /** `residual` is a whole number of 32 bits. */
  write(bits: BitWriter, residual: number): void {
    const negative = residual < 0 ? 1 : 0;
    const size = negative === 1 ? -residual : residual;
    const k = 32 - Math.clz32(size);
    const length = this.#lengths[k]!;
    if (k === 0) bits.write(this.#codes[0]!, length);
    else if (length + k <= 31) {
      const rest = ((size ^ (1 << (k - 1))) << 1) | negative;
      bits.write(this.#codes[k]! | (rest << length), length + k);
    } else {
      bits.write(this.#codes[k]!, length);
      bits.write((size - 2 ** (k - 1)) * 2 + negative, k);
    }
  }

  /** Bits that `write` takes. */
  sizeOf(residual: number): number {
    const k = 32 - Math.clz32(residual < 0 ? -residual : residual);
    return this.#lengths[k]! + k;
  }

  /** Throws Fault `bad_message`. */
  read(bits: BitReader): number {
    const tree = this.#tree;
    let node = 0;
    do {
      node = tree[node * 2 + bits.read(1)]!;
      if (node === 0) throw new Fault('bad_message', 'an unknown class of residuals');
    } while (node > 0);
    const k = -1 - node;
    if (k === 0) return 0;
    const rest = bits.read(k);
    const size = 2 ** (k - 1) + Math.floor(rest / 2);
    return rest % 2 === 1 ? -size : size;
  }

  /** Codes are canonical, and stored with their first bit lowest, as bits travel. */
  #add(k: number, code: number, length: number): void {
    const tree = this.#tree;
    let node = 0;
    for (let i = length - 1; i >= 0; i--) {
      const bit = (code >> i) & 1;
      this.#codes[k]! |= bit << (length - 1 - i);
      const at = node * 2 + bit;
      if (i === 0) tree[at] = -1 - k;
      else {
        if (tree[at] === 0) {
          tree[at] = tree.length / 2;
          tree.push(0, 0);
        }
        node = tree[at]!;
      }
    }
    this.#lengths[k] = length;
  }
}

/** The code of each kind of component. */
export const RESIDUAL_CODES: Readonly<Record<ResidualTable, ResidualCode>> = {
  scalar: new ResidualCode(RESIDUAL_TABLES.scalar),
  vector: new ResidualCode(RESIDUAL_TABLES.vector),
  angle: new ResidualCode(RESIDUAL_TABLES.angle),
  axis: new ResidualCode(RESIDUAL_TABLES.axis),
  chart: new ResidualCode(RESIDUAL_TABLES.chart),
  whole: new ResidualCode(RESIDUAL_TABLES.whole),
  pace: new ResidualCode(RESIDUAL_TABLES.pace),
};
