/** A SQLite file in the system's folder for such, to be opened as often as a test likes and then removed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqlite } from '../store/sqlite.ts';
import type { Drivers } from '../store/store.ts';

export class TempDatabase {
  readonly #folder = mkdtempSync(join(tmpdir(), 'ternion-'));

  get path(): string {
    return join(this.#folder, 'test.db');
  }

  /** Without disk flushes: a simulated process dies, the machine does not. */
  open(): Drivers {
    const writer = openSqlite(this.path, { synchronous: 'OFF' });
    return { writer, reader: openSqlite(this.path, { synchronous: 'OFF', readOnly: true }) };
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
