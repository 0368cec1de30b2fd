/**
 * Holds the server's rows back while a call with an optimistic part may have run already without our knowing its
 * transaction: a batch may come before the answer, or, after a lost connection, long before. Shown at once, it
 * would show the call's effects twice. With the answer the rows go on, and the layer goes with its batch. [S7]
 * A leading tab holds them back before they reach its relay (tab-connect.ts), so its followers stay in step with it.
 * Bounded: above MAX_HELD_MESSAGES fresh rows are worth a flicker. A lost connection brings anew what was held.
 */
import type { RowStore } from './row-store.ts';
import type { ConfirmedRows } from './tab-copy.ts';

/** Messages with rows that wait for an answer. */
export const MAX_HELD_MESSAGES = 1000;

export class RowGate implements ConfirmedRows {
  readonly #rows: Pick<RowStore, 'cursor' | 'entities'>;
  readonly #inDoubt: () => boolean;
  readonly #held: (() => void)[] = [];
  #opening = false;

  /** `inDoubt`: whether a call waits for its answer. */
  constructor(rows: Pick<RowStore, 'cursor' | 'entities'>, inDoubt: () => boolean) {
    this.#rows = rows;
    this.#inDoubt = inDoubt;
  }

  get cursor(): ConfirmedRows['cursor'] {
    return this.#rows.cursor;
  }

  entities(): ReturnType<ConfirmedRows['entities']> {
    return this.#rows.entities();
  }

  /** `pass` hands a message with rows on, now or later, in the order of the messages. It may take it again. */
  take(pass: () => void): void {
    if (this.#opening) return pass();
    this.#held.push(pass);
    if (!this.#inDoubt() || this.#held.length > MAX_HELD_MESSAGES) this.#open();
  }

  /** A call was answered. */
  answered(): void {
    if (!this.#opening && !this.#inDoubt()) this.#open();
  }

  lost(): void {
    this.#held.length = 0;
  }

  #open(): void {
    this.#opening = true;
    try {
      for (let pass = this.#held.shift(); pass; pass = this.#held.shift()) pass();
    } finally {
      this.#opening = false;
    }
  }
}

/** Whether a message from the server is for the gate. Servers begin each with its type. */
export function carriesRows(data: string | Uint8Array): boolean {
  return typeof data === 'string' && /^\{"t":"(batch|page|reset)"/.test(data);
}
