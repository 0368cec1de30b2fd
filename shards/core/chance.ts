/**
 * Seeded chance inside a world: the same seed gives the same numbers on every machine. [T1]
 * sfc32. Source: C. Doty-Humphrey, PractRand (public domain). Not for secrets.
 */
import { fnv1a64 } from '../../src/base/hash.ts';

/** Three words of 32 bits, and how many numbers were drawn since the stream began. */
export type ChanceState = readonly [number, number, number, number];

export class Chance {
  #a = 0;
  #b = 0;
  #c = 0;
  #counter = 1;
  readonly #key: readonly [number, number, number];

  constructor(seed: string) {
    const first = fnv1a64(seed);
    const second = fnv1a64(`${first}/${seed}`);
    this.#key = [word(first, 0), word(first, 8), word(second, 0)];
    this.restart(0, 0);
  }

  /** A stream of its own for each pair of numbers, such as a tick and an entity. */
  restart(first: number, second: number): void {
    this.#a = this.#key[0] ^ first;
    this.#b = this.#key[1] ^ second;
    this.#c = this.#key[2];
    this.#counter = 1;
    for (let i = 0; i < 12; i++) this.#next();
  }

  /** A number in [0, 1). */
  next(): number {
    return this.#next() / 2 ** 32;
  }

  /** A number in [min, max). */
  range(min: number, max: number): number {
    return min + this.next() * (max - min);
  }

  /** A whole number in 0 .. below - 1. */
  int(below: number): number {
    return Math.floor(this.next() * below);
  }

  pick<T>(items: readonly [T, ...T[]]): T {
    return items[this.int(items.length)]!;
  }

  /** Where the stream stands: `load` goes on from there. */
  save(): ChanceState {
    return [this.#a, this.#b, this.#c, this.#counter];
  }

  load([a, b, c, counter]: ChanceState): void {
    this.#a = a;
    this.#b = b;
    this.#c = c;
    this.#counter = counter;
  }

  #next(): number {
    const sum = (this.#a + this.#b + this.#counter++) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }
}

function word(hex: string, at: number): number {
  return Number.parseInt(hex.slice(at, at + 8), 16) | 0;
}
