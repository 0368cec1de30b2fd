/**
 * The client's copy of those places of the server's TextPool that it was told of. Bounded by the definition:
 * there are only so many places, and a text is only so long.
 */
import { Fault } from '../../src/base/fault.ts';
import type { Text } from './text.ts';

export class TextBook {
  readonly #places: number;
  readonly #texts = new Map<number, Text>();

  /** `placeBits` is that of the layout. */
  constructor(placeBits: number) {
    this.#places = 2 ** placeBits;
  }

  /** Throws Fault `bad_message` for a place that does not exist. */
  set(place: number, text: Text): void {
    if (place >= this.#places) throw new Fault('bad_message', 'no such place for a text');
    this.#texts.set(place, text);
  }

  /** Throws Fault `bad_message` when the server never said what is there. */
  at(place: number): Text {
    const text = this.#texts.get(place);
    if (!text) throw new Fault('bad_message', 'a text that was never told');
    return text;
  }

  clear(): void {
    this.#texts.clear();
  }
}
