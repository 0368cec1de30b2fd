/**
 * The time by which the log and the ledger age. Within a process it goes on with the monotonic clock, so a wall
 * clock that is set ahead makes nothing old, and one that is set back makes nothing young [L3] [L4]. At a start it
 * is the wall time, but not before what the database has seen, and at most a day after: a longer stop and a wrong
 * clock look alike, and to keep things for longer does no harm. Used by Store.
 */
import type { Clock } from '../base/env.ts';
import type { SqlDriver } from './sql-driver.ts';

/** The longest stop that counts in full. */
export const LONGEST_STOP_MS = 24 * 3600 * 1000;

/** Survives a log that is emptied. */
const SAVE = `INSERT OR REPLACE INTO _meta (key, value) VALUES ('clock', ?)`;
const LAST = `SELECT max(coalesce((SELECT CAST(value AS INTEGER) FROM _meta WHERE key = 'clock'), 0),
  coalesce((SELECT at FROM _log ORDER BY seq DESC LIMIT 1), 0)) AS at`;

export class SteadyClock {
  readonly #clock: Clock;
  #startMs: number;
  #originMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startMs = clock.now();
    this.#originMs = clock.monotonic();
  }

  /** Milliseconds since 1970, if no clock was ever wrong. */
  now(): number {
    return Math.floor(this.#startMs + this.#clock.monotonic() - this.#originMs);
  }

  /** Goes on where the database was left. Call it in the transaction of the start. */
  async open(driver: Pick<SqlDriver, 'all' | 'run'>): Promise<void> {
    const wallMs = this.#clock.now();
    const [last] = await driver.all(LAST);
    const lastMs = Number(last?.at);
    this.#startMs = lastMs === 0 ? wallMs : Math.min(Math.max(wallMs, lastMs), lastMs + LONGEST_STOP_MS);
    this.#originMs = this.#clock.monotonic();
    await this.save(driver);
  }

  async save(driver: Pick<SqlDriver, 'run'>): Promise<void> {
    await driver.run(SAVE, [String(this.now())]);
  }
}
