/**
 * The watched queries of all sessions. What a commit touches is run again, in rounds: one round is one moment of
 * the database, in which all that was touched up to it runs; what was not touched is of that moment too. Then each
 * session is told what is new to it. Made by Host, asked by WatchSession.
 *
 *   idle --a commit touches, a query joins--> due --next turn--> running --all have run--> idle, or due again
 *
 * [Q1] a query runs again when a row that it read is written, and then only.  [Q2] at the end of a round every
 * answer is of the round's moment.  [S8] a round tells those alone who watch when it ends.
 */
import { type Deferred, deferred } from '../base/deferred.ts';
import type { Env } from '../base/env.ts';
import { Fault } from '../base/fault.ts';
import type { Json } from '../base/json.ts';
import type { PreparedQuery, WatchedQueries } from '../functions/watched-queries.ts';
import type { Viewer } from '../policy/viewer.ts';
import type { Commit } from '../store/change-log.ts';
import type { Snapshot, Store } from '../store/store.ts';
import { ConditionIndex } from './condition-index.ts';
import type { WatchLimits } from './limits.ts';
import { Answer, type Subscriber, touches, type Watch, type WatchOwner, type WatchRead } from './watch.ts';
import { WatchGroups } from './watch-groups.ts';

export interface QueryWatchDeps {
  readonly env: Env;
  readonly store: Store;
  readonly queries: WatchedQueries;
}

/** Pause after the database failed under a round. */
const RETRY_MS = 1000;

export class QueryWatch {
  readonly limits: WatchLimits;
  readonly #deps: QueryWatchDeps;
  readonly #groups = new WatchGroups();
  readonly #index = new ConditionIndex<WatchRead>();
  /** To be run. */
  readonly #touched = new Set<Watch>();
  /** Sessions that may have to be told something. */
  readonly #owed = new Set<WatchOwner>();
  #state: 'idle' | 'due' | 'running' = 'idle';
  /** Commits reported since the present round began. */
  #recent: Commit[] = [];
  /** The last commit reported. */
  #seq: number;
  /** Of the next report, for a round that waits for it. */
  #news: Deferred<void> | undefined;
  /** The moment of the last finished round, of which all answers are. */
  #at: number;

  constructor(deps: QueryWatchDeps, limits: WatchLimits) {
    this.#deps = deps;
    this.limits = limits;
    this.#seq = deps.store.seq;
    this.#at = this.#seq;
  }

  /** Watches that have a run of their own. */
  get size(): number {
    return this.#groups.size;
  }

  /** Throws when this viewer may not watch that. */
  async prepare({ fn, args }: { fn: string; args: Json }, viewer: Viewer): Promise<PreparedQuery> {
    try {
      return await this.#deps.queries.prepare(fn, args, viewer);
    } catch (error) {
      if (!(error instanceof Fault))
        this.#deps.env.log.error('watch.failed', { function: fn, error: String(error) });
      throw error;
    }
  }

  join(subscriber: Subscriber): void {
    const watch = this.#groups.place(subscriber);
    if (watch.touchedAt === -1) this.#touched.add(watch);
    this.#owed.add(subscriber.session);
    this.#schedule();
  }

  leave(subscriber: Subscriber): void {
    const { watch } = subscriber;
    subscriber.watch = undefined;
    if (watch?.subscribers.delete(subscriber) && watch.subscribers.size === 0) this.#forget(watch);
  }

