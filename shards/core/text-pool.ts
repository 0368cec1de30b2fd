/**
 * The server's dictionary of texts: each text that chunks name has a place in it, and travels once to each
 * player who needs it. What a frame names is never overwritten within it: only places of the newest quarter
 * are named (an older text that is needed again gets a new one), and there are so many places that a frame
 * in which every text of every level of detail is new fills less than half of them.
 */
import { Text } from './text.ts';

export class TextPool {
  readonly places: number;
  /** Texts so far; text n has place n % places. */
  #added = 0;
  readonly #numbers = new Map<string, number>();
  readonly #texts: Text[] = [];

  /** `placeBits` is that of the layout. */
  constructor(placeBits: number) {
    this.places = 2 ** placeBits;
  }

  /** Grows with each text that gets a place. */
  get added(): number {
    return this.#added;
  }

  /** Whether a place that was named when `added` had this value may still be named. */
  fresh(added: number): boolean {
    return this.#added - added <= this.places / 4;
  }

  /** Where a text that is not empty stands. */
  placeOf(text: Text): number {
    const known = this.#numbers.get(text.value);
    if (known !== undefined && this.fresh(known)) return known % this.places;
    const number = this.#added++;
    const place = number % this.places;
    const old = this.#texts[place];
    if (old && this.#numbers.get(old.value) === number - this.places) this.#numbers.delete(old.value);
    this.#texts[place] = text;
    this.#numbers.set(text.value, number);
    return place;
  }

  at(place: number): Text {
    return this.#texts[place] ?? Text.EMPTY;
  }
}
