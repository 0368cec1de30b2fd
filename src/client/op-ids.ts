/** Op ids of one client: each greater, as text, than all before it, even within a millisecond or when the clock jumps back. */
import type { Env } from '../base/env.ts';
import { newId } from '../base/id.ts';

/** As in base/id.ts: ASCII order is numeric order. */
const DIGITS = '-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz';

export class OpIds {
  readonly #env: Env;
  #last = '';

  constructor(env: Env) {
    this.#env = env;
  }

  /** Ids stored before a reload stay below those to come. */
  seen(id: string): void {
    if (id > this.#last) this.#last = id;
  }

  next(): string {
    const fresh = newId(this.#env);
    this.#last = fresh > this.#last ? fresh : successor(this.#last);
    return this.#last;
  }
}

/** The id plus one, as a number in base 64. */
function successor(id: string): string {
  const digits = [...id];
  for (let i = digits.length - 1; i >= 0; i--) {
    const next = DIGITS.indexOf(digits[i]!) + 1;
    digits[i] = DIGITS[next % DIGITS.length]!;
    if (next < DIGITS.length) break;
  }
  return digits.join('');
}
