/**
 * The user's row writes on their way to the server. Each is visible at once (a layer of the overlay), stored
 * durably, then pushed in order under its op id, again after each reconnect, until the server answers. [L3]
 *
 *   saving --durable--> queued --taken--> sent --ok with seq--> acked --cursor covers seq--> gone
 *                          ^---lost, retryable---'  '--ok without seq, or covered already--> gone
 *                                                   '--refused--> failed (layer gone) --retry--> a new op
 *                                                                                     --remove--> gone
 * [S7] A layer goes in the very change of the view in which the rows that cover it come.
 */
import { CODES, isCode } from '../base/codes.ts';
import type { Cancel, Env } from '../base/env.ts';
import { Fault } from '../base/fault.ts';
import { parseShape } from '../base/shape.ts';
import { type PushOp, pushOp } from '../protocol/client-message.ts';
import { Listeners } from './listeners.ts';
import { OpIds } from './op-ids.ts';
import type { Overlay } from './overlay.ts';
import type { StoredOp } from './persistence.ts';
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
  | { name: 'acked'; seq: number }
  | { name: 'failed' };

interface QueuedOp {
  stored: StoredOp;
  state: OpState;
  internals: number;
}

/** What became of a row write. `done`: the server has it. `dropped`: removed, or its identity is gone. */
export interface MutationEvent {
  readonly status: 'pending' | 'failed' | 'done' | 'dropped';
  readonly change: PushOp;
  readonly error?: { code: string; message: string } | undefined;
}

export type Outcome = { ok: true; seq: number | undefined } | { ok: false; fault: Fault };

export interface MutationQueueDeps {
  readonly overlay: Overlay;
  readonly view: RowView;
  readonly journal: RowJournal;
  /** Whether the rows hold the effects of this transaction already. */
  covers(seq: number): boolean;
  /** There may be something to push. */
  wake(): void;
}

export class MutationQueue {
  readonly #deps: MutationQueueDeps;
  readonly #ids: OpIds;
  /** In the order of their ids. */
  readonly #ops = new Map<string, QueuedOp>();
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
    if (this.#ops.size >= MAX_QUEUED_OPS)
      throw new Fault('overloaded', `more than ${MAX_QUEUED_OPS} writes wait`);
    const id = this.#ids.next();
    const change = parseShape(pushOp, { op_id: id, ...write }, 'write');
    const op: QueuedOp = {
      stored: { id, change, status: 'pending' },
      state: { name: 'saving' },
      internals: 0,
    };
    this.#ops.set(id, op);
    void this.#save(op);
    this.#layer([op], 'add');
    this.#tell(op, 'pending');
    return id;
  }

  /** Does a failed write again, as a new op: its refusal was final. Returns the new op id. */
  retry(id: string): string {
    const op = this.#failed(id);
    this.remove(id);
    const { op_id: _, ...change } = op.stored.change;
    return this.add(change);
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
    }
    const earlier = [...this.#ops.values()];
    for (const [id, op] of later) this.#ops.set(id, op);
    for (const op of this.#ops.values()) this.#relayer(op, op.state.name === 'failed' ? 'remove' : 'again');
    return () => {
      for (const op of earlier) this.#tell(op, op.stored.status);
    };
  }

  /** The next to push, in order: at most `max`, none that waits behind one that is not durable yet. */
  next(max: number): PushOp[] {
    const found: PushOp[] = [];
    for (const op of this.#ops.values()) {
      if (op.state.name === 'saving' || found.length >= max) break;
      if (op.state.name === 'queued') found.push(op.stored.change);
    }
    return found;
  }

  sent(ids: readonly string[]): void {
    for (const id of ids) this.#move(id, 'sent');
  }

  /** Sent, but no answer will come on this connection, or not a final one. */
  requeue(ids: readonly string[]): void {
    for (const id of ids) this.#move(id, 'queued');
  }

  /** The server's answer for one op. False: it is to be sent again, later. */
  settle(id: string, outcome: Outcome): boolean {
    const op = this.#ops.get(id);
    if (op?.state.name !== 'sent') return true;
    if (!outcome.ok && this.#mayRetry(op, outcome.fault)) {
      op.state = { name: 'queued' };
      return false;
    }
    if (!outcome.ok) {
      this.#fail(op, outcome.fault);
    } else if (outcome.seq !== undefined && !this.#deps.covers(outcome.seq)) {
      op.state = { name: 'acked', seq: outcome.seq };
      this.#tell(op, 'done');
    } else {
      this.#forget(op);
      this.#layer([op], 'remove');
      this.#tell(op, 'done');
    }
    return true;
  }

  /** The cursor moved; inside the change of the view that moved it. */
  release(covers: (seq: number) => boolean): void {
    for (const op of this.#ops.values()) {
      if (op.state.name !== 'acked' || !covers(op.state.seq)) continue;
      this.#forget(op);
      this.#relayer(op, 'remove');
    }
  }

  /** Forgets everything, in memory. As `hydrate`: inside a change, and it returns what tells. [S8] */
  clear(): () => void {
    const ops = [...this.#ops.values()];
    this.#ops.clear();
    for (const op of ops) this.#relayer(op, 'remove');
    const unanswered = ops.filter((op) => op.state.name !== 'acked');
    return () => {
      for (const op of unanswered) this.#tell(op, 'dropped');
    };
  }

  async #save(op: QueuedOp): Promise<void> {
    await this.#deps.journal.saveOp(op.stored);
    if (op.state.name !== 'saving') return;
    op.state = { name: 'queued' };
    this.#deps.wake();
  }

  #fail(op: QueuedOp, { code, message }: Fault): void {
    op.state = { name: 'failed' };
    op.stored = { ...op.stored, status: 'failed', error: { code, message } };
    void this.#deps.journal.saveOp(op.stored);
    this.#layer([op], 'remove');
    this.#tell(op, 'failed');
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

  #layer(ops: readonly QueuedOp[], how: 'add' | 'remove'): void {
    this.#deps.view.change(() => {
      for (const op of ops) this.#relayer(op, how);
    });
  }

  /** `again`: put on top, so that layers stay in the order of the ops. */
  #relayer({ stored: { change } }: QueuedOp, how: 'add' | 'remove' | 'again'): void {
    const { view, overlay } = this.#deps;
    view.touch(change.entity, change.row_id);
    if (how !== 'add') overlay.remove(change);
    if (how !== 'remove') overlay.add(change);
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

/** Tells of each step of each row write: `pending`, then `done`, `failed` or `dropped`. As `mutations.subscribe`. */
export function mutationQueueListener(
  mutations: Pick<MutationQueue, 'subscribe'>,
  listener: (event: MutationEvent) => void,
): Cancel {
  return mutations.subscribe(listener);
}
