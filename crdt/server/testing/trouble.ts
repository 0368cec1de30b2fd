/** For tests: a database that fails when told to. */
import { Fault } from '../../../src/base/fault.ts';
import type { SqlDriver } from '../../../src/store/sql-driver.ts';
import { aroundDriver } from '../../../src/testing/around-driver.ts';

/** Fails statements that contain `broken`, and counts all. */
export class Trouble {
  broken = '';
  readonly seen: string[] = [];

  driver(inner: SqlDriver): SqlDriver {
    return aroundDriver(inner, (run, sql) => {
      this.seen.push(sql);
      if (this.broken !== '' && sql.includes(this.broken))
        return Promise.reject(new Fault('storage', 'disk full'));
      return run();
    });
  }

  count(part: string): number {
    return this.seen.filter((sql) => sql.includes(part)).length;
  }
}
