/**
 * Whose updates are tried before they are imported, and whose are refused for some time. An identity becomes a
 * suspect when something of it was bad although its checksum was right: no honest client sends that. And as some
 * hundred traps end the whole WebAssembly instance of the server's own thread, everybody's updates are tried from
 * `maxMainTraps` on, until the server is started anew. [D3]
 */
import type { Clock } from '../../src/base/env.ts';
import { Fault } from '../../src/base/fault.ts';

export interface SuspectOptions {
  /** How long the updates of an identity that sent something bad are tried before they are imported. */
  suspectMs: number;
  /** Bad updates of one identity within `suspectMs` after which all its updates are refused for `barMs`. */
  maxStrikes: number;
  /** How long the updates of an identity with too many strikes are refused as `rate_limited`. */
  barMs: number;
  /** Identities remembered as suspects; with one more the oldest is forgotten. */
  maxSuspects: number;
  /** Traps on the server's own thread after which all updates are tried before they are imported. */
  maxMainTraps: number;
}

interface Suspect {
  readonly strikes: number;
  readonly untilMs: number;
  readonly barredUntilMs: number;
}

/** All anonymous viewers are one identity: one of them must not bar the others. */
const ANONYMOUS = 'anonymous';

export class Suspects {
  readonly #clock: Clock;
  readonly #options: SuspectOptions;
  readonly #suspects = new Map<string, Suspect>();
  #mainTraps = 0;

  constructor(clock: Clock, options: SuspectOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  get size(): number {
    this.#forgetOld();
    return this.#suspects.size;
  }

  /** Traps on this thread since the start. */
  get mainTraps(): number {
    return this.#mainTraps;
  }

  mainTrapped(): void {
    this.#mainTraps++;
  }

  /** Something of this identity was bad. */
  strike(owner: string): void {
    const { suspectMs, maxStrikes, barMs, maxSuspects } = this.#options;
    const nowMs = this.#clock.monotonic();
    const strikes = (this.#of(owner)?.strikes ?? 0) + 1;
    const barred = strikes >= maxStrikes && owner !== ANONYMOUS;
    this.#suspects.delete(owner);
    this.#suspects.set(owner, {
      strikes,
      untilMs: nowMs + suspectMs,
      barredUntilMs: barred ? nowMs + barMs : nowMs,
    });
    for (const oldest of this.#suspects.keys()) {
      if (this.#suspects.size <= maxSuspects) break;
      this.#suspects.delete(oldest);
    }
  }

  /** Whether an update of this identity must be tried first. Throws `rate_limited` when it is not wanted at all. */
  mustTry(owner: string): boolean {
    const suspect = this.#of(owner);
    if (suspect && suspect.barredUntilMs > this.#clock.monotonic())
      throw new Fault('rate_limited', 'updates of this identity are refused for some time');
    return suspect !== undefined || this.#mainTraps >= this.#options.maxMainTraps;
  }

  #of(owner: string): Suspect | undefined {
    const suspect = this.#suspects.get(owner);
    return suspect && suspect.untilMs > this.#clock.monotonic() ? suspect : undefined;
  }

  #forgetOld(): void {
    for (const owner of [...this.#suspects.keys()]) if (!this.#of(owner)) this.#suspects.delete(owner);
  }
}
