/**
 * The server's rows and the cursor they stand at. Takes batches, resets and pages; each moves rows and
 * cursor together, in one change of the view, and is written through to the journal.
 * [S2] A batch whose `from` is not the cursor is never applied; it makes the client ask for a catch-up.
 * [S5] Within a transaction and across them, deletes win.  [S3] The journal gets the rows, then the cursor.
 * Parts of subscriptions are applied with the batch they come in, and not journaled: no cursor on disk
 * stands for them.
 *
 * A reset stages a copy beside the rows in use: pages of a snapshot that may be newer than the cursor. Only
 * with the batch from `cursor.seq` on is it consistent, so both become visible together.
 *
 *   following --reset--> copying --last page--> complete copy --batch from its cursor--> following
 *   any --gap--> following, a catch-up asked for
 */
import type { JsonObject } from '../base/json.ts';
import type { Cursor, RowOp } from '../protocol/row-batch.ts';
import type { StoredState } from './persistence.ts';
import type { RowJournal } from './row-journal.ts';
import { RowTables } from './row-tables.ts';
import type { RowView } from './row-view.ts';
import type { Batch, Page } from './server-text.ts';
import type { Subscriptions } from './subscriptions.ts';

export interface RowStoreHost {
  /** A gap: ask the server for what follows `cursor`. */
  catchUp(cursor: Cursor | null): void;
  /** Inside the change that moved the cursor: layers that it covers go now. [S7] */
  covered(covers: (seq: number) => boolean): void;
}

export interface RowStoreDeps {
  readonly tables: RowTables;
  readonly view: RowView;
  readonly journal: RowJournal;
  readonly subscriptions: Subscriptions;
}

interface Copy {
  readonly cursor: Cursor;
  readonly rows: RowTables;
  complete: boolean;
}

interface Waiter {
  readonly epoch: string | undefined;
  readonly seq: number;
  readonly done: () => void;
}

export class RowStore {
  readonly #deps: RowStoreDeps;
  readonly #host: RowStoreHost;
  #cursor: Cursor | null = null;
  #copy: Copy | undefined;
  /** Of the present connection: batches belong to this epoch. */
  #server: Cursor | undefined;
  #catchUpAsked = false;
  #waiters: Waiter[] = [];

  constructor(deps: RowStoreDeps, host: RowStoreHost) {
    this.#deps = deps;
    this.#host = host;
  }

  get cursor(): Cursor | null {
    return this.#cursor;
  }

  /** For reading; without the user's own writes. */
  entities(): Iterable<[string, ReadonlyMap<string, JsonObject>]> {
    return this.#deps.tables.entities();
  }

  /** Shows rows that came with the page, before it is known what is stored. Inside a change of the view. */
  show(state: Pick<StoredState, 'rows'>): void {
    const { tables, view } = this.#deps;
    for (const { entity, id, data } of state.rows) {
      view.touch(entity, id);
      tables.set(entity, id, data);
    }
    view.know('stale');
  }

  /** Rows of an earlier visit, unless newer ones have come meanwhile. Inside a change of the view. */
  hydrate(state: StoredState): void {
    const { tables, view } = this.#deps;
    if (this.#cursor || !state.cursor) return;
    view.touchAll();
    tables.clear();
    this.#cursor = state.cursor;
    this.show(state);
    this.#learn();
  }

  /** As `hydrate`, with rows that are not stored yet. */
  adopt(state: StoredState): void {
    if (this.#cursor || !state.cursor) return;
    const { journal } = this.#deps;
    this.hydrate(state);
    journal.clear();
    for (const { entity, id, data } of state.rows) journal.row(entity, id, data);
    journal.commit(state.cursor);
  }

  /** Forgets the rows of the copy, in memory and on disk, and asks for a new one. */
  discard(): void {
    const { tables, view, journal, subscriptions } = this.#deps;
    this.#cursor = null;
    view.change(() => {
      view.touchAll();
      tables.clear();
      subscriptions.restore();
      view.know('unknown');
    });
    journal.clear();
    journal.commit(null);
    this.#catchUpAsked = false;
    this.catchUp();
  }

  /** A connection is ready; its server stands at `server`, and `queried` are not part of the copy. */
  connected(server: Cursor, queried: readonly string[]): void {
    this.#server = server;
    this.#copy = undefined;
    this.#catchUpAsked = false;
    this.#deps.view.change(() => {
      this.#deps.subscriptions.connected(queried);
      for (const entity of queried) this.#forgetForeign(entity);
      this.#learn();
    });
  }

