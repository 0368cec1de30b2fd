/**
 * One stay in a shard that ticks, from `opened` until the connection is lost: the client's own ticks, its
 * inputs going up, frames coming down. join-shard.ts makes a new one each time the channel opens and draws the last.
 */
import type { Reader } from '../../src/base/bytes.ts';
import type { Cancel, Env } from '../../src/base/env.ts';
import { Fault } from '../../src/base/fault.ts';
import { CellReplica } from '../core/cell-replica.ts';
import type { Components, Values } from '../core/component.ts';
import type { AnyShardDef } from '../core/define-shard.ts';
import { encodeResync } from '../core/frames.ts';
import { InputEncoder } from '../core/input-codec.ts';
import type { Row } from '../core/record-type.ts';
import { InputLead } from './input-lead.ts';
import { InputLog } from './input-log.ts';
import { EntityViews } from './interpolate.ts';
import { Predictor } from './predict.ts';
import { SnapshotBuffer } from './snapshot-buffer.ts';
import type { ShardInfo, Stay } from './stay.ts';
import { TickClock } from './tick-clock.ts';

/** Ticks made up for at once after the page slept; the rest is left to a jump. */
const MAX_CATCH_UP_TICKS = 8;
/** Reading the entities twice within this time draws the same moment. */
const SAME_FRAME_MS = 2;

export class Play implements Stay {
  readonly info: ShardInfo;
  readonly clock: TickClock;
  readonly lead: InputLead;
  readonly predictor: Predictor;
  readonly #env: Env;
  readonly #def: AnyShardDef;
  readonly #send: (payload: Uint8Array) => void;
  readonly #inputs: InputLog<Components>;
  readonly #encoder = new InputEncoder();
  readonly #replica: CellReplica<Components>;
  readonly #snapshots: SnapshotBuffer<Components>;
  readonly #views: EntityViews<Components>;
  #timer: Cancel | undefined;
  #nextMs = 0;
  #steppedMs = 0;
  #drawnMs = Number.NEGATIVE_INFINITY;
  #frames = 0;
  #sentTick = 0;
  /** What was drawn when the player last gave an input, until that is recorded. */
  #seenTick: number | undefined;

