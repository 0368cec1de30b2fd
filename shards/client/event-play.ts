/**
 * One stay in an event-driven shard: every input is sent once, as soon as it is given, under a number of its
 * own; frames come when something happened and are shown as they are. Nothing is predicted, nothing is drawn
 * between two frames.
 * [T4] The server takes inputs in order of their numbers, one in a tick. What would wait there for too long
 * is not taken here.
 */
import type { Reader } from '../../src/base/bytes.ts';
import type { Cancel, Env } from '../../src/base/env.ts';
import { Fault } from '../../src/base/fault.ts';
import { CellReplica } from '../core/cell-replica.ts';
import type { Components, Values } from '../core/component.ts';
import type { AnyShardDef } from '../core/define-shard.ts';
import { MAX_WAITING } from '../core/frame-header.ts';
import { encodeResync } from '../core/frames.ts';
import { InputEncoder } from '../core/input-codec.ts';
import type { Row } from '../core/record-type.ts';
import { Snapshot } from '../core/snapshot.ts';
import type { Table } from '../core/table.ts';
import { EntityViews } from './interpolate.ts';
import type { ShardInfo, Stay } from './stay.ts';

export class EventPlay implements Stay {
  readonly info: ShardInfo;
  readonly delayMs = 0;
  readonly jitterMs = 0;
  readonly mispredictions = 0;
  readonly #env: Env;
  readonly #def: AnyShardDef;
  readonly #send: (payload: Uint8Array) => void;
  readonly #encoder = new InputEncoder();
  readonly #inputs: Table<Row<Components>>;
  readonly #replica: CellReplica<Components>;
  readonly #snapshot: Snapshot<Components>;
  readonly #views: EntityViews<Components>;
  #frames = 0;
  /** Numbers of the last input given, the last sent, and the last that the server knows of. */
  #last = 0;
  #sent = 0;
  #arrived = 0;
  #waiting = 0;
  /** The input whose way is measured, and when it was sent. */
  #timed = { number: 0, sentMs: 0 };
  #rttMs = 0;
  #flushedMs = Number.NEGATIVE_INFINITY;
  #flush: Cancel | undefined;

  constructor(env: Env, deps: { def: AnyShardDef; send: (payload: Uint8Array) => void }, info: ShardInfo) {
    const { def } = deps;
    if (info.hash !== def.hash)
      throw new Fault('unsupported', 'the server runs another version of this shard');
    this.#env = env;
    this.#def = def;
    this.#send = deps.send;
    this.info = info;
    this.#inputs = def.inputType.table(def.limits.inputAheadTicks);
    this.#replica = new CellReplica(def.layouts, { maxEntities: def.limits.entities, everyTicks: 1 });
    this.#snapshot = new Snapshot(def.entityType);
    this.#views = new EntityViews(def.entityType, { everyTicks: 1, correctionMs: 1 });
  }

  get frames(): number {
    return this.#frames;
  }

  get tick(): number {
    return this.#snapshot.tick;
  }

  get serverTick(): number {
    return this.tick;
  }

  get playhead(): number {
    return this.tick;
  }

  get predictedTick(): number {
    return this.tick;
  }

  get ownPlayhead(): number {
    return this.tick;
  }

  get inputDepth(): number {
    return this.#waiting;
  }

  get rttMs(): number {
    return this.#rttMs;
  }

  componentBytes(): Record<string, number> {
    return this.#replica.componentBytes();
  }

  get entities(): readonly Row<Components>[] {
    return this.#views.list;
  }

  get me(): Row<Components> | undefined {
    const row = this.#views.rowOf(this.info.entity);
    return row === -1 ? undefined : this.#views.table.at(row);
  }

  input(input: Partial<Values<Components>>): boolean {
    if (this.info.spectates) return false;
    const underWay = this.#last - this.#arrived;
    const { inputAheadTicks } = this.#def.limits;
    if (this.#waiting >= MAX_WAITING || underWay + this.#waiting >= inputAheadTicks) return false;
    const row = ++this.#last % inputAheadTicks;
    this.#inputs.reset(row);
    this.#def.inputType.assign(this.#inputs.at(row), input);
    this.#flushSoon();
    return true;
  }

  frame(reader: Reader): void {
    const { newestInput, waiting } = this.#replica.apply(reader);
    for (const stream of this.#replica.desyncs) this.#send(encodeResync(stream));
    this.#replica.fill(this.#snapshot);
    const snapshot = this.#snapshot;
    this.#views.show({ from: snapshot, to: snapshot, before: snapshot, share: 1, nowMs: 0 });
    this.#frames++;
    this.#arrived = Math.min(newestInput, this.#sent);
    this.#waiting = waiting;
    const { number, sentMs } = this.#timed;
    if (number > 0 && newestInput >= number) {
      this.#rttMs = this.#env.clock.monotonic() - sentMs;
      this.#timed.number = 0;
    }
    this.#flushSoon();
  }

  /** Nothing is predicted: nothing has been spawned or told here. */
  spawned(): void {}

  wasTold(): boolean {
    return false;
  }

  close(): void {
    this.#flush?.();
    this.#flush = undefined;
  }

  /** What is given in one turn leaves together, and no sooner than the server would compute another tick. */
  #flushSoon(): void {
    if (this.#flush || this.info.spectates) return;
    const { eventTicksPerSecond, inputsPerSecond } = this.#def.limits;
    const restMs = 1000 / Math.min(eventTicksPerSecond, inputsPerSecond);
    const waitMs = this.#flushedMs + restMs - this.#env.clock.monotonic();
    this.#flush = this.#env.clock.after(Math.max(0, waitMs), () => {
      this.#flush = undefined;
      this.#flushedMs = this.#env.clock.monotonic();
      this.#sendInputs();
    });
  }

  /** Tells which frame has come, with the inputs that were not sent yet. */
  #sendInputs(): void {
    const { inputTicks, inputAheadTicks } = this.#def.limits;
    const firstTick = this.#sent + 1;
    const count = Math.min(this.#last - this.#sent, inputTicks);
    this.#sent += count;
    if (count > 0 && this.#timed.number === 0) {
      this.#timed = { number: this.#sent, sentMs: this.#env.clock.monotonic() };
    }
    const header = { ackTick: this.tick, firstTick, count };
    this.#send(this.#encoder.encode(header, this.#inputs, (number) => number % inputAheadTicks));
    if (this.#last > this.#sent) this.#flushSoon();
  }
}
