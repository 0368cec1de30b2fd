/**
 * The user's row writes, and calls with an optimistic part, on their way to the server. Each is visible at once
 * (layers.ts), stored durably, then sent in order under its op id, again after each reconnect, until the server
 * answers. [L3]
 *
 *   saving --durable--> queued --taken--> sent --ok with seq--> acked --cursor covers seq--> gone
 *                          ^---lost, retryable---'  '--ok without seq, or covered already--> gone
 *                                                   '--refused--> failed (layer gone) --retry--> a new op
 *                                                                                     --remove--> gone
 * [S7] A layer goes in the very change of the view in which the rows that cover it come.
 */
import { CODES, isCode } from '../base/codes.ts';
import { type Deferred, deferred } from '../base/deferred.ts';
import type { Cancel, Env } from '../base/env.ts';
import { Fault } from '../base/fault.ts';
import type { Json } from '../base/json.ts';
import { parseShape } from '../base/shape.ts';
import { type PushOp, pushOp } from '../protocol/client-message.ts';
import type { Layers } from './layers.ts';
import { Listeners } from './listeners.ts';
import { OpIds } from './op-ids.ts';
import type { CallOp, Change, StoredOp } from './persistence.ts';
import type { RowJournal } from './row-journal.ts';
import type { RowView } from './row-view.ts';

/** Ops that one client holds, in whatever state. */
export const MAX_QUEUED_OPS = 10_000;
/** `internal` names a bug of the server: an op that meets it this often in a row is given up. */
const MAX_INTERNAL = 5;

type OpState =
  | { name: 'saving' }
  | { name: 'queued' }
  | { name: 'sent' }
  | { name: 'acked'; seq: number; value: Json }
  | { name: 'failed' };

interface QueuedOp {
  stored: StoredOp;
  state: OpState;
  internals: number;
  /** Of the caller of this visit. */
  readonly result?: Deferred<Json> | undefined;
}

/** What became of a write or a call. `done`: the server has it. `dropped`: removed, or its identity is gone. */
export interface MutationEvent {
  readonly status: 'pending' | 'failed' | 'done' | 'dropped';
  readonly change: Change;
  readonly error?: { code: string; message: string } | undefined;
}

export type Outcome =
  | { ok: true; seq: number | undefined; value?: Json | undefined }
  | { ok: false; fault: Fault };

export interface MutationQueueDeps {
  readonly layers: Layers;
  readonly view: RowView;
  readonly journal: RowJournal;
  /** Whether the rows hold the effects of this transaction already. */
  covers(seq: number): boolean;
  /** Whether this transaction is of the time of this connection. */
  isRecent(seq: number): boolean;
  /** There may be something to send. */
  wake(): void;
  /** An op was answered. */
  answered(): void;
  now(): number;
}

export class MutationQueue {
  readonly #deps: MutationQueueDeps;
  readonly #ids: OpIds;
  /** In the order of their ids. */
  readonly #ops = new Map<string, QueuedOp>();
  /** Calls that may have run without our knowing: sent, or stored by an earlier visit, and not answered. */
  readonly #doubtful = new Set<string>();
  readonly #changed: Listeners<[MutationEvent]>;
  #lists: { pending: readonly StoredOp[]; failed: readonly StoredOp[] } | undefined;

  constructor(env: Env, deps: MutationQueueDeps) {
    this.#changed = new Listeners(env.log);
    this.#deps = deps;
    this.#ids = new OpIds(env);
  }

  /** Not answered yet. The same array until something changes. */
  pending(): readonly StoredOp[] {
    return this.#split().pending;
  }

  /** Refused, rolled back, and kept until retried or removed. */
  failed(): readonly StoredOp[] {
    return this.#split().failed;
  }

  subscribe(listener: (event: MutationEvent) => void): Cancel {
    return this.#changed.on(listener);
  }

