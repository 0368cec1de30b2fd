/**
 * The rows of one query for one audience, for all subscriptions to it. A commit that touches it is looked at
 * once and encoded once. Owned by live-rows.ts; followed by subscriptions.ts. [S4] Decided from the images
 * before and after, so what leaves the query or the audience's sight is removed by the change that did it.
 *
 * Without a limit it holds rows only while somebody waits for them: changes tell all the rest. With one it
 * holds a window, and reads it anew in the background before its reserve is spent; were it ever spent, what
 * left is told at once and what should have slid in follows the read.
 *
 *   cold --enter--> loading --read, and the commits since--> ready --nobody waits, no limit--> cold
 *   ready, with a limit --reserve low--> loading, still ready      any --lost--> loading, followers start over
 *   any --end, nobody follows--> ended
 */
import { type Deferred, deferred } from '../base/deferred.ts';
import type { Env } from '../base/env.ts';
import { Fault } from '../base/fault.ts';
import type { JsonObject } from '../base/json.ts';
import type { Viewer } from '../policy/viewer.ts';
import type { RowOp } from '../protocol/row-batch.ts';
import { matches, type TypedSpec } from '../schema/match.ts';
import type { Commit } from '../store/change-log.ts';
import type { Store } from '../store/store.ts';
import type { LiveLimits } from './limits.ts';
import type { Member } from './member.ts';
import { RowWindow, turnsBetween } from './row-window.ts';
import type { Sight } from './survey.ts';
import { opOf, type Turn, type Visibility } from './visibility.ts';

/** One subscription of one session. */
export interface Follower {
  readonly id: number;
  readonly member: Member;
  /** The set has ended. */
  ended(fault: Fault): void;
}

/** A change as this set's audience may see it. */
export interface Touch {
  readonly commit: Commit;
  readonly sight: Sight;
}

export interface LiveSetDeps {
  readonly env: Env;
  readonly store: Pick<Store, 'read'>;
  readonly visibility: Visibility;
  readonly limits: LiveLimits;
  /** Up to here members have been told. */
  seq(): number;
  /** Sends what has changed outside of any commit. */
  tell(set: LiveSet, ops: readonly RowOp[]): void;
  /** Nobody follows it any more. */
  left(set: LiveSet): void;
}

/** What happened to a row while a read was under way. */
interface Late {
  readonly seq: number;
  readonly id: string;
  readonly now: JsonObject | undefined;
}

interface Loading {
  readonly done: Deferred<void>;
  late: Late[];
  /** What was seen since is not all: read again. */
  spoiled: boolean;
}

/** Pause after the database failed. */
const RETRY_MS = 1000;
/** Changes during one read, beyond which reading again is cheaper than keeping them. */
const MAX_LATE = 10_000;

export class LiveSet {
  readonly key: string;
  readonly spec: TypedSpec;
  readonly viewer: Viewer;
  readonly #deps: LiveSetDeps;
  readonly #waiting = new Set<Follower>();
  readonly #members = new Set<Follower>();
  #loading: Loading | undefined;
  #window: RowWindow | undefined;
  /** Without a limit, while somebody waits. */
  #rows: Map<string, JsonObject> | undefined;
  /** Without a limit: how many there are. */
  #count = 0;
  /** The rows, encoded, until they change. */
  #text: string | undefined;
  #over = false;

  constructor(key: string, of: { spec: TypedSpec; viewer: Viewer }, deps: LiveSetDeps) {
    this.key = key;
    this.spec = of.spec;
    this.viewer = of.viewer;
    this.#deps = deps;
  }

  /** Those who are told of changes. */
  get members(): ReadonlySet<Follower> {
    return this.#members;
  }

  /** `take` may be called. */
  get ready(): boolean {
    return this.#window ? !this.#window.short : this.#rows !== undefined;
  }

  /** Rows that it may come to hold. */
  get capacity(): number {
    return this.spec.limit === undefined ? 0 : this.#newWindow().capacity;
  }

