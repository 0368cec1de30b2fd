/** As much of a Store as the shards plugin uses, over a database in memory that outlives restarts of the plugin. */
import { Lane } from '../../src/base/lane.ts';
import type { JobContext } from '../../src/store/group-commit.ts';
import type { SqlDriver } from '../../src/store/sql-driver.ts';
import { openSqlite } from '../../src/store/sqlite.ts';
import type { Store } from '../../src/store/store.ts';

export class SimStore {
  readonly #driver: SqlDriver = openSqlite(':memory:', { synchronous: 'OFF' });
  readonly #lane = new Lane();
  /** What the next writes fail with, while it is set. */
  broken: Error | undefined;

  /** As the plugin sees it. */
  get asStore(): Store {
    return this as unknown as Store;
  }

  async open(tables: readonly string[]): Promise<void> {
    for (const sql of tables) await this.#driver.run(sql);
  }

  write<T>(work: (job: JobContext) => Promise<T>): Promise<{ value: T; seq: null }> {
    return this.#lane.run(async () => {
      if (this.broken) throw this.broken;
      const tasks: (() => void)[] = [];
      await this.#driver.run('BEGIN');
      try {
        const value = await work({
          tx: this.#driver as unknown as JobContext['tx'],
          atEnd: () => {},
          afterCommit: (task) => tasks.push(task),
        });
        await this.#driver.run('COMMIT');
        for (const task of tasks) task();
        return { value, seq: null };
      } catch (error) {
        await this.#driver.run('ROLLBACK');
        throw error;
      }
    });
  }
}