  /** Asks for what is missing, once until it comes. */
  catchUp(): void {
    this.#copy = undefined;
    if (this.#catchUpAsked) return;
    this.#catchUpAsked = true;
    this.#host.catchUp(this.#cursor);
  }

  batch(batch: Batch): void {
    const copy = this.#copy;
    const cursor = this.#cursor;
    if (copy) {
      if (copy.complete && batch.from === copy.cursor.seq) this.#adopt(copy, batch);
      else this.catchUp();
    } else if (cursor && cursor.epoch === this.#server?.epoch && cursor.seq === batch.from) {
      this.#follow(cursor, batch);
    } else {
      this.catchUp();
    }
  }

  reset(cursor: Cursor): void {
    this.#copy = { cursor, rows: new RowTables(), complete: false };
    this.#server = cursor;
    this.#catchUpAsked = false;
  }

  page(page: Page): void {
    const copy = this.#copy;
    if (!copy || copy.complete) return; // of a copy that was given up
    if (page.entity !== null) {
      const table = copy.rows.writable(page.entity);
      for (const { row_id, data } of page.rows) table.set(row_id, withId(data, row_id));
    }
    copy.complete = page.last;
  }

  /** Calls back once the cursor covers `seq`, or when it never will (another epoch, another owner). */
  whenCovered(seq: number, done: () => void): void {
    if (this.covers(seq)) done();
    else this.#waiters.push({ epoch: this.#server?.epoch, seq, done });
  }

  /** Whether the rows hold the effects of the transaction `seq` of the present server. */
  covers(seq: number): boolean {
    return this.#cursor !== null && this.#cursor.epoch === this.#server?.epoch && this.#cursor.seq >= seq;
  }

  /** Whether the transaction is of the time of this connection. */
  isRecent(seq: number): boolean {
    return this.#server !== undefined && seq > this.#server.seq;
  }

  /** Forgets everything, in memory. Inside a change of the view. [S8] */
  clear(): void {
    this.#deps.view.touchAll();
    this.#deps.tables.clear();
    this.#deps.subscriptions.clear();
    this.#deps.view.know('unknown');
    this.#cursor = null;
    this.#copy = undefined;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const { done } of waiters) done();
  }

  #follow(cursor: Cursor, batch: Batch): void {
    const { tables, view, journal, subscriptions } = this.#deps;
    view.change(() => {
      for (const op of inOrder(batch.ops)) {
        const { entity, row_id } = op;
        const row = imageOf(op);
        view.touch(entity, row_id);
        if (row) tables.set(entity, row_id, row);
        else tables.delete(entity, row_id);
        journal.row(entity, row_id, row);
      }
      subscriptions.apply(batch.subs ?? []);
      this.#advance({ epoch: cursor.epoch, seq: batch.to });
    });
    this.#wake();
  }

  #adopt(copy: Copy, batch: Batch): void {
    const { tables, view, journal, subscriptions } = this.#deps;
    for (const op of inOrder(batch.ops)) {
      const row = imageOf(op);
      if (row) copy.rows.set(op.entity, op.row_id, row);
      else copy.rows.delete(op.entity, op.row_id);
    }
    this.#copy = undefined;
    view.change(() => {
      view.touchAll();
      journal.clear();
      for (const [entity, table] of copy.rows.entities()) {
        for (const [id, row] of table) {
          view.touch(entity, id);
          journal.row(entity, id, row);
        }
      }
      tables.replaceBy(copy.rows);
      subscriptions.restore();
      subscriptions.apply(batch.subs ?? []);
      this.#advance({ epoch: copy.cursor.epoch, seq: batch.to });
    });
    this.#wake();
  }

  #advance(cursor: Cursor): void {
    const sameEpoch = this.#cursor === null || this.#cursor.epoch === cursor.epoch;
    this.#cursor = cursor;
    this.#catchUpAsked = false;
    this.#deps.journal.commit(cursor);
    // A seq of another epoch means nothing here; what it acknowledged is in the new copy, or lost with the backup.
    this.#host.covered((seq) => !sameEpoch || seq <= cursor.seq);
    this.#learn();
  }

  /** Rows from when the entity was part of the replica would never be heard of again. */
  #forgetForeign(entity: string): void {
    const { tables, view, journal, subscriptions } = this.#deps;
    for (const id of [...tables.table(entity).keys()]) {
      if (!subscriptions.isForeign(entity, id)) continue;
      view.touch(entity, id);
      tables.delete(entity, id);
      journal.row(entity, id, null);
    }
  }

  /** Once complete, rows stay so: later batches only make them newer. */
  #learn(): void {
    const { view } = this.#deps;
    if (!this.#cursor || view.knowledge === 'complete') return;
    const { epoch, seq } = this.#cursor;
    const caughtUp = this.#server?.epoch === epoch && this.#server.seq <= seq;
    view.know(caughtUp ? 'complete' : 'stale');
  }

  #wake(): void {
    const cursor = this.#cursor;
    if (!cursor || this.#waiters.length === 0) return;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) {
      if (waiter.seq <= cursor.seq || waiter.epoch !== cursor.epoch) waiter.done();
      else this.#waiters.push(waiter);
    }
  }
}

/** By transaction, and within one with deletes last. Servers send them so; nothing is copied then. [S5] */
function inOrder(ops: readonly RowOp[]): readonly RowOp[] {
  for (let i = 1; i < ops.length; i++) {
    const [a, b] = [ops[i - 1]!, ops[i]!];
    if (a.seq > b.seq || (a.seq === b.seq && a.kind === 'delete' && b.kind !== 'delete')) {
      return [...ops].sort(
        (x, y) => x.seq - y.seq || Number(x.kind === 'delete') - Number(y.kind === 'delete'),
      );
    }
  }
  return ops;
}

/** The row after the op; null when it is gone. */
function imageOf(op: RowOp): JsonObject | null {
  return op.kind === 'delete' || !op.data ? null : withId(op.data, op.row_id);
}

/** `data` is ours alone, fresh from the parser. */
function withId(data: JsonObject, id: string): JsonObject {
  if (data.id !== id) data.id = id;
  return data;
}
