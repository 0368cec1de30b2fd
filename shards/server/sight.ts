/**
 * What is seen from one place at one rung of the ladder: which cells, at which level of detail. Players in the
 * same cell have the same sight, so they share its streams and the bytes that are made of them. A sight lives as
 * long as somebody has it. Taken by frame-maker.ts before the streams advance. [T2] [T8]
 */
import { type CellOffset, cellsAround, type GridPlan, PLACELESS } from '../core/interest.ts';
import type { Rung } from './ladder.ts';
import { type Feed, slicesOf } from './run.ts';
import type { Streams } from './streams.ts';

/** The rungs on which something is seen. */
export type SeeingRung = Exclude<Rung, 'waiting' | 'closed'>;

/** Of the cell that a player is in, where those around it have 1: his own entity is there. */
const OWN_WEIGHT = 10;

export class Sight {
  readonly place: number;
  readonly rung: SeeingRung;
  /** The streams of the cells in order of the cells' numbers. */
  readonly feeds: readonly Feed[];
  /** The same, as slices of what is said of all cells; see run.ts. */
  readonly slices: Int32Array;
  /** How much each of them matters: his own cell most, then by distance. For the budget. */
  readonly weights: Float64Array;
  holders = 0;

  constructor(from: { place: number; rung: SeeingRung }, feeds: readonly Feed[], weights: Float64Array) {
    this.place = from.place;
    this.rung = from.rung;
    this.feeds = feeds;
    this.slices = slicesOf(feeds);
    this.weights = weights;
  }

  /** Tells it from the other sights of the shard. */
  get key(): string {
    return `${this.rung}/${this.place}`;
  }
}

export class Sights {
  readonly #plan: GridPlan | undefined;
  readonly #streams: Streams;
  readonly #offsets: Readonly<Record<SeeingRung, readonly CellOffset[]>>;
  readonly #sights: Readonly<Record<SeeingRung, Map<number, Sight>>> = {
    all: new Map(),
    coarse: new Map(),
    near: new Map(),
  };

  /** Without a plan nobody sees any cell. */
  constructor(plan: GridPlan | undefined, streams: Streams) {
    this.#plan = plan;
    this.#streams = streams;
    const all = plan === undefined || plan.axes.length === 0 ? [] : cellsAround(plan);
    const coarse = all.map((offset) => ({ ...offset, level: offset.level + 1 }));
    const nearest = plan?.rings[0] ?? (plan?.radius ?? 0) / 2;
    this.#offsets = { all, coarse, near: coarse.filter(({ distance }) => distance < nearest) };
  }

  /** What is seen from a cell. Give it back with `drop`. */
  take(place: number, rung: SeeingRung): Sight {
    const sight = this.#sights[rung].get(place) ?? this.#make(place, rung);
    sight.holders++;
    return sight;
  }

  drop(sight: Sight): void {
    sight.holders--;
    if (sight.holders > 0) return;
    this.#sights[sight.rung].delete(sight.place);
    for (const feed of sight.feeds) this.#streams.release(feed);
  }

  #make(place: number, rung: SeeingRung): Sight {
    const feeds: Feed[] = [];
    const weights: number[] = [];
    if (this.#plan) {
      feeds.push(this.#streams.holdCell(PLACELESS, rung === 'all' ? 0 : 1));
      weights.push(1);
    }
    if (this.#plan && place !== PLACELESS) {
      const home = stepsOf(this.#plan.axes, place);
      for (const { steps, level, distance } of this.#offsets[rung]) {
        const cell = cellAt(this.#plan.axes, home, steps);
        if (cell === undefined) continue;
        feeds.push(this.#streams.holdCell(cell, level));
        weights.push(cell === place ? OWN_WEIGHT : this.#plan.cell / (this.#plan.cell + distance));
      }
    }
    const sight = new Sight({ place, rung }, feeds, Float64Array.from(weights));
    this.#sights[rung].set(place, sight);
    return sight;
  }
}

/** Where a cell is along the axes. */
function stepsOf(axes: GridPlan['axes'], cell: number): number[] {
  let rest = cell - 1;
  return axes.map(({ cells }) => {
    const step = rest % cells;
    rest = Math.floor(rest / cells);
    return step;
  });
}

/** Undefined beyond the edge of the world. */
function cellAt(
  axes: GridPlan['axes'],
  home: readonly number[],
  steps: readonly number[],
): number | undefined {
  let cell = 1;
  let times = 1;
  for (const [i, { cells }] of axes.entries()) {
    const at = home[i]! + steps[i]!;
    if (at < 0 || at >= cells) return undefined;
    cell += at * times;
    times *= cells;
  }
  return cell;
}
