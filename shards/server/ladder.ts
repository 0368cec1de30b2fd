/**
 * How far a slow player is let down. He climbs down at once, by how long his oldest frame has waited for his
 * acknowledgement, and up again one rung after another while he keeps up, so that he does not swing between
 * two. Every rung sends less than the one before; on the last but one he costs nothing at all. [T5]
 *
 *   all --coarserAfterMs--> coarse --nearerAfterMs--> near --ackWindowMs--> waiting --closeAfterMs--> closed
 *   all <---calmMs--------- coarse <---calmMs-------- near <--acknowledged----'
 */
export interface LadderOptions {
  /** Every cell at the next lower level of detail: half as many frames. */
  readonly coarserAfterMs: number;
  /** The nearest cells only, at that level. */
  readonly nearerAfterMs: number;
  /** Nothing until all frames are acknowledged; then keys. It bounds what the kernel holds for him. */
  readonly ackWindowMs: number;
  /** The channel is closed. */
  readonly closeAfterMs: number;
  /** So long without being late takes him up one rung. */
  readonly calmMs: number;
}

export const RUNGS = ['all', 'coarse', 'near', 'waiting', 'closed'] as const;
export type Rung = (typeof RUNGS)[number];

export class Ladder {
  readonly #options: LadderOptions;
  #rung: Rung = 'all';
  /** Since when he has not been late for his rung. */
  #calmSinceMs: number;

  constructor(options: LadderOptions, nowMs: number) {
    this.#options = options;
    this.#calmSinceMs = nowMs;
  }

  get rung(): Rung {
    return this.#rung;
  }

  /** Called before each frame; `waitedMs` is 0 when all frames are acknowledged. */
  step(waitedMs: number, nowMs: number): Rung {
    const deserved = this.#deserved(waitedMs);
    const at = RUNGS.indexOf(this.#rung);
    if (this.#rung === 'closed') return 'closed';
    if (this.#rung === 'waiting' && deserved !== 'closed') {
      if (waitedMs === 0) this.#to('near', nowMs);
    } else if (deserved > at) {
      this.#to(RUNGS[deserved]!, nowMs);
    } else if (deserved === at || at === 0) {
      this.#calmSinceMs = nowMs;
    } else if (nowMs - this.#calmSinceMs >= this.#options.calmMs) {
      this.#to(RUNGS[at - 1]!, nowMs);
    }
    return this.#rung;
  }

  #deserved(waitedMs: number): number {
    const { coarserAfterMs, nearerAfterMs, ackWindowMs, closeAfterMs } = this.#options;
    const after = [coarserAfterMs, nearerAfterMs, ackWindowMs, closeAfterMs];
    let rung = 0;
    for (const ms of after) if (waitedMs > ms) rung++;
    return rung;
  }

  #to(rung: Rung, nowMs: number): void {
    this.#rung = rung;
    this.#calmSinceMs = nowMs;
  }
}
