/**
 * Which places of the TextPool a player has been told of. A set of bits in pages, made when they are needed.
 * Owned by a view: each frame that it makes is sent.
 */
import type { TextPool } from './text-pool.ts';

const PAGE_BITS = 1024;

export class KnownTexts {
  readonly #pool: TextPool;
  readonly #pages: (Uint32Array | undefined)[] = [];
  /** Places that were given to texts after this count are not known. */
  #seen: number;

  constructor(pool: TextPool) {
    this.#pool = pool;
    this.#seen = pool.added;
  }

  /** True, and known from now on, when the player has yet to be told of this place. */
  add(place: number): boolean {
    this.#forgetOld();
    const page = Math.floor(place / PAGE_BITS);
    let bits = this.#pages[page];
    if (!bits) {
      bits = new Uint32Array(PAGE_BITS / 32);
      this.#pages[page] = bits;
    }
    const word = (place % PAGE_BITS) >> 5;
    const bit = 1 << (place & 31);
    if ((bits[word]! & bit) !== 0) return false;
    bits[word]! |= bit;
    return true;
  }

  /** Places that hold another text by now. */
  #forgetOld(): void {
    const { added, places } = this.#pool;
    if (this.#seen === added) return;
    if (added - this.#seen >= places) this.#pages.length = 0;
    else for (let n = this.#seen; n < added; n++) this.#forget(n % places);
    this.#seen = added;
  }

  #forget(place: number): void {
    const bits = this.#pages[Math.floor(place / PAGE_BITS)];
    if (bits) bits[(place % PAGE_BITS) >> 5]! &= ~(1 << (place & 31));
  }
}