  /** Tells the session what it lacks, once all answers are of one moment. */
  owes(session: WatchOwner): void {
    if (this.#state === 'running') this.#owed.add(session);
    else session.tell(this.#at);
  }

  commit(commits: readonly Commit[]): void {
    this.#seq = commits.at(-1)!.seq;
    this.#news?.resolve();
    if (this.#state === 'running') this.#recent.push(...commits);
    if (this.#index.size === 0) return;
    for (const { seq, changes } of commits) {
      for (const { entity, before, after } of changes) {
        for (const row of [before, after]) {
          if (!row) continue;
          for (const { watch, holds } of this.#index.find(entity, row))
            if (watch.touchedAt === undefined && (!holds || holds(row))) this.#touch(watch, seq);
        }
      }
    }
  }

  #touch(watch: Watch, seq: number): void {
    watch.touchedAt = seq;
    this.#touched.add(watch);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#state !== 'idle') return;
    this.#state = 'due';
    this.#deps.env.clock.soon(() => void this.#round());
  }

  async #round(): Promise<void> {
    const { env, store } = this.#deps;
    this.#state = 'running';
    const made = new Map<Watch, Answer>();
    try {
      // Answers that nothing has touched are those of the present.
      if (this.#touched.size === 0) this.#finish(this.#seq, made);
      else this.#finish(await store.read((snapshot) => this.#runAll(snapshot, made)), made);
    } catch (error) {
      env.log.error('sync.watch_failed', { error: String(error) });
      for (const watch of made.keys()) this.#again(watch);
      this.#recent = [];
      env.clock.after(RETRY_MS, () => void this.#round());
      return;
    }
    this.#recent = [];
    this.#state = 'idle';
    if (this.#touched.size > 0 || this.#owed.size > 0) this.#schedule();
  }

  /** Runs all that the moment of the snapshot has touched; gives that moment. */
  async #runAll(snapshot: Snapshot, made: Map<Watch, Answer>): Promise<number> {
    const at = await snapshot.seq();
    // The moment may lie between a COMMIT and the news of it, which is about to come.
    while (this.#seq < at) {
      this.#news = deferred();
      await this.#news.promise;
    }
    const waiting = [...this.#touched].filter(({ touchedAt }) => touchedAt! <= at);
    for (const watch of waiting) {
      if (!this.#touched.has(watch)) continue; // it has left, or found others to share a run with
      const { maxRows, maxMs, maxResult } = this.limits;
      const run = await this.#deps.queries.run(
        watch.query,
        { source: snapshot, viewer: watch.viewer },
        { maxRows, maxMs, maxResult },
      );
      if (!this.#touched.delete(watch)) continue;
      watch.overruns = run.isOverrun ? watch.overruns + 1 : 0;
      this.#read(
        watch,
        run.reads.map((read) => ({ ...read, watch })),
      );
      watch.touchedAt = undefined;
      const later = this.#recent.find((commit) => commit.seq > at && touches(watch.reads, commit));
      if (later) this.#touch(watch, later.seq);
      const answer = new Answer(run.outcome);
      made.set(watch, watch.answer?.equals(answer) ? watch.answer : answer);
      const shared = this.#groups.told(watch, run.asksIdentity);
      for (const spare of shared.spare) this.#forget(spare);
      for (const other of shared.made) {
        this.#touched.add(other);
        waiting.push(other);
      }
    }
    return at;
  }

  #finish(at: number, made: ReadonlyMap<Watch, Answer>): void {
    this.#at = at;
    for (const [watch, answer] of made) {
      const isNew = watch.answer !== answer;
      watch.answer = answer;
      for (const { session } of isNew ? watch.subscribers : []) this.#owed.add(session);
      if (watch.overruns >= this.limits.maxOverruns) this.#break(watch, answer);
    }
    const owed = [...this.#owed];
    this.#owed.clear();
    for (const session of owed) session.tell(at);
  }

  /** It has gone over its limits too often. */
  #break(watch: Watch, { fault }: Answer): void {
    const { overruns, query, subscribers } = watch;
    this.#deps.env.log.warn('sync.watch_broken', { function: query.fn.name, overruns, code: fault?.code });
    for (const subscriber of [...subscribers]) subscriber.session.drop(subscriber, fault!);
  }

  /** What it found is lost: it runs again. */
  #again(watch: Watch): void {
    if (watch.subscribers.size === 0) return;
    watch.touchedAt ??= this.#seq;
    this.#touched.add(watch);
  }

  #read(watch: Watch, reads: readonly WatchRead[]): void {
    for (const read of watch.reads) this.#index.remove(read.condition, read);
    watch.reads = reads;
    for (const read of reads) this.#index.add(read.condition, read);
  }

  #forget(watch: Watch): void {
    this.#read(watch, []);
    this.#touched.delete(watch);
    this.#groups.remove(watch);
  }
}
