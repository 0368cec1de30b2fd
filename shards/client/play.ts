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
import type { TellEvent } from './foretold-events.ts';
import { InputLead } from './input-lead.ts';
import { InputLog } from './input-log.ts';
import { type Between, EntityViews } from './interpolate.ts';
import type { PlaySettings } from './play-settings.ts';
import { Predictor } from './predict.ts';
import { SnapshotBuffer } from './snapshot-buffer.ts';
import type { ShardInfo, Stay } from './stay.ts';
import { TickClock } from './tick-clock.ts';

/** Ticks computed one by one after the page was busy; the rest is a jump. */
const MAX_CATCH_UP_TICKS = 8;
/** A tick that the page computes late is drawn as going on for so much of it. */
const MAX_SHARE = 1.5;
/** Reading the entities twice within this time draws the same moment. */
const SAME_FRAME_MS = 2;

export interface PlayDeps {
  readonly def: AnyShardDef;
  readonly settings: PlaySettings;
  readonly send: (payload: Uint8Array) => void;
  /** Tells of an event that the own step has emitted. */
  readonly tell: TellEvent;
  /** The stay before this one in the same seat: what it drew goes on. */
  readonly before?: Stay | undefined;
}

export class Play implements Stay {
  readonly info: ShardInfo;
  readonly clock: TickClock;
  readonly lead: InputLead;
  readonly predictor: Predictor;
  readonly views: EntityViews<Components>;
  readonly #env: Env;
  readonly #def: AnyShardDef;
  readonly #settings: PlaySettings;
  readonly #send: (payload: Uint8Array) => void;
  readonly #inputs: InputLog<Components>;
  readonly #encoder = new InputEncoder();
  readonly #replica: CellReplica<Components>;
  readonly #snapshots: SnapshotBuffer<Components>;
  #between: Between<Components> | undefined;
  readonly #rowOf = (id: number) => this.views.rowOf(id);
  readonly #tickMs: number;
  #timer: Cancel | undefined;
  /** When the tick that is drawn is over, and how long it takes. */
  #nextMs = 0;
  #lengthMs: number;
  #drawnMs = Number.NEGATIVE_INFINITY;
  /** What another stay has drawn goes on with the first frame. */
  #follows: boolean;
  #frames = 0;
  #sentTick = 0;
  /** What was drawn when the player last gave an input, until that is recorded. */
  #seenTick: number | undefined;

  constructor(env: Env, deps: PlayDeps, info: ShardInfo) {
    const { def, settings } = deps;
    if (info.hash !== def.hash)
      throw new Fault('unsupported', 'the server runs another version of this shard');
    this.#env = env;
    this.#def = def;
    this.#settings = settings;
    this.#send = deps.send;
    this.info = info;
    const tickMs = 1000 / def.tickRate;
    const everyTicks = def.snapshotEvery;
    this.#tickMs = tickMs;
    this.#lengthMs = tickMs;
    const before = deps.before instanceof Play && deps.before.frames > 0 ? deps.before : undefined;
    // Twice as far as the server lets anyone be ahead, so that no tick in use is overwritten.
    const size = def.limits.inputAheadTicks * 2;
    this.clock = new TickClock(env.clock, { ...settings, tickMs, everyTicks });
    this.lead = new InputLead(env.clock, { tickMs, everyTicks, ...(before && { rttMs: before.rttMs }) });
    this.#inputs = new InputLog(def.inputType, size, def.rewindPlan);
    this.predictor = new Predictor(def, this.#inputs, {
      ...settings,
      entity: info.entity,
      stepSeed: info.seed,
      size,
      tell: deps.tell,
    });
    this.#replica = new CellReplica(def.layouts, { maxEntities: def.limits.entities, everyTicks });
    this.#snapshots = new SnapshotBuffer(def.entityType);
    this.views = before?.views ?? new EntityViews(def.entityType, { ...settings, everyTicks });
    this.#follows = before !== undefined && before.info.entity === info.entity;
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

  get ownPlayhead(): number {
    return this.predictor.tick + this.#share;
  }

  get delayMs(): number {
    return this.clock.delayMs;
  }