  constructor(env: Env, deps: { def: AnyShardDef; send: (payload: Uint8Array) => void }, info: ShardInfo) {
    const { def } = deps;
    if (info.hash !== def.hash)
      throw new Fault('unsupported', 'the server runs another version of this shard');
    this.#env = env;
    this.#def = def;
    this.#send = deps.send;
    this.info = info;
    const tickMs = 1000 / def.tickRate;
    // Twice as far as the server lets anyone be ahead, so that no tick in use is overwritten.
    const size = def.limits.inputAheadTicks * 2;
    this.clock = new TickClock(env.clock, tickMs, def.snapshotEvery);
    this.lead = new InputLead(env.clock, tickMs);
    this.#inputs = new InputLog(def.inputType, size, def.rewindPlan);
    this.predictor = new Predictor(def, this.#inputs, { entity: info.entity, stepSeed: info.seed, size });
    this.#replica = new CellReplica(def.layouts, {
      maxEntities: def.limits.entities,
      everyTicks: def.snapshotEvery,
    });
    this.#snapshots = new SnapshotBuffer(def.entityType);
    this.#views = new EntityViews(def.entityType);
  }

  get frames(): number {
    return this.#frames;
  }

  /** The newest tick received; 0 before the first frame. */
  get tick(): number {
    return this.#snapshots.newest?.tick ?? 0;
  }

  get serverTick(): number {
    return this.clock.serverTick;
  }

  get playhead(): number {
    return this.clock.playhead;
  }

  get predictedTick(): number {
    return this.predictor.tick;
  }

  get delayMs(): number {
    return this.clock.delayMs;
  }

  get rttMs(): number {
    return this.lead.rttMs;
  }

  get mispredictions(): number {
    return this.predictor.mispredictions;
  }

  input(input: Partial<Values<Components>>): boolean {
    this.#inputs.hold(input);
    if (this.#frames > 0) this.#seenTick = this.#shownTick;
    return true;
  }

  /** A frame came. Throws Fault `bad_message`; what the definition's `step` throws comes through. */
  frame(reader: Reader): void {
    const frame = this.#replica.apply(reader);
    for (const stream of this.#replica.desyncs) this.#send(encodeResync(stream));
    const snapshot = this.#snapshots.next();
    this.#replica.fill(snapshot);
    this.#snapshots.commit();
    this.#frames++;
    this.clock.frame(frame.tick);
    this.lead.frame(frame.tick, frame.newestInput);
    // Nothing came for so long that the server is ahead of what was predicted.
    const overtaken = this.predictor.tick <= frame.tick;
    this.predictor.correct(snapshot, this.#env.clock.monotonic());
    if (overtaken) this.#takeLead();
    if (this.#frames === 1) this.#begin();
  }

  /** The entities at the playhead, the own one as predicted. Empty before the first frame. */
  get entities(): readonly Row<Components>[] {
    this.#draw();
    return this.#views.list;
  }

  get me(): Row<Components> | undefined {
    this.#draw();
    const row = this.#views.rowOf(this.info.entity);
    return row === -1 ? undefined : this.#views.table.at(row);
  }

  close(): void {
    this.#timer?.();
    this.#timer = undefined;
  }

  /** The moment that the others are drawn at, with fractions. */
  get #shownTick(): number {
    return Math.min(this.clock.playhead, this.tick);
  }

  #begin(): void {
    this.#nextMs = this.#env.clock.monotonic();
    this.#tickLoop();
  }

  /** These ticks are too close for an input to arrive in time; the server takes them as neutral, and so do we. */
  #takeLead(): void {
    for (let i = this.lead.firstLead; i > 1; i--) this.predictor.advance();
    this.lead.jumped(this.predictor.tick + 1);
  }

  /** Runs what is due of the client's ticks and sends one input frame. */
  #tickLoop(): void {
    const nowMs = this.#env.clock.monotonic();
    const { jump } = this.lead;
    for (let i = 0; i < jump; i++) this.#advance();
    if (jump < 0) this.#nextMs -= jump * this.lead.intervalMs;
    if (jump !== 0) this.lead.jumped(this.predictor.tick + 1);
    for (let i = 0; i < MAX_CATCH_UP_TICKS && this.#nextMs <= nowMs; i++) {
      this.#advance();
      this.#nextMs += this.lead.intervalMs;
    }
    if (this.#nextMs <= nowMs) this.#nextMs = nowMs + this.lead.intervalMs;
    this.#sendInputs();
    // A client that waits for its next tick still tells which frames have come.
    const waitMs = Math.min(this.#nextMs - nowMs, this.lead.intervalMs);
    this.#timer = this.#env.clock.after(waitMs, () => this.#tickLoop());
  }

  /** One tick ahead, unless that would be further than the server takes. */
  #advance(): void {
    const tick = this.predictor.tick + 1;
    if (tick - this.tick > this.#def.limits.inputAheadTicks) return;
    this.#inputs.record(tick, this.#seenTick ?? this.#shownTick);
    this.#seenTick = undefined;
    this.predictor.advance();
    this.lead.sent(tick);
    this.#steppedMs = this.#env.clock.monotonic();
  }

  /** What was not sent yet: once, for a channel keeps the order and loses nothing. */
  #sendInputs(): void {
    const last = this.predictor.tick;
    let first = Math.max(last - this.#def.limits.inputTicks, this.#sentTick) + 1;
    while (first <= last && !this.#inputs.has(first)) first++;
    this.#sentTick = last;
    const header = { ackTick: this.tick, firstTick: first, count: last - first + 1 };
    this.#send(this.#encoder.encode(header, this.#inputs.table, (tick) => this.#inputs.rowOf(tick)));
  }

  #draw(): void {
    const nowMs = this.#env.clock.monotonic();
    if (nowMs - this.#drawnMs < SAME_FRAME_MS) return;
    this.#drawnMs = nowMs;
    const { playhead } = this.clock;
    const from = this.#snapshots.before(playhead);
    if (!from) return;
    const to = this.#snapshots.after(from);
    const span = to.tick - from.tick;
    const share = span === 0 ? 0 : Math.max(0, Math.min(1, (playhead - from.tick) / span));
    this.#views.show(from, to, share);
    const row = this.#views.rowOf(this.info.entity);
    if (row === -1) return;
    const through = Math.min(1, (nowMs - this.#steppedMs) / this.lead.intervalMs);
    this.predictor.draw(this.#views.table, row, { share: through, nowMs });
  }
}
