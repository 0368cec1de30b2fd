/**
 * What the player does, ahead of the server: the shared `step` runs on a copy of the world for every input as it is
 * sent, and for the tick after it with what he holds now, so that a key is seen in the next frame that is drawn. Each
 * snapshot puts the copy right, and what the server has not seen yet is computed again.
 * [T6] When inputs arrive in time nothing changes by that; else the difference is drawn as an offset that
 * fades, so that a correction is never a jump.
 */
import type { Components } from '../core/component.ts';
import type { AnyShardDef } from '../core/define-shard.ts';
import { blend, type DrawPlan, drawPlan } from '../core/draw-plan.ts';
import type { Row } from '../core/record-type.ts';
import type { Snapshot } from '../core/snapshot.ts';
import type { Table } from '../core/table.ts';
import type { Events } from '../core/world.ts';
import { WorldColumns } from '../core/world-columns.ts';
import { Fading } from './fading.ts';
import { Foretold } from './foretold.ts';
import { ForetoldEvents, type TellEvent } from './foretold-events.ts';
import type { InputLog } from './input-log.ts';
import { RotationBlend } from './rotation-blend.ts';

export interface PredictorOptions {
  /** The player's entity; 0 for a spectator. */
  readonly entity: number;
  readonly stepSeed: string;
  /** Ticks that are remembered, as many as in the input log. */
  readonly size: number;
  readonly correctionMs: number;
  readonly predictedSpawns: number;
  readonly tell: TellEvent;
}

export class Predictor {
  readonly world: WorldColumns<Components, Events>;
  readonly foretold: Foretold;
  readonly events: ForetoldEvents;
  readonly #def: AnyShardDef;
  readonly #inputs: InputLog<Components>;
  readonly #id: number;
  readonly #plan: DrawPlan;
  /** The own entity by tick, in a ring as long as the input log. */
  readonly #past: Table<Row<Components>>;
  readonly #pastTicks: Float64Array;
  readonly #size: number;
  /** By slot of `foretold`: what was at `tick`; the world is one tick ahead. */
  readonly #now: Table<Row<Components>>;
  /** By slot: what is drawn. */
  readonly #drawn: Table<Row<Components>>;
  /** By component and slot: 1 where it teleports in the tick that is drawn. */
  readonly #jumps: readonly Uint8Array[];
  readonly #fading: Fading;
  readonly #rotation = new RotationBlend();
  #base: Snapshot<Components> | undefined;
  #tick = 0;
  #spawned = 0;
  #mispredictions = 0;

