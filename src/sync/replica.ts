/**
 * The server's half of one client's copy of the rows: brings it up to date, keeps it so, and starts over
 * when its reader was too slow, its cursor is of another history, its identity has changed, or the log does
 * not tell what other rows have shown and hidden (survey.ts).
 *
 *   idle --start--> copying (reset + pages) --last page--> reading the log --at the head--> live
 *                        '--cursor is good-----------------------^               |
 *                                                                '--lane full, room again
 *   any --start--> again from there      any --close--> closed
 *
 * Its subscriptions (subscriptions.ts) are told by the batch with which it becomes live, and then with every
 * batch; those that come later are told in the turn in which their rows are at hand, so nothing that happens
 * is missed or told twice. While a long log is read in parts, what subscriptions showed before stays as it was
 * until the last part brings it anew.
 *
 * [S2] batches join up: each starts at the cursor where the last one ended.  [S6] a resumed client gets what
 * a fresh one would.  [S10] at most one page or batch waits in the rows lane beyond its cap.
 */
import { type Deferred, deferred } from '../base/deferred.ts';
import type { Env } from '../base/env.ts';
import type { Fault } from '../base/fault.ts';
import type { JsonObject } from '../base/json.ts';
import { sameViewer, type Viewer } from '../policy/viewer.ts';
import { type Cursor, encodeBatch, withParts } from '../protocol/row-batch.ts';
import type { ServerMessage } from '../protocol/server-message.ts';
import type { Store } from '../store/store.ts';
import type { FanOut } from './fan-out.ts';
import type { LiveRows } from './live-rows.ts';
import { LogReader, type SeenPage } from './log-reader.ts';
import type { Member } from './member.ts';
import { Subscriptions } from './subscriptions.ts';
import type { Surveyor } from './survey.ts';
import type { Visibility } from './visibility.ts';

/** The rows lane of a connection's outbox. */
export interface RowSink {
  /** False: the lane is full and the text was dropped; `Replica.drained` is called when there is room. */
  send(text: string): boolean;
  /** A subscription was refused or has ended. */
  dropped(id: number, fault: Fault): void;
}

export interface ReplicaDeps {
  readonly env: Env;
  readonly store: Store;
  readonly fanOut: FanOut;
  readonly visibility: Visibility;
  readonly surveyor: Surveyor;
  readonly live: LiveRows;
  /** Of one session. */
  readonly maxSubscriptions: number;
}

/** Rows in one page of a copy. */
export const PAGE_ROWS = 500;
/** Reads of the log that the next commit overtook, after which subscriptions are told apart from their batch. */
const MAX_OVERTAKEN = 5;
/** Pause after the database failed under a catch-up. */
const RETRY_MS = 1000;

export class Replica implements Member {
  readonly #deps: ReplicaDeps;
  readonly #log: LogReader;
  readonly #sink: RowSink;
  readonly #subscriptions: Subscriptions;
  #viewer: Viewer;
  #cursor = 0;
  #live = false;
  /** Grows with each start; older runs see it and stop. */
  #run = 0;
  #room: Deferred<void> | undefined;

  constructor(deps: ReplicaDeps, sink: RowSink, viewer: Viewer) {
    this.#deps = deps;
    this.#log = new LogReader({ ...deps, access: deps.fanOut });
    this.#sink = sink;
    this.#viewer = viewer;
    const dropped = (id: number, fault: Fault) => sink.dropped(id, fault);
    this.#subscriptions = new Subscriptions(deps.live, { member: this, dropped }, deps.maxSubscriptions);
  }

  get viewer(): Viewer {
    return this.#viewer;
  }

  get cursor(): number {
    return this.#cursor;
  }

  get epoch(): string {
    return this.#log.epoch(this.#viewer);
  }

