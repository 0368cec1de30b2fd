/**
 * A process that can be killed: after `kill` its timers never fire and its database calls never return, so
 * nothing of it goes on, as after `kill -9`. The kill may come between any two SQL statements.
 */
import type { Clock, Env } from '../base/env.ts';
import { Fault } from '../base/fault.ts';
import type { SqlDriver } from '../store/sql-driver.ts';
import { aroundDriver } from './around-driver.ts';

/** Statements that need room on the disk. */
const WRITES = /^\s*(INSERT|UPDATE|DELETE|REPLACE|COMMIT)/i;

export class SimProcess {
  readonly env: Env;
  /** True: its writes fail. */
  diskFull = false;
  #dead = false;
  #statementsLeft = Number.POSITIVE_INFINITY;
  #onDeath: () => void = () => {};

  constructor(env: Env) {
    const { clock } = env;
    const guard = (task: () => void) => () => {
      if (!this.#dead) task();
    };
    const mortal: Clock = {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      after: (delayMs, task) => clock.after(delayMs, guard(task)),
      soon: (task) => clock.soon(guard(task)),
    };
    this.env = { ...env, clock: mortal };
  }

  get dead(): boolean {
    return this.#dead;
  }

  onDeath(listener: () => void): void {
    this.#onDeath = listener;
  }

  /** Kills the process in the middle of its work: before its `count`-th SQL statement from now. */
  killAtStatement(count: number): void {
    this.#statementsLeft = count;
  }

  kill(): void {
    if (this.#dead) return;
    this.#dead = true;
    this.#onDeath();
  }

  /** As `driver`, of a disk that may be full. */
  writer(inner: SqlDriver): SqlDriver {
    return aroundDriver(this.driver(inner), (run, sql) =>
      this.diskFull && !this.#dead && WRITES.test(sql)
        ? Promise.reject(new Fault('storage', 'disk full'))
        : run(),
    );
  }

  /** The driver as this process sees it. */
  driver(inner: SqlDriver): SqlDriver {
    return aroundDriver(inner, (run) => {
      if (--this.#statementsLeft <= 0) this.kill();
      return this.#dead ? new Promise<never>(() => {}) : run();
    });
  }
}