  get jitterMs(): number {
    return this.clock.jitterMs;
  }

  get inputDepth(): number {
    return this.lead.depth;
  }

  get rttMs(): number {
    return this.lead.rttMs;
  }

  get mispredictions(): number {
    return this.predictor.mispredictions;
  }

  componentBytes(): Record<string, number> {
    return this.#replica.componentBytes();
  }

  input(input: Partial<Values<Components>>): boolean {
    if (this.#inputs.hold(input)) this.predictor.reconsider(this.#share, this.#env.clock.monotonic());
    if (this.#frames > 0) this.#seenTick = this.#shownTick;
    return true;
  }

  /** A frame came. Throws Fault `bad_message`; what the definition's `step` throws comes through. */
  frame(reader: Reader): void {
    const frame = this.#replica.apply(reader);
    for (const stream of this.#replica.desyncs) this.#send(encodeResync(stream));
    const nowMs = this.#env.clock.monotonic();
    const guessed = this.#holdGuess(nowMs);
    const snapshot = this.#snapshots.next();
    this.#replica.fill(snapshot);
    this.#snapshots.commit();
    this.#frames++;
    this.clock.frame(frame.tick);
    this.lead.frame(frame.tick, frame.newestInput);
    // Nothing came for so long that the server is ahead of what was predicted.
    const overtaken = this.predictor.tick <= frame.tick;
    // A slow player is told of himself in some frames only; between them he is where he was expected to be. [T6]
    if (this.#frames === 1 || !this.#replica.isGuessed(this.info.entity)) {
      this.predictor.correct(snapshot, this.#share, nowMs);
    }
    if (overtaken) this.#takeLead(frame.tick, nowMs);
    if (this.#frames === 1) this.#begin(nowMs);
    if (guessed) this.#show(nowMs);
  }

  spawned(tick: number, nth: number, id: number): void {
    const before = this.predictor.settle(tick, nth, id);
    if (before !== 0) this.views.rename(before, id);
  }

  wasTold(event: string, tick: number): boolean {
    return this.predictor.events.wasTold(event, tick);
  }

  /** The entities at the playhead, what is predicted as predicted. Empty before the first frame. */
  get entities(): readonly Row<Components>[] {
    this.#draw();
    return this.views.list;
  }

  get me(): Row<Components> | undefined {
    this.#draw();
    const row = this.views.rowOf(this.info.entity);
    return row === -1 ? undefined : this.views.table.at(row);
  }

  close(): void {
    this.#timer?.();
    this.#timer = undefined;
  }

  /** The moment that the others are drawn at, with fractions; in part a guess, when no frame comes. */
  get #shownTick(): number {
    return Math.min(this.clock.playhead, this.tick + this.#settings.extrapolateMs / this.#tickMs);
  }

  #begin(nowMs: number): void {
    this.#nextMs = nowMs;
    if (this.#follows) {
      this.predictor.follow(this.views.table, this.views.rowOf(this.info.entity), nowMs);
      this.views.begin();
      this.views.hold();
    }
    this.#tickLoop();
  }

  /** How much of the tick ahead is over. */
  get #share(): number {
    const share = 1 - (this.#nextMs - this.#env.clock.monotonic()) / this.#lengthMs;
    return Math.max(0, Math.min(MAX_SHARE, share));
  }

  /** When others are drawn beyond the newest frame, the one that comes now may show them elsewhere. */
  #holdGuess(nowMs: number): boolean {
    const { newest } = this.#snapshots;
    if (!newest || this.clock.playhead <= newest.tick) return false;
    this.#show(nowMs);
    this.views.hold();
    return true;
  }

  /** These ticks are too close for an input to arrive in time; the server takes them as neutral, and so do we. */
  #takeLead(tick: number, nowMs: number): void {
    const from = Math.max(tick, this.predictor.tick);
    this.predictor.jump(from + this.lead.firstLead - 1, this.#share, nowMs);
    this.lead.jumped(this.predictor.tick + 1);
  }

  /** Runs what is due of the client's ticks and sends one input frame. */
  #tickLoop(): void {
    const nowMs = this.#env.clock.monotonic();
    const { jump } = this.lead;
    if (jump > 0) this.#jump(jump, nowMs);
    if (jump < 0) this.#nextMs -= jump * this.lead.intervalMs;
    if (jump !== 0) this.lead.jumped(this.predictor.tick + 1);
    for (let i = 0; i < MAX_CATCH_UP_TICKS && this.#nextMs <= nowMs; i++) {
      this.#advance();
      this.#lengthMs = this.lead.intervalMs;
      this.#nextMs += this.#lengthMs;
    }
    if (this.#nextMs <= nowMs) this.#makeUp(nowMs);
    this.#sendInputs();
    // A client that waits for its next tick still tells which frames have come.
    const waitMs = Math.min(this.#nextMs - nowMs, this.lead.intervalMs);
    this.#timer = this.#env.clock.after(waitMs, () => this.#tickLoop());
  }

  /** The page slept: goes on where it would be now, for what it does next must be there in time. */
  #makeUp(nowMs: number): void {
    const missed = Math.floor((nowMs - this.#nextMs) / this.#lengthMs) + 1;
    this.#nextMs += missed * this.#lengthMs;
    this.#jump(missed, nowMs);
  }

  /** Several ticks at once, all with the input of now. */
  #jump(ticks: number, nowMs: number): void {
    const last = Math.min(this.predictor.tick + ticks, this.tick + this.#def.limits.inputAheadTicks);
    if (last <= this.predictor.tick) return;
    for (let tick = this.predictor.tick + 1; tick <= last; tick++) {
      this.#inputs.record(tick, this.#shownTick);
      this.lead.sent(tick);
    }
    this.predictor.jump(last, this.#share, nowMs);
  }

  /** One tick ahead, unless that would be further than the server takes. */
  #advance(): void {
    const tick = this.predictor.tick + 1;
    if (tick - this.tick > this.#def.limits.inputAheadTicks) return;
    this.#inputs.record(tick, this.#seenTick ?? this.#shownTick);
    this.#seenTick = undefined;
    this.predictor.advance();
    this.lead.sent(tick);
  }

  /** What was not sent yet: once, for a channel keeps the order and loses nothing. */
  #sendInputs(): void {
    if (this.info.spectates) return;
    const last = this.predictor.tick;
    let first = Math.max(last - this.#def.limits.inputTicks, this.#sentTick) + 1;
    while (first <= last && !this.#inputs.has(first)) first++;
    this.#sentTick = last;
    const header = { ackTick: this.tick, firstTick: first, count: last - first + 1 };
    this.#send(this.#encoder.encode(header, this.#inputs.table, (tick) => this.#inputs.rowOf(tick)));
  }

  #draw(): void {
    const nowMs = this.#env.clock.monotonic();
    if (nowMs - this.#drawnMs < SAME_FRAME_MS || this.#frames === 0) return;
    this.#show(nowMs);
  }

  #show(nowMs: number): void {
    this.#drawnMs = nowMs;
    const { playhead } = this.clock;
    const { foretold } = this.predictor;
    const between = this.#aim(playhead, nowMs);
    foretold.drawnTick = between.from.tick;
    this.views.show(between, foretold);
    this.predictor.draw(this.views.table, this.#rowOf, this.#share, nowMs);
  }

  /** The snapshots around a moment; beyond the newest one, the last two, for as long as may be guessed. */
  #aim(playhead: number, nowMs: number): Between<Components> {
    let from = this.#snapshots.before(playhead)!;
    if (from === this.#snapshots.newest) from = this.#snapshots.earlier(from);
    const to = this.#snapshots.after(from);
    const span = to.tick - from.tick;
    const furthest = to.tick + this.#settings.extrapolateMs / this.#tickMs;
    const share = span === 0 ? 1 : Math.max(0, (Math.min(playhead, furthest) - from.tick) / span);
    this.#between ??= { from, to, before: from, share, nowMs };
    this.#between.from = from;
    this.#between.to = to;
    this.#between.before = this.#snapshots.earlier(from);
    this.#between.share = share;
    this.#between.nowMs = nowMs;
    return this.#between;
  }
}