  /** Brings the client up to date from `cursor`; null, foreign, future or trimmed cursors start a new copy. */
  start(cursor: Cursor | null): void {
    this.#stop();
    const good = cursor !== null && this.#log.isGood(cursor, this.#viewer);
    const run = this.#run;
    this.#catchUp(run, good ? cursor.seq : null).catch((error) => {
      if (run !== this.#run) return;
      this.#deps.env.log.error('sync.catch_up_failed', { error: String(error) });
      const from = { epoch: this.epoch, seq: this.#cursor };
      this.#deps.env.clock.after(RETRY_MS, () => {
        if (run === this.#run) this.start(from);
      });
    });
  }

  /** Another identity: what the client has is void. [S8] */
  setViewer(viewer: Viewer): void {
    if (sameViewer(viewer, this.#viewer)) return;
    this.#stop();
    this.#viewer = viewer;
    this.start(null);
  }

  /** Throws `bad_message` for a number that is in use. */
  subscribe(id: number, query: JsonObject): void {
    this.#subscriptions.add(id, query);
    if (this.#live) void this.#answer(this.#run);
  }

  unsubscribe(id: number): void {
    this.#subscriptions.remove(id);
  }

  /** A write of this client has been answered: its cursor must pass `seq`, though it may see nothing new. */
  ensure(seq: number): void {
    if (!this.#live || this.#cursor >= seq) return;
    const to = this.#deps.fanOut.seq;
    this.deliver(encodeBatch(this.#cursor, to, '[]'), to);
  }

  deliver(text: string, to: number): void {
    if (this.#sink.send(text)) {
      this.#cursor = to;
      return;
    }
    // Too slow: forget the batch and read the log from the cursor when there is room.
    this.#stop();
    const run = this.#run;
    const from = { epoch: this.epoch, seq: this.#cursor };
    this.#roomAgain().then(() => {
      if (run === this.#run) this.start(from);
    });
  }

  restart(): void {
    this.start({ epoch: this.epoch, seq: this.#cursor });
  }

  /** The rows lane has room again. */
  drained(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }

  close(): void {
    this.#stop();
  }

  #stop(): void {
    this.#run++;
    this.#deps.fanOut.leave(this);
    this.#subscriptions.suspend();
    this.#live = false;
  }

  /** Tells the first rows of subscriptions that came to a live replica. */
  async #answer(run: number): Promise<void> {
    const subscriptions = this.#subscriptions;
    do {
      await subscriptions.prepare();
      if (run !== this.#run || !this.#live) return;
      if (!subscriptions.someReady) continue;
      const to = this.#deps.fanOut.seq;
      const parts = subscriptions.take();
      if (parts.length > 0) this.deliver(encodeBatch(this.#cursor, to, withParts('[]', parts)), to);
    } while (run === this.#run && !subscriptions.ready);
  }

  async #catchUp(run: number, seq: number | null): Promise<void> {
    const { env, fanOut } = this.#deps;
    const subscriptions = this.#subscriptions;
    let from = seq ?? (await this.#copy(run));
    let overtaken = 0;
    while (run === this.#run) {
      this.#cursor = from;
      if (from > fanOut.seq) {
        // The log was read between a COMMIT and its fan-out, which is about to happen.
        await new Promise<void>((resolve) => env.clock.soon(resolve));
        continue;
      }
      await subscriptions.prepare();
      if (run !== this.#run) return;
      const seen = await this.#log.since(from, this.#viewer);
      if (run !== this.#run) return;
      if (!seen) {
        from = await this.#copy(run);
        continue;
      }
      const ops = JSON.stringify(seen.ops);
      if (seen.to === fanOut.seq && subscriptions.ready) {
        if (this.#sink.send(encodeBatch(from, seen.to, withParts(ops, subscriptions.take())))) {
          this.#cursor = seen.to;
          this.#live = true;
          fanOut.join(this);
          return;
        }
        subscriptions.suspend(); // nothing is held for a slow reader
        await this.#roomAgain();
      } else if (seen.isAll && subscriptions.size > 0 && overtaken < MAX_OVERTAKEN) {
        overtaken++; // what they showed goes on together with the rest
      } else if (seen.to > from) {
        if (!(await this.#send(encodeBatch(from, seen.to, ops), run))) return;
        from = seen.to;
      }
    }
  }

  /**
   * Sends all rows and returns the seq from which the log makes them one moment: pages are read one by one,
   * so a page may be newer than that seq, and the client shows nothing until the batches have caught up.
   */
  async #copy(run: number): Promise<number> {
    const { fanOut, visibility } = this.#deps;
    const seq = fanOut.seq;
    const message = (value: ServerMessage) => this.#send(JSON.stringify(value), run);
    if (!(await message({ t: 'reset', cursor: { epoch: this.epoch, seq } }))) return seq;
    for (const entity of visibility.entities) {
      let place: string | null = '';
      while (place !== null) {
        const { rows, next }: SeenPage = await this.#log.page(entity, this.#viewer, {
          afterId: place,
          size: PAGE_ROWS,
        });
        if (rows.length > 0 && !(await message({ t: 'page', entity, rows, last: false }))) return seq;
        if (run !== this.#run) return seq;
        place = next;
      }
    }
    await message({ t: 'page', entity: null, rows: [], last: true });
    return seq;
  }

  /** Sends, waiting for room as often as needed. False: this run is over. */
  async #send(text: string, run: number): Promise<boolean> {
    while (run === this.#run) {
      if (this.#sink.send(text)) return true;
      await this.#roomAgain();
    }
    return false;
  }

  #roomAgain(): Promise<void> {
    this.#room ??= deferred<void>();
    return this.#room.promise;
  }
}
