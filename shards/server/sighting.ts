/**
 * Which moment of the world a player saw, as his inputs tell it. Held by his seat, asked by `world.rewind`.
 * A client may say what it likes within the bounds of the input's lane: never the future, never longer ago than
 * `rewind.ms`. Nor does time go back for it: who has seen a moment has not seen an earlier one since.
 */
import { LAG_PARTS } from '../core/rewind-plan.ts';

export class Sighting {
  #lag = 0;
  #seen = Number.NEGATIVE_INFINITY;

  /** The input of `tick` is stepped; `lag` as on the wire, 0 when it does not tell. */
  step(tick: number, lag: number): void {
    if (lag > 0) this.#lag = lag;
    // An input that is missing was made, as far as anybody knows, as long before its tick as the last.
    if (this.#lag > 0) this.#seen = Math.max(this.#seen, tick - 1 - this.#lag / LAG_PARTS);
  }

  /** For a state of the shard; [0, 0]: he has told of none. */
  save(): readonly [lag: number, seen: number] {
    return this.#lag > 0 ? [this.#lag, this.#seen] : [0, 0];
  }

  load([lag, seen]: readonly [lag: number, seen: number]): void {
    this.#lag = lag;
    this.#seen = lag > 0 ? seen : Number.NEGATIVE_INFINITY;
  }

  /** The moment, in ticks; `newest` for a player who has not told of any yet. */
  seen(newest: number): number {
    return this.#lag > 0 ? Math.min(this.#seen, newest) : newest;
  }
}
