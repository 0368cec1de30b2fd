/**
 * The last frames' entities, as far as a definition's `rewind` remembers them, in a ring. Recorded by shard.ts behind
 * `tick`, read by moment.ts. Only ticks that have a frame are kept, for those are what players see drawn between.
 * A frame's columns are filled again and again: while the world does not grow, recording allocates nothing.
 */
import { Fault } from '../../src/base/fault.ts';
import type { Components } from '../core/component.ts';
import type { RewindPlan } from '../core/rewind-plan.ts';
import type { Events } from '../core/world.ts';
import type { WorldColumns } from '../core/world-columns.ts';

/** Rows are added so many at a time. */
const BLOCK_ROWS = 64;

/** The entities of one tick, by the rows that they have in the world. */
export class PastFrame {
  /** -1: none yet. */
  tick = -1;
  /** 0 where there was none. */
  ids = new Int32Array(0);
  readonly lanes: Int32Array[];
  rows = 0;

  constructor(lanes: number) {
    this.lanes = Array.from({ length: lanes }, () => this.ids);
  }

  get bytes(): number {
    return this.ids.byteLength * (1 + this.lanes.length);
  }

  /** Who is in a row, 0 for nobody. */
  idOf(row: number): number {
    return row < this.rows ? this.ids[row]! : 0;
  }

  /** Makes room; what was here is lost when there was not enough. */
  clear(tick: number, rows: number): void {
    this.tick = tick;
    this.rows = rows;
    if (rows <= this.ids.length) return;
    const capacity = Math.ceil(rows / BLOCK_ROWS) * BLOCK_ROWS;
    this.ids = new Int32Array(capacity);
    for (let i = 0; i < this.lanes.length; i++) this.lanes[i] = new Int32Array(capacity);
  }
}

/** The past as it is kept beside a state: frames from the oldest to the newest, by the rows of the world. */
export interface PastCopy {
  readonly ticks: readonly number[];
  readonly ids: readonly Int32Array[];
  /** For each frame those of the remembered components. */
  readonly lanes: readonly (readonly Int32Array[])[];
}

export class History {
  readonly plan: RewindPlan;
  readonly world: WorldColumns<Components, Events>;
  readonly #ring: PastFrame[];
  #oldest = -1;
  #newest = -1;

  constructor(plan: RewindPlan, world: WorldColumns<Components, Events>) {
    this.plan = plan;
    this.world = world;
    this.#ring = Array.from({ length: plan.frames }, () => new PastFrame(plan.lanes.length));
  }

  /** The newest tick recorded; -1 before the first. */
  get newest(): number {
    return this.#newest;
  }

  get bytes(): number {
    return this.#ring.reduce((sum, frame) => sum + frame.bytes, 0);
  }

  /** The tick of the world is computed. Those without a frame are passed over. */
  record(): void {
    const { everyTicks, lanes, frames } = this.plan;
    const { tick, table, rowsUsed } = this.world;
    if (tick % everyTicks !== 0) return;
    const frame = this.#slot(tick);
    frame.clear(tick, rowsUsed);
    copy(table.ids, frame.ids, rowsUsed);
    for (let i = 0; i < lanes.length; i++) {
      copy(table.columns[lanes[i]!]!.values, frame.lanes[i]!, rowsUsed);
    }
    const oldest = tick - (frames - 1) * everyTicks;
    // A world that was restored begins anew; else ticks follow one another.
    const follows = this.#newest >= 0 && this.#newest === tick - everyTicks;
    this.#oldest = follows ? Math.max(this.#oldest, oldest) : tick;
    this.#newest = tick;
  }

  /** The nearest moment that is remembered. Throws Fault `invalid` before the first frame. */
  clamp(tick: number): number {
    if (this.#newest < 0) throw new Fault('invalid', 'a rewind before the first tick');
    return Math.max(this.#oldest, Math.min(this.#newest, tick));
  }

  /** The newest frame that is not after `tick`, a moment that is remembered. */
  before(tick: number): PastFrame {
    const { everyTicks } = this.plan;
    return this.#slot(Math.floor(tick / everyTicks) * everyTicks);
  }

  /** The frame that follows, or itself when it is the newest. */
  after(frame: PastFrame): PastFrame {
    return frame.tick === this.#newest ? frame : this.#slot(frame.tick + this.plan.everyTicks);
  }

  copy(): PastCopy {
    const { everyTicks } = this.plan;
    const frames: PastFrame[] = [];
    if (this.#newest >= 0) {
      for (let tick = this.#oldest; tick <= this.#newest; tick += everyTicks) frames.push(this.#slot(tick));
    }
    return {
      ticks: frames.map(({ tick }) => tick),
      ids: frames.map(({ ids, rows }) => ids.slice(0, rows)),
      lanes: frames.map(({ lanes, rows }) => lanes.map((lane) => lane.slice(0, rows))),
    };
  }

  /** Goes on from a copy; the world has the rows that it had then. */
  restore({ ticks, ids, lanes }: PastCopy): void {
    for (const [i, tick] of ticks.entries()) {
      const frame = this.#slot(tick);
      frame.clear(tick, ids[i]!.length);
      frame.ids.set(ids[i]!);
      for (const [lane, values] of lanes[i]!.entries()) frame.lanes[lane]!.set(values);
    }
    this.#oldest = ticks[0] ?? -1;
    this.#newest = ticks.at(-1) ?? -1;
  }

  /** The frame before, or itself when it is the oldest. */
  earlier(frame: PastFrame): PastFrame {
    return frame.tick === this.#oldest ? frame : this.#slot(frame.tick - this.plan.everyTicks);
  }

  #slot(tick: number): PastFrame {
    return this.#ring[(tick / this.plan.everyTicks) % this.#ring.length]!;
  }
}

/** As `set` does with a part of the source, without an object for that part. */
function copy(from: Int32Array | Float64Array, to: Int32Array, count: number): void {
  for (let i = 0; i < count; i++) to[i] = from[i]!;
}
