/**
 * Sends the queue's ops, one `push` or `call` in flight at a time: ops leave in order, and the writes that gather
 * meanwhile share the next push. Retryable failures put it to rest for a while; a lost connection sends all again.
 *
 *   offline --connected--> idle --ops--> flying --result--> idle        any --lost--> offline
 *                           ^              '--retryable--> resting --timer--> idle
 */
import { backoffMs } from '../base/backoff.ts';
import type { Cancel, Env } from '../base/env.ts';
import { Fault } from '../base/fault.ts';
import { parseShape } from '../base/shape.ts';
import { utf8Length } from '../base/utf8.ts';
import type { PushOp } from '../protocol/client-message.ts';
import type { Limits } from '../protocol/limits.ts';
import { type PushOutcome, pushOutcomes } from '../protocol/server-message.ts';
import { fits, nesting } from './message-size.ts';
import type { MutationQueue, Outcome } from './mutation-queue.ts';
import type { CallOp } from './persistence.ts';
import type { Result } from './server-text.ts';

const BACKOFF = { baseMs: 500, capMs: 30_000 };
/** Of the message around the ops. */
const ENVELOPE_BYTES = 64;
const ENVELOPE_LEVELS = 3;

export interface PushHost {
  nextId(): number;
  sendRaw(text: string): boolean;
}

type State =
  | { name: 'offline' }
  | { name: 'idle' }
  | { name: 'flying'; id: number; ops: PushOp[] }
  | { name: 'calling'; id: number; op: CallOp }
  | { name: 'resting'; timer: Cancel };

export class PushLane {
  readonly #env: Env;
  readonly #queue: MutationQueue;
  readonly #host: PushHost;
  #state: State = { name: 'offline' };
  #limits: Limits | undefined;
  /** Retryable failures in a row. */
  #attempt = 0;
  /** Held while it is not certain whose ops these are. [S8] */
  #held = false;

  constructor(env: Env, queue: MutationQueue, host: PushHost) {
    this.#env = env;
    this.#queue = queue;
    this.#host = host;
  }

  connected(limits: Limits): void {
    this.#limits = limits;
    this.#attempt = 0;
    this.#to({ name: 'idle' });
    this.wake();
  }

  lost(): void {
    if (this.#state.name === 'flying') this.#queue.requeue(this.#state.ops.map((op) => op.op_id));
    if (this.#state.name === 'calling') this.#queue.requeue([this.#state.op.op_id]);
    this.#to({ name: 'offline' });
  }

  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    this.wake();
  }

  /** Sends what is ready, if nothing is under way. */
  wake(): void {
    while (this.#state.name === 'idle' && !this.#held && this.#send()) {}
  }

  /** False: the result is of another request. */
  result(message: Result): boolean {
    const state = this.#state;
    if ((state.name !== 'flying' && state.name !== 'calling') || state.id !== message.id) return false;
    const done = state.name === 'flying' ? this.#pushed(state.ops, message) : this.#called(state.op, message);
    if (done) this.#attempt = 0;
    else this.#rest();
    this.wake();
    return true;
  }

  close(): void {
    this.#to({ name: 'offline' });
  }

  #called(op: CallOp, { ok, seq, value, error }: Result): boolean {
    this.#to({ name: 'idle' });
    return this.#queue.settle(op.op_id, ok ? { ok, seq, value } : { ok: false, fault: faultOf(error) });
  }

  #pushed(ops: PushOp[], message: Result): boolean {
    // A malformed answer throws while the ops still count as in flight: they are sent again on the next connection.
    const outcomes = message.ok
      ? parseShape(pushOutcomes, message.value, 'result.value', 'bad_message')
      : undefined;
    this.#to({ name: 'idle' });
    return outcomes ? this.#each(ops, outcomes) : this.#all(ops, faultOf(message.error));
  }

