/**
 * The player's own entity, ahead of the server: the shared `step` runs on a copy of the world for every
 * input as it is sent; each snapshot puts the copy right and replays what the server has not seen yet.
 * [T6] When inputs arrive in time nothing changes by that; else the difference is drawn as an offset that
 * fades, so that a correction is never a jump.
 */
import type { Components } from '../core/component.ts';
import type { AnyShardDef } from '../core/define-shard.ts';
import type { Row } from '../core/record-type.ts';
import type { Snapshot } from '../core/snapshot.ts';
import type { Table } from '../core/table.ts';
import type { Events } from '../core/world.ts';
import { WorldColumns } from '../core/world-columns.ts';
import type { InputLog } from './input-log.ts';
import { blend, turnBetween } from './interpolate.ts';
import { RotationBlend } from './rotation-blend.ts';

/** Half of a visual error is gone after this time. */
const HALF_LIFE_MS = 60;
/** An error above this share of a lane's range is a teleport: it is shown at once. */
const TELEPORT = 1 / 32;

const nothing = () => {};

export class Predictor {
  readonly world: WorldColumns<Components, Events>;
  readonly #def: AnyShardDef;
  readonly #inputs: InputLog<Components>;
  readonly #id: number;
  readonly #dtSeconds: number;
  /** The predicted entity by tick, in a ring as long as the input log; behind it, a row for comparing. */
  readonly #past: Table<Row<Components>>;
  readonly #pastTicks: Float64Array;
  readonly #size: number;
  /** What is still drawn beside the prediction, in quanta per lane. */
  readonly #error: Float64Array;
  readonly #rotation = new RotationBlend();
  #errorAtMs = 0;
  #tick = 0;
  #mispredictions = 0;

  constructor(
    def: AnyShardDef,
    inputs: InputLog<Components>,
    player: { entity: number; stepSeed: string; size: number },
  ) {
    this.#def = def;
    this.#inputs = inputs;
    this.#id = player.entity;
    this.#dtSeconds = 1 / def.tickRate;
    this.#size = player.size;
    this.#past = def.entityType.table(player.size + 1);
    this.#pastTicks = new Float64Array(player.size).fill(Number.NaN);
    this.#error = new Float64Array(def.entityType.lanes.length);
    this.world = new WorldColumns(def.entityType, {
      seed: player.stepSeed,
      stepSeed: player.stepSeed,
      // Predicted spawns vanish with the next snapshot; on top of a full world they must not throw.
      maxEntities: def.limits.entities * 2,
      emit: nothing,
    });
  }

  /** The last tick computed. */
  get tick(): number {
    return this.#tick;
  }

  /** Snapshots whose own entity was not as predicted. */
  get mispredictions(): number {
    return this.#mispredictions;
  }

  /** Computes the next tick. */
  advance(): void {
    this.#step(this.#tick + 1);
  }

  /** Takes over what the server says, then replays the inputs that it had not seen. */
  correct(snapshot: Snapshot<Components>, nowMs: number): void {
    const newest = this.#tick;
    const row = snapshot.find(this.#id);
    const own = this.world.rowOf(this.#id);
    const predicted = row !== -1 && own !== -1 && newest >= snapshot.tick;
    if (predicted) this.#past.copy(this.world.table, own, this.#size);
    const slot = snapshot.tick % this.#size;
    if (
      row !== -1 &&
      this.#pastTicks[slot] === snapshot.tick &&
      !this.#past.same(snapshot.table, row, slot)
    ) {
      this.#mispredictions++;
    }
    this.world.load(snapshot);
    this.#remember(snapshot.tick);
    for (let tick = snapshot.tick + 1; tick <= newest; tick++) this.#step(tick);
    if (predicted) this.#absorb(nowMs);
    else this.#error.fill(0);
  }

  /** Writes the entity as it is to be drawn into `row`: `share` of the way through the last tick. */
  draw(out: Table<Row<Components>>, row: number, at: { share: number; nowMs: number }): void {
    const now = this.#tick % this.#size;
    const before = (this.#tick - 1) % this.#size;
    if (this.#pastTicks[now] !== this.#tick) return;
    const from = this.#pastTicks[before] === this.#tick - 1 ? before : now;
    const left = this.#errorLeft(at.nowMs);
    for (let i = 0; i < out.lanes.length; i++) {
      const lane = out.lanes[i]!;
      const column = this.#past.columns[i]!;
      if (lane.textBytes > 0) out.columns[i]!.texts[row] = column.texts[now]!;
      else if (lane.blend === 'snap') out.columns[i]!.values[row] = column.values[now]!;
      else if (lane.blend === 'chart') {
        this.#rotation.from(this.#past, i, from).to(this.#past, i, now).turn(at.share).write(out, i, row);
      } else if (lane.blend !== 'axis') {
        const value = blend(lane, column.values[from]!, column.values[now]!, at.share);
        out.columns[i]!.values[row] = value + this.#error[i]! * left;
      }
    }
  }

  #step(tick: number): void {
    const { world } = this;
    world.tick = tick;
    const entity = world.get(this.#id);
    if (entity) {
      world.beginStep(this.#id);
      this.#def.step(world, entity, this.#inputs.at(tick), this.#dtSeconds);
      world.endStep();
    }
    this.#remember(tick);
  }

  #remember(tick: number): void {
    this.#tick = tick;
    const row = this.world.rowOf(this.#id);
    if (row === -1) return;
    this.#past.copy(this.world.table, row, tick % this.#size);
    this.#pastTicks[tick % this.#size] = tick;
  }

  /** Adds the difference that a correction made to the visual error. */
  #absorb(nowMs: number): void {
    const row = this.world.rowOf(this.#id);
    const left = this.#errorLeft(nowMs);
    for (let i = 0; i < this.#error.length; i++) {
      const lane = this.#past.lanes[i]!;
      if (lane.blend !== 'linear' && lane.blend !== 'angle') continue;
      const before = this.#past.columns[i]!.values[this.#size]!;
      const after = this.world.table.columns[i]!.values[row]!;
      const made = lane.blend === 'angle' ? turnBetween(lane, after, before) : before - after;
      const error = this.#error[i]! * left + made;
      if (Math.abs(made) > (lane.max - lane.min) * TELEPORT) return void this.#error.fill(0);
      this.#error[i] = error;
    }
    this.#errorAtMs = nowMs;
  }

  #errorLeft(nowMs: number): number {
    return 0.5 ** ((nowMs - this.#errorAtMs) / HALF_LIFE_MS);
  }
}
