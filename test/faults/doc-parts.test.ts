/** A large document of a real process that is killed with -9 while its parts are written. */
import { LoroDoc } from 'loro-crdt';
import { guestToken } from 'ternion/client';
import { openSqlite } from 'ternion/server';
import { SimRandom, TempDatabase } from 'ternion/testing';
import { expect, test } from 'vitest';
import { api } from './faults-app.ts';
import { openPaper, page, storedPapers } from './papers.ts';
import { Victim } from './victim.ts';

const KILLS = 6;
const PASTE_CHARACTERS = 700_000;
const MAX_LIFE_MS = 400;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Names of parts, and those that something refers to. */
async function blobsOf(path: string): Promise<{ parts: string[]; used: string[] }> {
  const driver = openSqlite(path, { synchronous: 'FULL', readOnly: true });
  const names = async (sql: string) => (await driver.all(sql)).map(({ blob }) => String(blob)).sort();
  const parts = await names('SELECT DISTINCT blob FROM _doc_parts');
  const used = await names(
    `SELECT blob FROM _doc_snapshots WHERE blob IS NOT NULL
      UNION SELECT blob FROM _doc_updates WHERE blob IS NOT NULL`,
  );
  await driver.close();
  return { parts, used };
}

test(`[D2] [D6] after ${KILLS} x kill -9 while a large document is written it is whole, and has no part too many`, async () => {
  const random = new SimRandom(7);
  const database = new TempDatabase();
  const victim = new Victim(database.path);
  await victim.start();
  const engine = await page(victim.url, await guestToken(victim.url));
  const handle = await openPaper(engine, await engine.call(api.papers.make, {}));
  const body = handle.text('body');
  for (let kill = 0; kill < KILLS; kill++) {
    let text = `<${kill}>`;
    while (text.length < PASTE_CHARACTERS) text += random.next().toString(36).slice(2);
    body.insert(body.length, text);
    handle.doc.commit();
    if (kill % 2 === 0) await handle.synced(); // durable: what follows is the snapshot
    await pause(random.next() * MAX_LIFE_MS);
    await victim.end('SIGKILL');
    await victim.start();
  }
  await handle.synced();
  await victim.end('SIGKILL');
  await victim.start();
  await pause(500);
  expect(await victim.end('SIGTERM')).toBe(0);
  const [paper] = await storedPapers(database.path);
  const mine = new LoroDoc();
  mine.import(handle.doc.export({ mode: 'snapshot' }));
  expect(paper?.log.body === mine.getText('body').toString()).toBe(true);
  const { parts, used } = await blobsOf(database.path);
  expect(parts).toEqual(used);
  expect(parts.length).toBeGreaterThan(0);
  await engine.close();
  database.remove();
});
