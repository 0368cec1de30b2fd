/**
 * How far a slow player is let down. He climbs down at once, by how long his oldest frame has waited for his
 * acknowledgement, and up again one rung after another while he keeps up, so that he does not swing between
 * two. Every rung sends less than the one before; on the last but one he costs nothing at all. [T5]
 *
 *   all --coarserAfterMs--> coarse --nearerAfterMs--> near --ackWindowMs--> waiting --closeAfterMs--> closed
 *   all <---calmMs--------- coarse <---calmMs-------- near <--all acknowledged--'
 */
export interface LadderOptions {
  /** A player whose oldest frame waits for longer is sent every cell half as often. */
  readonly coarserAfterMs: number;
  /** For longer: the nearest cells only, half as often. */
  readonly nearerAfterMs: number;
  /**
   * For longer: nothing, until all is acknowledged; then everything anew. It bounds what the kernel holds for a
   * slow reader (about 4 MB before the socket shows anything).
   */
  readonly ackWindowMs: number;
  /** For longer: his channel is closed. */
  readonly closeAfterMs: number;
  /** So long without being late takes him up by one rung. */
  readonly calmMs: number;
}

/** A rung whose time is not below that of the next one is left out. */
export const RUNGS = ['all', 'coarse', 'near', 'waiting', 'closed'] as const;
export type Rung = (typeof RUNGS)[number];

/** Which counter tells of a rung. */
export const LETDOWNS = {
  all: undefined,
  coarse: 'toCoarse',
  near: 'toNear',
  waiting: 'toWaiting',
  closed: 'toClosed',
} as const satisfies Record<Rung, string | undefined>;

export function isAbove(rung: Rung, other: Rung): boolean {
  return RUNGS.indexOf(rung) < RUNGS.indexOf(other);
}

export class Ladder {
  /** Who waits no longer than this stays on the uppermost rung. */
  readonly patienceMs: number;
  readonly #options: LadderOptions;
  #rung: Rung = 'all';
  /** Since when he has not been late for his rung. */
  #calmSinceMs: number;

  constructor(options: LadderOptions, nowMs: number) {
    this.#options = options;
    const { coarserAfterMs, nearerAfterMs, ackWindowMs, closeAfterMs } = options;
    this.patienceMs = Math.min(coarserAfterMs, nearerAfterMs, ackWindowMs, closeAfterMs);
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
    if (this.#rung === 'waiting' && RUNGS[deserved] !== 'closed') {
      if (waitedMs === 0) this.#to(this.#lowest(), nowMs);
    } else if (deserved > at) {
      this.#to(RUNGS[deserved]!, nowMs);
    } else if (deserved === at || at === 0) {
      this.#calmSinceMs = nowMs;
    } else if (nowMs - this.#calmSinceMs >= this.#options.calmMs) {
      this.#to(RUNGS[at - 1]!, nowMs);
    }
    return this.#rung;
  }

  /** The lowest rung on which something is sent. */
  #lowest(): Rung {
    const { coarserAfterMs, nearerAfterMs, ackWindowMs } = this.#options;
    if (nearerAfterMs < ackWindowMs) return 'near';
    return coarserAfterMs < ackWindowMs ? 'coarse' : 'all';
  }

  #deserved(waitedMs: number): number {
    const { coarserAfterMs, nearerAfterMs, ackWindowMs, closeAfterMs } = this.#options;
    if (waitedMs > closeAfterMs) return 4;
    if (waitedMs > ackWindowMs) return 3;
    if (waitedMs > nearerAfterMs) return 2;
    return waitedMs > coarserAfterMs ? 1 : 0;
  }

  #to(rung: Rung, nowMs: number): void {
    this.#rung = rung;
    this.#calmSinceMs = nowMs;
  }
}
