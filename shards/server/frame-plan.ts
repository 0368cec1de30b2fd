/**
 * What a frame says of each cell that a player sees, given what he holds: nothing, its delta, its key, or, when
 * his budget is spent, nothing yet. One plan with its scratch space serves all players of a shard, one after
 * another. Used by frame-maker.ts. [T2]
 */
import type { Chunk } from '../core/chunk.ts';
import type { FrameBody } from '../core/frame-body.ts';
import type { Budget, Candidate } from './budget.ts';
import type { Sight } from './sight.ts';

/** How a cell of his sight stands with a player; without marks he has them all. */
export const HAS = 0;
/** Something was said of it that he was not sent: only a key helps. */
export const STALE = 1;
/** He was not told of this cell yet. */
export const LACKS = 2;

/** What a player holds as of a frame. */
export interface Holding {
  /** 0: nothing. */
  readonly frame: number;
  readonly outlook: { readonly sight: Sight } | undefined;
  /** By cell of the sight; undefined when he has them all. */
  readonly marks: Uint8Array | undefined;
}

const NOT_DUE = 0;
const QUIET = 1;
const DELTA = 2;
const KEY = 3;
const ENTER = 4;
/** Is due and waits. */
const WAITS = 5;
/** Is new and waits. */
const ENTERS_LATER = 6;

const SAYS = { nothing: QUIET, delta: DELTA, key: KEY } as const;

export class FramePlan {
  #says = new Uint8Array(64);
  /** By cell: where it stands in the sight that the player had, or -1. */
  #held = new Int16Array(64);
  #candidates: Candidate[] = [];
  #indexes: number[] = [];

  /** Decides for each cell of `sight`. */
  decide(holding: Holding, sight: Sight, frame: number): void {
    const { feeds } = sight;
    this.#reserve(feeds.length);
    const before = holding.frame === 0 ? [] : (holding.outlook?.sight.feeds ?? []);
    const { marks } = holding;
    let j = 0;
    for (let i = 0; i < feeds.length; i++) {
      const feed = feeds[i]!;
      while (j < before.length && before[j]!.stream.cell < feed.stream.cell) j++;
      // The same stream, not another one of that cell: he holds what it builds on.
      const held = j < before.length && before[j] === feed && marks?.[j] !== LACKS;
      this.#held[i] = held ? j : -1;
      if (!held) this.#says[i] = ENTER;
      else if (stepsAlike(feed.stream.level, holding.frame, frame)) this.#says[i] = NOT_DUE;
      else if (marks?.[j] === STALE) this.#says[i] = KEY;
      else this.#says[i] = SAYS[feed.stream.neededSince(holding.frame)];
    }
  }

  /** Lets wait what is too much for the budget. */
  trim(sight: Sight, budget: Budget): void {
    this.#candidates.length = 0;
    this.#indexes.length = 0;
    let total = 0;
    for (let i = 0; i < sight.feeds.length; i++) {
      const size = (this.#chunkOf(sight, i)?.bitLength ?? 0) / 8;
      if (size === 0) continue;
      const { stream } = sight.feeds[i]!;
      this.#candidates.push({
        cell: stream.cell,
        bytes: size,
        entities: stream.count,
        weight: sight.weights[i]!,
      });
      this.#indexes.push(i);
      total += size;
    }
    if (total <= budget.left) return;
    const chosen = budget.choose(this.#candidates);
    for (const [n, i] of this.#indexes.entries()) {
      if (!chosen.has(n)) this.#says[i] = this.#says[i] === ENTER ? ENTERS_LATER : WAITS;
    }
  }

  /** Says what was decided. */
  write(body: FrameBody, holding: Holding, sight: Sight): void {
    body.clear();
    this.#writeLeaves(body, holding, sight);
    for (let i = 0; i < sight.feeds.length; i++) {
      const says = this.#says[i]!;
      if (says === NOT_DUE || says === ENTERS_LATER) continue;
      const { stream } = sight.feeds[i]!;
      if (says === ENTER) body.enter(stream.cell, stream.level);
      body.say(this.#chunkOf(sight, i));
    }
  }

  /** How the cells stand once the frame has gone; undefined when he has them all. */
  marks(holding: Holding, sight: Sight): Uint8Array | undefined {
    let marks: Uint8Array | undefined;
    for (let i = 0; i < sight.feeds.length; i++) {
      const mark = this.#markOf(holding, sight, i);
      if (mark === HAS) continue;
      marks ??= new Uint8Array(sight.feeds.length);
      marks[i] = mark;
    }
    return marks;
  }

  #markOf(holding: Holding, sight: Sight, i: number): number {
    const says = this.#says[i]!;
    if (says === ENTERS_LATER) return LACKS;
    if (says === DELTA || says === KEY || says === ENTER) return HAS;
    const at = this.#held[i]!;
    if (at >= 0 && holding.marks?.[at] === STALE) return STALE;
    // A chunk that held a hash and nothing else is no loss.
    return says === WAITS && sight.feeds[i]!.stream.loudFrame > holding.frame ? STALE : HAS;
  }

  #reserve(cells: number): void {
    if (cells <= this.#says.length) return;
    this.#says = new Uint8Array(cells * 2);
    this.#held = new Int16Array(cells * 2);
  }

  #writeLeaves(body: FrameBody, holding: Holding, sight: Sight): void {
    const before = holding.frame === 0 ? undefined : holding.outlook?.sight;
    if (!before) return;
    let j = 0;
    for (let i = 0; i < before.feeds.length; i++) {
      if (holding.marks?.[i] === LACKS) continue;
      const cell = cellOf(before, i);
      while (j < sight.feeds.length && cellOf(sight, j) < cell) j++;
      const stays = j < sight.feeds.length && cellOf(sight, j) === cell && this.#says[j] !== ENTERS_LATER;
      if (!stays) body.leave(cell);
    }
  }

  #chunkOf(sight: Sight, i: number): Chunk | undefined {
    const says = this.#says[i]!;
    const { stream } = sight.feeds[i]!;
    if (says === DELTA) return stream.delta;
    if (says === KEY) return stream.key();
    return says === ENTER && stream.count > 0 ? stream.key() : undefined;
  }
}

/** Whether a stream of this level has no step after frame `from`, up to `to`. */
function stepsAlike(level: number, from: number, to: number): boolean {
  const period = 2 ** level;
  return Math.floor(from / period) === Math.floor(to / period);
}

function cellOf(sight: Sight, i: number): number {
  return sight.feeds[i]!.stream.cell;
}
