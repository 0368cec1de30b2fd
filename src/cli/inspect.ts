/** `ternion inspect`: what is in a database, by numbers. No value of any row is shown. */
import { existsSync, statSync } from 'node:fs';
import { quote } from '../store/ddl.ts';
import type { SqlDriver } from '../store/sql-driver.ts';
import { isTernion, readMeta, withDatabase } from './database.ts';
import { type Report, table } from './report.ts';

export function inspectCommand(database: string): Promise<Report> {
  return withDatabase(database, 'read', async (driver) => {
    if (!(await isTernion(driver))) return { ok: false, lines: [`${database} is no database of Ternion`] };
    const names = await driver.all(`SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name`);
    const counts: [string, number][] = [];
    for (const { name } of names) {
      const [row] = await driver.all(`SELECT COUNT(*) AS n FROM ${quote(String(name))}`);
      counts.push([String(name), Number(row?.n)]);
    }
    return { ok: true, lines: [...table(await history(driver, database)), '', ...table(counts)] };
  });
}

/** Where the log stands, and the sizes of the files. */
export async function history(driver: SqlDriver, database: string): Promise<[string, string | number][]> {
  const [log] = await driver.all('SELECT MAX(seq) AS last, COUNT(*) AS n, MIN(at) AS at FROM _log');
  const horizon = (await readMeta(driver, 'horizon')) ?? '0';
  const files = [database, `${database}-wal`].filter(existsSync);
  return [
    ['epoch', (await readMeta(driver, 'epoch')) ?? 'none yet'],
    ['seq', Number(log?.last ?? horizon)],
    ['horizon', Number(horizon)],
    ['transactions in the log', Number(log?.n)],
    ['oldest of them', log?.at ? new Date(Number(log.at)).toISOString() : 'none'],
    ...files.map((file): [string, string] => [file, `${(statSync(file).size / (1 << 20)).toFixed(1)} MB`]),
  ];
}