  constructor(def: AnyShardDef, inputs: InputLog<Components>, options: PredictorOptions) {
    const { entity, stepSeed, size } = options;
    this.#def = def;
    this.#inputs = inputs;
    this.#id = entity;
    this.#size = size;
    this.#plan = drawPlan(def.entityType);
    this.foretold = new Foretold(entity, options.predictedSpawns);
    this.events = new ForetoldEvents(def.events, def.limits.inputRepeatTicks, options.tell);
    this.#past = def.entityType.table(size);
    this.#pastTicks = new Float64Array(size).fill(Number.NaN);
    this.#now = def.entityType.table(this.foretold.size);
    this.#drawn = def.entityType.table(this.foretold.size, 'fractional');
    this.#jumps = this.#plan.groups.map(() => new Uint8Array(this.foretold.size));
    this.#fading = new Fading(this.#plan, def.entityType, options.correctionMs);
    this.world = new WorldColumns(def.entityType, {
      seed: stepSeed,
      stepSeed,
      // Predicted spawns come on top of a world that may be full: they must not throw.
      maxEntities: def.limits.entities * 2,
      stepSpawn: () => this.foretold.idFor(this.world.tick, this.#spawned++),
      emit: (event, data, to) => {
        const forMe = to === undefined || to === entity || (typeof to === 'object' && to.includes(entity));
        if (forMe) this.events.emit(event, data, this.world.tick);
      },
    });
  }

  /** The last tick whose input is fixed; the world is one tick ahead. */
  get tick(): number {
    return this.#tick;
  }

  /** Snapshots whose own entity was not as predicted. */
  get mispredictions(): number {
    return this.#mispredictions;
  }

  /** The next tick's input is recorded: it is what it was predicted with. */
  advance(): void {
    this.#tick++;
    this.#remember();
    this.events.commit(this.#tick);
    this.#lookAhead();
  }

  /** Goes on to a later tick at once; ticks without a recorded input have the neutral one, as on the server. */
  jump(tick: number, share: number, nowMs: number): void {
    this.#change(share, nowMs, tick);
  }

  /** What the player holds has changed: the tick ahead is another. */
  reconsider(share: number, nowMs: number): void {
    if (this.#base) this.#change(share, nowMs, this.#tick);
  }

  /** Takes over what the server says, then computes again what it has not seen yet. */
  correct(snapshot: Snapshot<Components>, share: number, nowMs: number): void {
    const row = snapshot.find(this.#id);
    const slot = snapshot.tick % this.#size;
    const known = row !== -1 && this.#pastTicks[slot] === snapshot.tick;
    if (known && !this.#past.same(snapshot.table, row, slot)) this.#mispredictions++;
    this.foretold.prune(snapshot);
    const first = this.#base === undefined;
    this.#base = snapshot;
    if (first) this.#replay(snapshot.tick);
    else this.#change(share, nowMs, Math.max(this.#tick, snapshot.tick));
  }

  /**
   * The server says as which entity it has what the own step of `tick` spawned. It goes on under that id; gives the
   * one that it had, 0 for none.
   */
  settle(tick: number, nth: number, id: number): number {
    const before = this.foretold.settle(tick, nth, id);
    if (this.#base && this.#base.tick < tick) this.#replay(this.#tick);
    return before;
  }

  /** Begins where another stay's drawing has ended, and comes to its own little by little. */
  follow(table: Table<Row<Components>>, row: number, nowMs: number): void {
    if (row === -1 || this.foretold.shownAt(0) === 0) return;
    this.#mark();
    this.#drawn.copy(table, row, 0);
    this.#fading.keep(this.#drawn);
    this.#aim(0);
    this.#fading.absorb(this.#drawn, nowMs);
  }

  /** Writes what is foretold, as it is to be drawn, into the rows of a table; `share` of the way through the tick ahead. */
  draw(out: Table<Row<Components>>, rowOf: (id: number) => number, share: number, nowMs: number): void {
    this.#aim(share);
    this.#fading.add(this.#drawn, nowMs);
    for (let slot = 0; slot < this.foretold.size; slot++) {
      const id = this.foretold.shownAt(slot);
      const row = id === 0 ? -1 : rowOf(id);
      if (row !== -1) out.copy(this.#drawn, slot, row);
    }
  }

  /** Computes anew up to `tick`; what this changes in what is drawn fades. */
  #change(share: number, nowMs: number, tick: number): void {
    this.#mark();
    this.#aim(share);
    this.#fading.add(this.#drawn, nowMs);
    this.#fading.keep(this.#drawn);
    this.#replay(tick);
    this.#mark();
    this.#aim(share);
    this.#fading.absorb(this.#drawn, nowMs);
  }

  #replay(last: number): void {
    const { world } = this;
    world.load(this.#base!);
    this.#tick = world.tick;
    this.#remember();
    while (this.#tick < last) {
      this.#step(this.#tick + 1, this.#inputs.at(this.#tick + 1));
      this.#tick++;
      this.#remember();
    }
    this.events.commit(last);
    this.#lookAhead();
  }

  /** From `tick`, which the world is at, to the one after it. */
  #lookAhead(): void {
    const { foretold, world } = this;
    for (let slot = 0; slot < foretold.size; slot++) {
      const id = foretold.idAt(slot);
      const row = id === 0 ? -1 : world.rowOf(id);
      foretold.show(slot, row !== -1);
      if (row !== -1) this.#now.copy(world.table, row, slot);
    }
    this.#step(this.#tick + 1, this.#inputs.held);
    for (let group = 0; group < this.#jumps.length; group++) {
      for (let slot = 0; slot < foretold.size; slot++) {
        this.#jumps[group]![slot] = foretold.shownAt(slot) !== 0 && this.#isFar(group, slot) ? 1 : 0;
      }
    }
  }

  #isFar(group: number, slot: number): boolean {
    const row = this.world.rowOf(this.foretold.idAt(slot));
    if (row === -1) return true;
    for (const index of this.#plan.groups[group]!) {
      const { lane, teleport } = this.#plan.lanes[index]!;
      if (lane.guard !== -1) {
        const guard = this.#now.columns[lane.guard]!.values[slot];
        if (guard === 0 || this.world.table.columns[lane.guard]!.values[row] === 0) return true;
      }
      if (teleport === Number.POSITIVE_INFINITY) continue;
      const a = this.#now.columns[index]!.values[slot]!;
      const b = this.world.table.columns[index]!.values[row]!;
      if (Math.abs(b - a) > teleport) return true;
    }
    return false;
  }

  #step(tick: number, input: Row<Components>): void {
    const { world } = this;
    world.tick = tick;
    this.#spawned = 0;
    this.events.begin(tick);
    const entity = world.get(this.#id);
    if (!entity) return;
    world.beginStep(this.#id);
    this.#def.step(world, entity, input, 1 / this.#def.tickRate);
    world.endStep();
  }

  #remember(): void {
    const row = this.world.rowOf(this.#id);
    if (row === -1) return;
    const slot = this.#tick % this.#size;
    this.#past.copy(this.world.table, row, slot);
    this.#pastTicks[slot] = this.#tick;
  }

  /** Says whose rows those of `#drawn` are; a spawn keeps its slot when it gets another id. */
  #mark(): void {
    for (let slot = 0; slot < this.foretold.size; slot++) this.#drawn.ids[slot] = this.foretold.keyAt(slot);
  }

  /** What is right, without what fades. */
  #aim(share: number): void {
    const { foretold, world } = this;
    for (let slot = 0; slot < foretold.size; slot++) {
      if (foretold.shownAt(slot) === 0) continue;
      this.#drawn.copy(this.#now, slot, slot);
      const row = world.rowOf(foretold.idAt(slot));
      if (row === -1) continue;
      for (let group = 0; group < this.#jumps.length; group++) {
        if (this.#jumps[group]![slot] === 1) continue;
        for (const lane of this.#plan.groups[group]!) this.#between(lane, slot, row, share);
      }
    }
  }
  /** Draws a lane of a slot between what is now and what is ahead, which stands in `row` of the world. */
  #between(lane: number, slot: number, row: number, share: number): void {
    const plan = this.#plan.lanes[lane]!;
    const ahead = this.world.table;
    if (plan.blend === 'chart') {
      this.#rotation
        .from(this.#now, lane, slot)
        .to(ahead, lane, row)
        .turn(share)
        .write(this.#drawn, lane, slot);
      return;
    }
    const a = this.#now.columns[lane]!.values[slot]!;
    this.#drawn.columns[lane]!.values[slot] = blend(plan, a, ahead.columns[lane]!.values[row]!, share);
  }
}