  /** True: try again, an op that no message can carry is out of the way. */
  #send(): boolean {
    const limits = this.#limits!;
    const ops: PushOp[] = [];
    const texts: string[] = [];
    let room = limits.textBytes - ENVELOPE_BYTES;
    for (const op of this.#queue.next(limits.pushOps)) {
      if (op.kind === 'call' && ops.length > 0) break;
      if (op.kind === 'call') return this.#sendCall(op);
      const text = JSON.stringify(op);
      const sizeBytes = utf8Length(text) + 1;
      const problem = problemOf(op, sizeBytes, limits);
      if (problem && ops.length === 0) {
        return this.#refuse(op, problem);
      }
      if (problem || sizeBytes > room) break;
      room -= sizeBytes;
      ops.push(op);
      texts.push(text);
    }
    if (ops.length === 0) return false;
    const id = this.#host.nextId();
    if (!this.#host.sendRaw(`{"t":"push","id":${id},"ops":[${texts.join(',')}]}`)) return false;
    this.#queue.sent(ops.map((op) => op.op_id));
    this.#to({ name: 'flying', id, ops });
    return false;
  }

  #sendCall(op: CallOp): boolean {
    const limits = this.#limits!;
    const { fn, args } = op;
    const id = this.#host.nextId();
    const text = JSON.stringify({ t: 'call', id, fn, args, op: op.op_id });
    if (!fits(text, limits.textBytes)) return this.#refuse(op, new Fault('too_large', 'arguments too large'));
    if (nesting(args) + 1 > limits.jsonDepth)
      return this.#refuse(op, new Fault('invalid', 'arguments too deep'));
    if (!this.#host.sendRaw(text)) return false;
    this.#queue.sent([op.op_id]);
    this.#to({ name: 'calling', id, op });
    return false;
  }

  #refuse(op: PushOp | CallOp, fault: Fault): true {
    this.#queue.sent([op.op_id]);
    this.#queue.settle(op.op_id, { ok: false, fault });
    return true;
  }

  #each(ops: readonly PushOp[], outcomes: readonly PushOutcome[]): boolean {
    const byId = new Map(outcomes.map((outcome) => [outcome.op_id, outcome]));
    const again = new Set<string>();
    for (const op of ops) {
      const row = `${op.entity}/${op.row_id}`;
      const outcome = outcomeOf(byId.get(op.op_id));
      // A write on a row whose earlier write must be repeated failed for that reason, likely.
      if (!outcome.ok && again.has(row)) this.#queue.requeue([op.op_id]);
      else if (!this.#queue.settle(op.op_id, outcome)) again.add(row);
    }
    return again.size === 0;
  }

  #all(ops: readonly PushOp[], fault: Fault): boolean {
    const settled = ops.map((op) => this.#queue.settle(op.op_id, { ok: false, fault }));
    return settled.every(Boolean);
  }

  #rest(): void {
    const delayMs = backoffMs(this.#attempt++, this.#env.random, BACKOFF);
    const timer = this.#env.clock.after(delayMs, () => {
      this.#to({ name: 'idle' });
      this.wake();
    });
    this.#to({ name: 'resting', timer });
  }

  #to(next: State): void {
    if (this.#state.name === 'resting') this.#state.timer();
    this.#state = next;
  }
}

function outcomeOf(outcome: PushOutcome | undefined): Outcome {
  if (outcome?.ok) return { ok: true, seq: outcome.seq };
  const error = outcome?.error ?? { code: 'unavailable', message: 'no outcome for this op' };
  return { ok: false, fault: Fault.fromJSON(error) };
}

function faultOf(error: Result['error']): Fault {
  return Fault.fromJSON(error ?? { code: 'internal', message: 'a failure without an error' });
}

function problemOf(op: PushOp, sizeBytes: number, limits: Limits): Fault | undefined {
  if (sizeBytes > limits.textBytes - ENVELOPE_BYTES) return new Fault('too_large', 'the row is too large');
  if (nesting(op.data) + ENVELOPE_LEVELS > limits.jsonDepth)
    return new Fault('invalid', 'the row is nested too deep');
  return undefined;
}
