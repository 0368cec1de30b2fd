/** Starting on a database of 2 GB: rows of 1 kB with an index, a full change log, a million results of mutations. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, openSqlite } from 'ternion/server';
import type { Workload } from './figure.ts';
import { runLoad } from './load.ts';
import { app } from './start-app.ts';

const ROWS = 1_600_000;
const TEXT_BYTES = 1000;
const LOG = 100_000;
const RESULTS = 1_000_000;
const MIN_BYTES = 2e9;
/** Rows of one INSERT. */
const BATCH = 50_000;

/** Numbers from 1 on; `?1` and `?2` are the first and the last. */
const NUMBERS = 'WITH RECURSIVE c(i) AS (SELECT ?1 UNION ALL SELECT i + 1 FROM c WHERE i < ?2)';
const ID = `printf('0%021d', i)`;
const FILL: readonly [rows: number, sql: string][] = [
  [
    ROWS,
    `INSERT INTO "Item" (id, "ownerId", text, "updatedAt")
     SELECT ${ID}, 'user' || (i % 10000), hex(randomblob(${TEXT_BYTES / 2})), i FROM c`,
  ],
  [
    LOG,
    `INSERT INTO _log (seq, at, changes, total) SELECT i, ?3, text, i * ${TEXT_BYTES + 150} FROM (
       SELECT i, '[["Item","' || ${ID} || '",null,{"id":"' || ${ID} || '","ownerId":"user","text":"' ||
         hex(randomblob(${TEXT_BYTES / 2})) || '","updatedAt":1}]]' AS text FROM c)`,
  ],
  [
    RESULTS,
    `INSERT INTO _results (op_id, viewer, call, at, seq, result)
     SELECT ${ID}, 'user', 'items.create 0123456789abcdef', ?3, i, '"' || ${ID} || '"' FROM c`,
  ],
];

async function build(database: string): Promise<void> {
  const server = await createServer(app, { port: 0, database, logLevel: 'error', signals: false });
  await server.close();
  const driver = openSqlite(database, { synchronous: 'OFF' });
  for (const [rows, sql] of FILL) {
    for (let from = 1; from <= rows; from += BATCH) {
      const params = [from, Math.min(from + BATCH - 1, rows), ...(sql.includes('?3') ? [Date.now()] : [])];
      await driver.run(`${NUMBERS} ${sql}`, params);
    }
  }
  await driver.close();
  const { size } = statSync(database);
  if (size < MIN_BYTES) throw new Error(`only ${size} bytes`);
}

function start(): Workload {
  let database: string | undefined;
  const run = async () => {
    if (database === undefined) {
      const folder = mkdtempSync(join(tmpdir(), 'ternion-bench-'));
      const remove = () => rmSync(folder, { recursive: true, force: true });
      process.on('exit', remove);
      const made = join(folder, 'large.db');
      await build(made).catch((error) => {
        remove();
        throw error;
      });
      database = made;
    }
    const { seconds, ownSeconds, rss } = await runLoad<Record<string, number>>('start', { database });
    return {
      'rows.start-2gb.seconds': seconds!,
      'rows.start-2gb.own-seconds': ownSeconds!,
      'rows.start-2gb.rss': rss!,
    };
  };
  const units = {
    'rows.start-2gb.seconds': 's',
    'rows.start-2gb.own-seconds': 's',
    'rows.start-2gb.rss': 'MB',
  };
  return { units, run };
}

export const startWorkloads: Record<string, () => Workload> = { 'rows.start-2gb': start };
