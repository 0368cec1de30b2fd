/** Op ids of one client: each greater, as text, than all before it, even within a millisecond or when the clock jumps back. */
import type { Env } from '../base/env.ts';
import { newId } from '../base/id.ts';

/** Of an id from base/id.ts. */
const ID_CHARS = 22;
/** Of the counter behind an id; in base 36, whose digits are in ASCII order. */
const COUNTER_DIGITS = 6;

export class OpIds {
  readonly #env: Env;
  #last = '';
  /** `#last` is this and, perhaps, a counter. */
  #base = '';
  #count = 0;

  constructor(env: Env) {
    this.#env = env;
  }

  /** Ids stored before a reload stay below those to come. */
  seen(id: string): void {
    if (id <= this.#last) return;
    const counter = id.slice(ID_CHARS);
    this.#start(id.slice(0, ID_CHARS));
    this.#last = id;
    if (counter !== '') this.#count = Number.parseInt(counter, 36) + 1;
  }

  next(): string {
    const fresh = newId(this.#env);
    if (fresh > this.#last) this.#start(fresh);
    else this.#last = this.#base + (this.#count++).toString(36).padStart(COUNTER_DIGITS, '0');
    return this.#last;
  }

  #start(id: string): void {
    this.#last = id;
    this.#base = id;
    this.#count = 0;
  }
}
