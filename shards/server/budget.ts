/**
 * `limits.bytesPerSecond` of one player: how many bytes may go to him now, and which chunks wait when not all of
 * them may. A cell that waits gains priority with every frame, the near ones faster, until it goes before all
 * others: nothing starves. Asked by frame-plan.ts. Source: G. Fiedler, "State Synchronization", 2015.
 */
import { MAX_SEEN_CELLS } from '../core/interest.ts';

/** What is saved up while nothing happens, as a share of a second. */
const BURST_SECONDS = 0.25;

/** Cells whose priority is kept; most that a player has turned away from are among them, and do no harm. */
const MAX_WAITING = 2 * MAX_SEEN_CELLS;

export interface Candidate {
  readonly cell: number;
  readonly bytes: number;
  readonly entities: number;
  /** What it gains per frame that it waits. */
  readonly weight: number;
}

export class Budget {
  readonly #bytesPerSecond: number;
  readonly #waiting = new Map<number, number>();
  #left: number;
  #filledMs: number;

  constructor(bytesPerSecond: number, nowMs: number) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#left = bytesPerSecond * BURST_SECONDS;
    this.#filledMs = nowMs;
  }

  /** Bytes that may go now; nothing may when it is not above 0. */
  get left(): number {
    return this.#left;
  }

  /** Time has passed. */
  fill(nowMs: number): void {
    const gained = ((nowMs - this.#filledMs) * this.#bytesPerSecond) / 1000;
    this.#filledMs = nowMs;
    this.#left = Math.min(this.#bytesPerSecond * BURST_SECONDS, this.#left + gained);
  }

  /** What went may be more than was left, by one chunk: it is made up for before the next frame. */
  spend(bytes: number): void {
    this.#left -= bytes;
  }

  /** The indexes of those that go; the others wait. The first goes even if it is larger than what is left. */
  choose(candidates: readonly Candidate[]): Set<number> {
    const urgent = candidates.map(({ cell, weight, entities, bytes: size }, index) => {
      const waited = (this.#waiting.get(cell) ?? 0) + weight;
      return { index, cell, waited, size, urgency: (waited * (entities + 1)) / size };
    });
    urgent.sort((a, b) => b.urgency - a.urgency || a.index - b.index);
    const chosen = new Set<number>();
    if (this.#waiting.size > MAX_WAITING) this.#waiting.clear();
    let left = this.#left;
    for (const { index, cell, waited, size } of urgent) {
      if (size <= left || chosen.size === 0) {
        chosen.add(index);
        left -= size;
        this.#waiting.delete(cell);
      } else this.#waiting.set(cell, waited);
    }
    return chosen;
  }
}
