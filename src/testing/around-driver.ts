/** A SqlDriver whose every statement first passes a gate: to watch it, to fail it, or never to run it. */
import type { SqlDriver, SqlValue } from '../store/sql-driver.ts';

/** Runs the statement by `run`, or does something else in its place. */
export type Around = <T>(
  run: () => Promise<T>,
  sql: string,
  params: readonly SqlValue[] | undefined,
) => Promise<T>;

export function aroundDriver(inner: SqlDriver, around: Around): SqlDriver {
  return {
    get inTransaction() {
      return inner.inTransaction;
    },
    all: (sql, params) => around(() => inner.all(sql, params), sql, params),
    lists: (sql, params) => around(() => inner.lists(sql, params), sql, params),
    run: (sql, params) => around(() => inner.run(sql, params), sql, params),
    close: () => inner.close(),
  };
}
