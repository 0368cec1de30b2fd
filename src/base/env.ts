/**
 * The only source of time, chance and output. Every part of Ternion receives an Env and calls nothing
 * ambient, so the whole system runs inside a seeded simulation (testing/world.ts) with its real code.
 * Implementations: server/node-env.ts, client/browser-env.ts, testing/sim-env.ts.
 */

/** Undoes what returned it. Calling it twice, or too late, does nothing. */
export type Cancel = () => void;

export interface Clock {
  /** Wall time in milliseconds since 1970 (UTC). It may jump in either direction. */
  now(): number;
  /** Milliseconds since an arbitrary origin, with fractions. It never goes back. */
  monotonic(): number;
  /** Runs `task` once, at least `delayMs` milliseconds from now. */
  after(delayMs: number, task: () => void): Cancel;
  /** Runs `task` when the current turn of the event loop is over, before any timer of a later turn. */
  soon(task: () => void): void;
}

export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** Fills `bytes` and returns it. On a real host these bytes are fit for secrets. */
  fill(bytes: Uint8Array): Uint8Array;
}

export type LogFields = Record<string, unknown>;

/** `event` is a dotted name (`session.open`); what varies goes into `fields`. Never log a secret. */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

export interface Env {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

const nothing = () => {};

/** A log that says nothing. */
export const silentLog: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
