/** For tests: a database that fails when told to. */
import { Fault } from '../../../src/base/fault.ts';
import type { SqlDriver } from '../../../src/store/sql-driver.ts';

/** Fails statements that contain `broken`, and counts all. */
export class Trouble {
  broken = '';
  readonly seen: string[] = [];

  driver(inner: SqlDriver): SqlDriver {
    const watch = <T>(sql: string, run: () => Promise<T>): Promise<T> => {
      this.seen.push(sql);
      if (this.broken !== '' && sql.includes(this.broken))
        return Promise.reject(new Fault('storage', 'disk full'));
      return run();
    };
    return {
      all: (sql, params) => watch(sql, () => inner.all(sql, params)),
      lists: (sql, params) => watch(sql, () => inner.lists(sql, params)),
      run: (sql, params) => watch(sql, () => inner.run(sql, params)),
      close: () => inner.close(),
    };
  }

  count(part: string): number {
    return this.seen.filter((sql) => sql.includes(part)).length;
  }
}