  /**
   * Takes a write; the view shows it when this returns. Throws `overloaded` when the queue is full, and
   * `invalid` for what the protocol cannot say: the server would end the connection for it, again and again.
   */
  add(write: Omit<PushOp, 'op_id'>): string {
    const change = parseShape(pushOp, { op_id: this.#nextId(), ...write }, 'write');
    return this.#enter(change).stored.id;
  }

  /**
   * Takes a call; the view shows its optimistic part when this returns. Resolves when the rows hold what the
   * server did, rejects with its refusal, or when `clear` or `close` comes first. Throws as `add`.
   */
  call(fn: string, args: Json): Promise<Json> {
    const change = this.#callOp(fn, args);
    const result = deferred<Json>();
    this.#enter(change, result);
    return result.promise;
  }

  /** A call waits for its answer, and may have run. */
  get inDoubt(): boolean {
    return this.#doubtful.size > 0;
  }

  /** Does a failed write again, as a new op: its refusal was final. Returns the new op id. */
  retry(id: string): string {
    const op = this.#failed(id);
    this.remove(id);
    const { change } = op.stored;
    if (change.kind === 'call') return this.#enter(this.#callOp(change.fn, change.args)).stored.id;
    const { op_id: _, ...write } = change;
    return this.add(write);
  }

  /** Forgets a failed write. */
  remove(id: string): void {
    const op = this.#failed(id);
    this.#forget(op);
    this.#tell(op, 'dropped');
  }

  /**
   * Ops of an earlier visit; they come before all that was added since. Inside a change of the view; call
   * what it returns after it, to tell the listeners.
   */
  hydrate(stored: readonly StoredOp[]): () => void {
    const later = [...this.#ops.entries()];
    this.#ops.clear();
    for (const op of [...stored].sort((a, b) => (a.id < b.id ? -1 : 1))) {
      this.#ids.seen(op.id);
      const state: OpState = { name: op.status === 'failed' ? 'failed' : 'queued' };
      this.#ops.set(op.id, { stored: op, state, internals: 0 });
      if (op.change.kind === 'call' && op.status === 'pending') this.#doubtful.add(op.id);
    }
    const earlier = [...this.#ops.values()];
    for (const [id, op] of later) this.#ops.set(id, op);
    const shown = [...this.#ops.values()].filter((op) => op.state.name !== 'failed');
    this.#deps.layers.reorder(shown.map((op) => op.stored.change));
    return () => {
      for (const op of earlier) this.#tell(op, op.stored.status);
    };
  }

  /** The next to send, in order: at most `max`, none that waits behind one that is not durable yet. */
  next(max: number): Change[] {
    const found: Change[] = [];
    for (const op of this.#ops.values()) {
      if (op.state.name === 'saving' || found.length >= max) break;
      if (op.state.name === 'queued') found.push(op.stored.change);
    }
    return found;
  }

  sent(ids: readonly string[]): void {
    for (const id of ids) {
      this.#move(id, 'sent');
      if (this.#ops.get(id)?.stored.change.kind === 'call') this.#doubtful.add(id);
    }
  }

  /** Sent, but no answer will come on this connection, or not a final one. */
  requeue(ids: readonly string[]): void {
    for (const id of ids) this.#move(id, 'queued');
  }

  /** The server's answer for one op. False: it is to be sent again, later. */
  settle(id: string, outcome: Outcome): boolean {
    const op = this.#ops.get(id);
    if (op?.state.name !== 'sent') return true;
    this.#doubtful.delete(id);
    const final = this.#settle(op, outcome);
    // What runs only now was never sent before, and neither was what is behind it. And a server in trouble may
    // answer late: until then its rows are worth more than the doubt.
    const isFirstRun = outcome.ok && outcome.seq !== undefined && this.#deps.isRecent(outcome.seq);
    if (isFirstRun || !final) this.#doubtful.clear();
    this.#deps.answered();
    return final;
  }

  #settle(op: QueuedOp, outcome: Outcome): boolean {
    if (!outcome.ok && this.#mayRetry(op, outcome.fault)) {
      op.state = { name: 'queued' };
      return false;
    }
    if (!outcome.ok) {
      this.#fail(op, outcome.fault);
    } else if (outcome.seq !== undefined && !this.#deps.covers(outcome.seq)) {
      op.state = { name: 'acked', seq: outcome.seq, value: outcome.value ?? null };
      this.#tell(op, 'done');
    } else {
      this.#forget(op);
      this.#unlayer(op);
      this.#tell(op, 'done');
      op.result?.resolve(outcome.value ?? null);
    }
    return true;
  }

  /** The cursor moved; inside the change of the view that moved it. */
  release(covers: (seq: number) => boolean): void {
    for (const op of this.#ops.values()) {
      if (op.state.name !== 'acked' || !covers(op.state.seq)) continue;
      this.#forget(op);
      this.#deps.layers.remove(op.stored.change);
      op.result?.resolve(op.state.value);
    }
  }

  /** Forgets everything, in memory. As `hydrate`: inside a change, and it returns what tells. [S8] */
  clear(): () => void {
    const ops = [...this.#ops.values()];
    this.#ops.clear();
    this.#doubtful.clear();
    for (const op of ops) this.#deps.layers.remove(op.stored.change);
    const fault = new Fault('unauthorized', 'the identity changed');
    for (const op of ops) op.result?.reject(fault);
    const unanswered = ops.filter((op) => op.state.name !== 'acked');
    return () => {
      for (const op of unanswered) this.#tell(op, 'dropped');
    };
  }

  /** Nobody waits any more; what is stored is sent by the next visit. */
  close(fault: Fault): void {
    for (const op of this.#ops.values()) op.result?.reject(fault);
  }

  #nextId(): string {
    if (this.#ops.size >= MAX_QUEUED_OPS)
      throw new Fault('overloaded', `more than ${MAX_QUEUED_OPS} writes wait`);
    return this.#ids.next();
  }

  /** With arguments of its own, which nobody changes later. */
  #callOp(fn: string, args: Json): CallOp {
    const own: Json = JSON.parse(JSON.stringify(args));
    return { op_id: this.#nextId(), kind: 'call', fn, args: own, now: this.#deps.now() };
  }

  #enter(change: Change, result?: Deferred<Json>): QueuedOp {
    const stored: StoredOp = { id: change.op_id, change, status: 'pending' };
    const op: QueuedOp = { stored, state: { name: 'saving' }, internals: 0, result };
    this.#ops.set(stored.id, op);
    void this.#save(op);
    this.#deps.view.change(() => this.#deps.layers.add(change));
    this.#tell(op, 'pending');
    return op;
  }

  async #save(op: QueuedOp): Promise<void> {
    await this.#deps.journal.saveOp(op.stored);
    if (op.state.name !== 'saving') return;
    op.state = { name: 'queued' };
    this.#deps.wake();
  }

  #fail(op: QueuedOp, fault: Fault): void {
    const { code, message } = fault;
    op.state = { name: 'failed' };
    op.stored = { ...op.stored, status: 'failed', error: { code, message } };
    void this.#deps.journal.saveOp(op.stored);
    this.#unlayer(op);
    this.#tell(op, 'failed');
    op.result?.reject(fault);
  }

  #mayRetry(op: QueuedOp, fault: Fault): boolean {
    if (fault.code === 'internal') return ++op.internals < MAX_INTERNAL;
    op.internals = 0;
    const { retry } = CODES[isCode(fault.code) ? fault.code : 'internal'];
    return retry === 'backoff' || retry === 'now';
  }

  #failed(id: string): QueuedOp {
    const op = this.#ops.get(id);
    if (op?.state.name !== 'failed') throw new Fault('not_found', `no failed write ${id}`);
    return op;
  }

  #move(id: string, name: 'queued' | 'sent'): void {
    const op = this.#ops.get(id);
    if (op && (op.state.name === 'queued' || op.state.name === 'sent')) op.state = { name };
  }

  #forget(op: QueuedOp): void {
    this.#ops.delete(op.stored.id);
    void this.#deps.journal.deleteOp(op.stored.id);
  }

  #unlayer(op: QueuedOp): void {
    this.#deps.view.change(() => this.#deps.layers.remove(op.stored.change));
  }

  #tell(op: QueuedOp, status: MutationEvent['status']): void {
    this.#lists = undefined;
    this.#changed.emit({ status, change: op.stored.change, error: op.stored.error });
  }

  #split(): { pending: readonly StoredOp[]; failed: readonly StoredOp[] } {
    if (!this.#lists) {
      const [pending, failed]: [StoredOp[], StoredOp[]] = [[], []];
      for (const { state, stored } of this.#ops.values()) {
        if (state.name === 'failed') failed.push(stored);
        else if (state.name !== 'acked') pending.push(stored);
      }
      this.#lists = { pending, failed };
    }
    return this.#lists;
  }
}

/** Tells of each step of each queued write and call: `pending`, then `done`, `failed` or `dropped`. As `mutations.subscribe`. */
export function mutationQueueListener(
  mutations: Pick<MutationQueue, 'subscribe'>,
  listener: (event: MutationEvent) => void,
): Cancel {
  return mutations.subscribe(listener);
}
