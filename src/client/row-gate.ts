/**
 * Holds the server's rows back while a call with an optimistic part may have run already without our knowing its
 * transaction: a batch may come before the answer, or, after a lost connection, long before. Shown at once, it
 * would show the call's effects twice. With the answer the rows go on, and the layer goes with its batch. [S7]
 * Bounded: above MAX_HELD_BATCHES fresh rows are worth a flicker. What is held when a connection is lost is asked for anew.
 */

import type { ServerMessage } from '../protocol/server-message.ts';
import type { RowStore } from './row-store.ts';
import type { Batch, Page } from './server-text.ts';

/** Messages with rows that wait for an answer. */
export const MAX_HELD_BATCHES = 1000;

type Rows = Batch | Page | Extract<ServerMessage, { t: 'reset' }>;

export class RowGate {
  readonly #rows: Pick<RowStore, 'batch' | 'page' | 'reset'>;
  readonly #inDoubt: () => boolean;
  #held: Rows[] = [];

  /** `inDoubt`: whether a call waits for its answer. */
  constructor(rows: Pick<RowStore, 'batch' | 'page' | 'reset'>, inDoubt: () => boolean) {
    this.#rows = rows;
    this.#inDoubt = inDoubt;
  }

  take(message: Rows): void {
    this.#held.push(message);
    if (!this.#inDoubt() || this.#held.length > MAX_HELD_BATCHES) this.#open();
  }

  /** A call was answered. */
  answered(): void {
    if (!this.#inDoubt()) this.#open();
  }

  lost(): void {
    this.#held = [];
  }

  #open(): void {
    const held = this.#held;
    this.#held = [];
    for (const message of held) {
      if (message.t === 'batch') this.#rows.batch(message);
      else if (message.t === 'page') this.#rows.page(message);
      else this.#rows.reset(message.cursor);
    }
  }
}
