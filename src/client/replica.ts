/**
 * The client's copy of the rows: what the server said, the user's own writes over it, and both on disk. It
 * puts RowStore, MutationQueue, PushLane and RowJournal together and holds them to one owner at a time. [S8]
 */
import type { Env } from '../base/env.ts';
import type { Fault } from '../base/fault.ts';
import type { JsonObject } from '../base/json.ts';
import type { Limits } from '../protocol/limits.ts';
import type { Cursor } from '../protocol/row-batch.ts';
import { Layers } from './layers.ts';
import { MutationQueue } from './mutation-queue.ts';
import type { OptimisticRunner } from './optimistic-runner.ts';
import { Overlay } from './overlay.ts';
import type { Persistence, StoredState } from './persistence.ts';
import { PushLane } from './push-lane.ts';
import { RowGate } from './row-gate.ts';
import { RowJournal } from './row-journal.ts';
import { RowStore } from './row-store.ts';
import { RowTables } from './row-tables.ts';
import { RowView } from './row-view.ts';
import type { ServerData } from './server-data.ts';
import type { Result } from './server-text.ts';
import { Subscriptions } from './subscriptions.ts';

export interface ReplicaHost {
  nextId(): number;
  sendRaw(text: string): boolean;
  /** There is a gap: ask the server for what follows `cursor`. */
  catchUp(cursor: Cursor | null): void;
  /** What documents fill into a row of this entity later, as it is before. */
  projected(entity: string): JsonObject;
  /** Entities that are not part of the replica, if the schema is known here. */
  readonly queried: readonly string[] | undefined;
  readonly runner: OptimisticRunner;
}

export class Replica {
  readonly view: RowView;
  readonly rows: RowStore;
  /** Rows from the server go through it. */
  readonly gate: RowGate;
  readonly queue: MutationQueue;
  readonly journal: RowJournal;
  readonly subscriptions: Subscriptions;
  readonly #pushes: PushLane;
  /** Rows that came with the page; shown at once, or kept back until it is known that they are this owner's. */
  #given: { owner: string; state: StoredState; whole: boolean } | undefined;
  /** Counts changes of owner: what was loaded for an earlier one is not shown. */
  #generation = 0;

  constructor(env: Env, persistence: Persistence, host: ReplicaHost) {
    const tables = new RowTables();
    const overlay = new Overlay();
    this.journal = new RowJournal(persistence, env.log);
    const projected = (entity: string) => host.projected(entity);
    this.view = new RowView(
      { tables, overlay, projected, rebase: (touched) => layers.rebase(touched) },
      env.log,
    );
    const { journal, view } = this;
    const { queried, runner } = host;
    const layers = new Layers({ tables, overlay, view, runner, projected });
    const nextId = () => host.nextId();
    const sendRaw = (text: string) => host.sendRaw(text);
    this.subscriptions = new Subscriptions({ env, tables, view, nextId, sendRaw }, queried);
    this.rows = new RowStore(
      { tables, view, journal, subscriptions: this.subscriptions },
      {
        catchUp: (cursor) => host.catchUp(cursor),
        covered: (covers) => this.queue.release(covers),
      },
    );
    this.queue = new MutationQueue(env, {
      layers,
      view,
      journal,
      covers: (seq) => this.rows.covers(seq),
      isRecent: (seq) => this.rows.isRecent(seq),
      wake: () => this.#pushes.wake(),
      answered: () => this.gate.answered(),
      now: () => env.clock.now(),
    });
    this.gate = new RowGate(this.rows, () => this.queue.inDoubt);
    this.#pushes = new PushLane(env, this.queue, host);
  }

  /** Takes rows that came with the page. `shown` says that this page is surely their owner's. [S8] */
  give(owner: string, data: ServerData, shown: boolean): void {
    const { cursor, rows, whole } = data;
    this.forgetGiven();
    this.#given = { owner, whole, state: { cursor, rows, ops: [] } };
    if (shown) this.view.change(() => this.rows.show({ rows }));
  }

  /** What came with the page is not this owner's. */
  forgetGiven(): void {
    if (!this.#given) return;
    this.#given = undefined;
    this.view.change(() => this.rows.clear());
  }

  /**
   * Loads what is stored for an owner. `withRows` is for those who are not connected: a server that already
   * speaks to this client sends it a new copy. Resolves, never rejects, when all is in the view.
   */
  async open(owner: string, withRows: boolean): Promise<void> {
    this.hold();
    const generation = ++this.#generation;
    if (this.#given && this.#given.owner !== owner) this.forgetGiven();
    else if (this.#given) this.view.change(() => this.rows.show(this.#given!.state));
    const stored = await this.journal.open(owner);
    if (generation !== this.#generation) return;
    let tell = () => {};
    this.view.change(() => {
      if (withRows) this.#hydrate(stored);
      tell = this.queue.hydrate(stored.ops);
    });
    tell();
  }

  /**
   * Stored rows that are as new as those of the page win, and so do they over a part of the entities, from
   * which the engine could not go on.
   */
  #hydrate(stored: StoredState): void {
    const given = this.#given;
    this.#given = undefined;
    if (!given?.whole || !given.state.cursor) return this.rows.hydrate(stored);
    const { cursor } = given.state;
    const newer = stored.cursor?.epoch === cursor.epoch && stored.cursor.seq >= cursor.seq;
    if (newer) this.rows.hydrate(stored);
    else this.rows.adopt(given.state);
  }

  /** Lets go of everything of the present owner; nothing of it is shown, sent or saved any more. [S8] */
  empty(): void {
    this.#generation++;
    this.#given = undefined;
    this.hold();
    this.journal.release();
    let tell = () => {};
    this.view.change(() => {
      tell = this.queue.clear();
      this.rows.clear();
    });
    tell();
  }

  connected(server: Cursor, { limits, queried }: { limits: Limits; queried: readonly string[] }): void {
    this.rows.connected(server, queried);
    this.#pushes.connected(limits);
  }

  lost(): void {
    this.gate.lost();
    this.subscriptions.lost();
    this.#pushes.lost();
  }

  /** Keeps writes back while it is not certain whose they are. */
  hold(): void {
    this.#pushes.hold();
  }

  release(): void {
    this.#pushes.release();
  }

  /** False: the result is not that of a push. */
  result(message: Result): boolean {
    return this.#pushes.result(message);
  }

  /** Resolves when the server has confirmed the rows; rejects with what `ended` gives first. */
  synced(ended: Promise<Fault>): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.view.knowledge === 'complete') return resolve();
      const cancel = this.view.subscribe(() => {
        if (this.view.knowledge !== 'complete') return;
        cancel();
        resolve();
      });
      void ended.then((fault) => {
        cancel();
        reject(fault);
      });
    });
  }

  /** Saves what is left to save. */
  async close(): Promise<void> {
    this.#pushes.close();
    this.subscriptions.close();
    await this.journal.close();
  }
}