  /** From now on its rows are got ready for this follower, and kept so. */
  enter(follower: Follower): void {
    this.#waiting.add(follower);
    if (!this.ready) this.#load();
  }

  /** Resolves when it is ready, has ended, or is to be asked again. Never rejects. */
  whenReady(): Promise<void> {
    return this.#loading && !this.ready ? this.#loading.done.promise : Promise.resolve();
  }

  /** Its rows as JSON; from now on this follower is told of changes. */
  take(follower: Follower): string {
    const rows = this.#window?.shown ?? [...(this.#rows?.values() ?? [])];
    this.#text ??= JSON.stringify(rows.map((data) => ({ row_id: String(data.id), data })));
    const text = this.#text;
    this.#waiting.delete(follower);
    this.#members.add(follower);
    this.#cool();
    return text;
  }

  exit(follower: Follower): void {
    this.#waiting.delete(follower);
    this.#members.delete(follower);
    this.#cool();
    if (this.#waiting.size + this.#members.size > 0 || this.#over) return;
    this.#over = true;
    this.#deps.left(this);
  }

  /** What these changes, of one COMMIT, are to its members: one op for each row that they see change. */
  change(touches: readonly Touch[]): RowOp[] {
    const turns = new Map<string, Turn>();
    for (const { commit, sight } of touches) {
      const { old, now } = this.#turn(sight);
      const first = turns.get(sight.id);
      turns.set(sight.id, { old: first ? first.old : old, now });
      this.#loading?.late.push({ seq: commit.seq, id: sight.id, now });
    }
    if (this.#loading && this.#loading.late.length > MAX_LATE) this.#spoil(this.#loading);
    const shown = this.#apply(turns);
    if (this.#window?.low) this.#load();
    return this.#ops(shown, touches.at(-1)!.commit);
  }

  /** It is not known what its audience saw change: all is to be read anew. The caller restarts its members. */
  lose(): void {
    this.#window = undefined;
    this.#rows = undefined;
    this.#text = undefined;
    if (this.#loading) this.#spoil(this.#loading);
    else if (this.#waiting.size > 0) this.#load();
  }

  end(fault: Fault): void {
    if (this.#over) return;
    this.#over = true;
    this.#deps.left(this);
    const followers = [...this.#waiting, ...this.#members];
    this.#waiting.clear();
    this.#members.clear();
    for (const follower of followers) follower.ended(fault);
  }

  /** As the policy and the query see it. */
  #turn(sight: Sight): Turn {
    const { old, now } = this.#deps.visibility.turn(sight, this.viewer);
    return {
      old: old && matches(this.spec, old) ? old : undefined,
      now: now && matches(this.spec, now) ? now : undefined,
    };
  }

  #apply(turns: ReadonlyMap<string, Turn>): ReadonlyMap<string, Turn> {
    this.#text = undefined;
    if (this.#window) return this.#window.apply(nowOf(turns));
    if (this.spec.limit !== undefined) return new Map(); // nobody has been told anything yet
    for (const [id, { old, now }] of turns) {
      this.#count = Math.max(0, this.#count + Number(now !== undefined) - Number(old !== undefined));
      if (now) this.#rows?.set(id, now);
      else this.#rows?.delete(id);
    }
    return turns;
  }

  #ops(turns: ReadonlyMap<string, Turn>, at: Pick<Commit, 'seq' | 'at'>): RowOp[] {
    const ops: RowOp[] = [];
    for (const [id, turn] of turns) {
      const op = opOf({ entity: this.spec.entity, id }, turn, at);
      if (op) ops.push(op);
    }
    return ops;
  }

  /** More than a set without a limit may have. Asked after its changes have been told. */
  get tooLarge(): boolean {
    return this.#count > this.#deps.limits.maxSubscriptionRows;
  }

  #cool(): void {
    if (this.#waiting.size > 0) return;
    this.#rows = undefined;
    this.#text = this.#window ? this.#text : undefined;
  }

  #load(): void {
    if (this.#loading || this.#over) return;
    const loading: Loading = { done: deferred<void>(), late: [], spoiled: false };
    this.#loading = loading;
    this.#fill(loading)
      .catch((error) => this.end(error instanceof Fault ? error : new Fault('internal', 'a read failed')))
      .finally(() => {
        this.#loading = undefined;
        loading.done.resolve();
        if (!this.#over && this.#waiting.size > 0 && !this.ready) this.#load();
      });
  }

  #spoil(loading: Loading): void {
    loading.spoiled = true;
    loading.late = [];
  }

  async #fill(loading: Loading): Promise<void> {
    const { env } = this.#deps;
    do {
      loading.spoiled = false;
      loading.late = [];
      const read = await this.#read();
      if (this.#over) return;
      if (!read) {
        await new Promise<void>((resolve) => env.clock.after(RETRY_MS, resolve));
        loading.spoiled = true;
        continue;
      }
      // Read between a COMMIT and its fan-out, which is about to happen.
      while (read.seq > this.#deps.seq()) await new Promise<void>((resolve) => env.clock.soon(resolve));
      if (this.#over) return;
      if (!loading.spoiled) this.#adopt(read, loading.late);
    } while (!this.#over && (loading.spoiled || this.#window?.short));
  }

  /** Undefined when the database failed. Throws what is wrong with the query. */
  async #read(): Promise<{ rows: JsonObject[]; seq: number } | undefined> {
    const { store, visibility, limits, env } = this.#deps;
    const { fields: _, ...spec } = this.spec;
    const limit = spec.limit === undefined ? limits.maxSubscriptionRows + 1 : this.#newWindow().capacity;
    try {
      return await store.read(async (snapshot) => {
        const reader = visibility.reader(spec.entity, this.viewer);
        const seq = await snapshot.seq();
        const rows = await snapshot.select({ ...spec, limit }, reader.clause);
        return {
          seq,
          rows: rows.flatMap((row) => {
            const data = reader.row(row);
            return data ? [data] : [];
          }),
        };
      });
    } catch (error) {
      if (error instanceof Fault && error.code === 'invalid') throw error;
      env.log.error('sync.subscription_read_failed', { entity: spec.entity, error: String(error) });
      return undefined;
    }
  }

  /** The rows of a moment, and what happened since. */
  #adopt({ rows, seq }: { rows: readonly JsonObject[]; seq: number }, happened: readonly Late[]): void {
    const { env, tell, limits } = this.#deps;
    const late = new Map(happened.flatMap((one) => (one.seq > seq ? [[one.id, one.now] as const] : [])));
    this.#text = undefined;
    if (this.spec.limit !== undefined) {
      const window = this.#newWindow();
      window.fill(rows);
      window.apply(late);
      const before = this.#window?.shown ?? [];
      this.#window = window;
      const at = { seq: this.#deps.seq(), at: env.clock.now() };
      const ops = this.#members.size > 0 ? this.#ops(turnsBetween(before, window.shown), at) : [];
      if (ops.length > 0) tell(this, ops);
      return;
    }
    const all = new Map(rows.map((row) => [String(row.id), row]));
    for (const [id, row] of late) {
      if (row) all.set(id, row);
      else all.delete(id);
    }
    this.#count = all.size;
    if (this.tooLarge) return this.end(tooLarge(limits));
    if (this.#waiting.size > 0) this.#rows = all;
  }

  #newWindow(): RowWindow {
    return new RowWindow(this.spec, {
      limit: this.spec.limit ?? 0,
      reserve: this.#deps.limits.reserveRows,
    });
  }
}

export function tooLarge({ maxSubscriptionRows: max }: LiveLimits): Fault {
  return new Fault('too_large', `a subscription has at most ${max} rows: give it a limit`);
}

function nowOf(turns: ReadonlyMap<string, Turn>): Map<string, JsonObject | undefined> {
  return new Map([...turns].map(([id, { now }]) => [id, now]));
}
