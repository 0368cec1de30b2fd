/**
 * Checkpoints in SQL: the last state of each shard that is to outlive the process, and what was logged since. A state
 * is written in parts, each in a transaction of its own, so that no tick waits for a large one [T3]; it counts from
 * its last part on, and until then the one before does. Used by keeper.ts and restore.ts. [T7]
 */

import type { SqlRow } from '../../src/store/sql-driver.ts';
import type { Store } from '../../src/store/store.ts';
import type { LogBatch } from './journal.ts';

export const CHECKPOINT_TABLES = [
  `CREATE TABLE IF NOT EXISTS _shards (
    name TEXT NOT NULL, id TEXT NOT NULL, hash TEXT NOT NULL, tick INTEGER NOT NULL, batch INTEGER NOT NULL,
    generation INTEGER NOT NULL, bytes INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (name, id)
  ) WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS _shard_parts (
    name TEXT NOT NULL, id TEXT NOT NULL, generation INTEGER NOT NULL, part INTEGER NOT NULL, bytes BLOB NOT NULL,
    PRIMARY KEY (name, id, generation, part)
  )`,
  `CREATE TABLE IF NOT EXISTS _shard_log (
    name TEXT NOT NULL, id TEXT NOT NULL, batch INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (name, id, batch)
  )`,
];

/** Of one transaction. */
const PART_BYTES = 64 << 10;

export interface ShardKey {
  readonly name: string;
  readonly id: string;
}

export interface Checkpoint extends ShardKey {
  /** Of the definition. */
  readonly hash: string;
  readonly tick: number;
  /** The last batch of the log that is part of the state. */
  readonly batch: number;
}

export interface LoggedBatch extends LogBatch {
  readonly key: ShardKey;
}

export class CheckpointTable {
  readonly #store: Store;
  readonly #generations = new Map<string, number>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Resolves when it is durable; what was logged before is gone then. One at a time for each shard. */
  async save(checkpoint: Checkpoint, state: Uint8Array): Promise<void> {
    const { name, id, hash, tick, batch } = checkpoint;
    const generation = (this.#generations.get(mapKey(checkpoint)) ?? 0) + 1;
    const parts = Math.max(1, Math.ceil(state.length / PART_BYTES));
    for (let part = 0; part < parts; part++) {
      const bytes = state.subarray(part * PART_BYTES, (part + 1) * PART_BYTES);
      await this.#store.write(async ({ tx }) => {
        await tx.run(
          `INSERT OR REPLACE INTO _shard_parts (name, id, generation, part, bytes) VALUES (?, ?, ?, ?, ?)`,
          [name, id, generation, part, bytes],
        );
        if (part < parts - 1) return;
        await tx.run(
          `INSERT OR REPLACE INTO _shards (name, id, hash, tick, batch, generation, bytes, at)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
          [name, id, hash, tick, batch, generation, state.length, this.#store.now()],
        );
        await tx.run(
          'DELETE FROM _shard_parts WHERE name = ? AND id = ? AND (generation <> ? OR part >= ?)',
          [name, id, generation, parts],
        );
        await tx.run('DELETE FROM _shard_log WHERE name = ? AND id = ? AND batch <= ?', [name, id, batch]);
      });
    }
    this.#generations.set(mapKey(checkpoint), generation);
  }

  /** Resolves when they are durable. */
  async log(batches: readonly LoggedBatch[]): Promise<void> {
    await this.#store.write(async ({ tx }) => {
      for (const { key, number, bytes } of batches) {
        await tx.run('INSERT OR REPLACE INTO _shard_log (name, id, batch, bytes) VALUES (?, ?, ?, ?)', [
          key.name,
          key.id,
          number,
          bytes,
        ]);
      }
    });
  }

  /** The shard has ended. */
  async remove({ name, id }: ShardKey): Promise<void> {
    this.#generations.delete(mapKey({ name, id }));
    await this.#store.write(async ({ tx }) => {
      for (const table of ['_shards', '_shard_parts', '_shard_log']) {
        await tx.run(`DELETE FROM ${table} WHERE name = ? AND id = ?`, [name, id]);
      }
    });
  }

  /**
   * Removes what no checkpoint owns: of shards that the last process began and that had none yet. Another one of the
   * same name would else go on with it.
   */
  async tidy(): Promise<void> {
    await this.#store.write(async ({ tx }) => {
      for (const table of ['_shard_parts', '_shard_log']) {
        await tx.run(`DELETE FROM ${table} WHERE (name, id) NOT IN (SELECT name, id FROM _shards)`);
      }
    });
  }

  /** The oldest first. */
  async list(): Promise<Checkpoint[]> {
    const rows = await this.#store.read((snapshot) =>
      snapshot.all('SELECT name, id, hash, tick, batch, generation FROM _shards ORDER BY at, name, id'),
    );
    return rows.map((row) => {
      const checkpoint = checkpointOf(row);
      this.#generations.set(mapKey(checkpoint), Number(row.generation));
      return checkpoint;
    });
  }

  /** The state, and the batches that follow it without a gap; what is behind a gap is removed. */
  async load({ name, id, batch }: Checkpoint): Promise<{ state: Uint8Array; log: LogBatch[] }> {
    const generation = this.#generations.get(mapKey({ name, id })) ?? 0;
    const [parts, rows] = await this.#store.read(async (snapshot) => [
      await snapshot.all(
        'SELECT bytes FROM _shard_parts WHERE name = ? AND id = ? AND generation = ? ORDER BY part',
        [name, id, generation],
      ),
      await snapshot.all(
        'SELECT batch, bytes FROM _shard_log WHERE name = ? AND id = ? AND batch > ? ORDER BY batch',
        [name, id, batch],
      ),
    ]);
    const log = rows.map((row): LogBatch => ({ number: Number(row.batch), bytes: bytesOf(row) }));
    const gap = log.findIndex(({ number }, i) => number !== batch + 1 + i);
    const state = joined(parts.map(bytesOf));
    if (gap === -1) return { state, log };
    // The shard goes on with the number of the gap: what is behind would seem to follow that.
    await this.#store.write(({ tx }) =>
      tx.run('DELETE FROM _shard_log WHERE name = ? AND id = ? AND batch > ?', [name, id, batch + gap]),
    );
    return { state, log: log.slice(0, gap) };
  }
}

function checkpointOf(row: SqlRow): Checkpoint {
  const { name, id, hash, tick, batch } = row;
  return {
    name: String(name),
    id: String(id),
    hash: String(hash),
    tick: Number(tick),
    batch: Number(batch),
  };
}

function bytesOf({ bytes }: SqlRow): Uint8Array {
  return bytes instanceof Uint8Array ? bytes : new Uint8Array(0);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function mapKey({ name, id }: ShardKey): string {
  return `${name}/${id}`;
}
