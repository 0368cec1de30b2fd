/** A real process is killed with -9 under load and started again on its files, several times. */
import { createSyncEngine, guestToken, type SyncEngine } from 'ternion/client';
import { SimRandom, TempDatabase } from 'ternion/testing';
import { expect, test } from 'vitest';
import { api, faultsApp } from './faults-app.ts';
import { Victim } from './victim.ts';

const KILLS = 5;
const PAGES = 4;
const IN_FLIGHT = 10;

test('[L2] [L3] after kill -9 every acknowledged mutation is there once, every other wholly or not at all', async () => {
  const random = new SimRandom(7);
  const database = new TempDatabase();
  const victim = new Victim(database.path);
  await victim.start();

  const acknowledged = new Set<string>();
  const asked = new Set<string>();
  let onAcknowledged = () => {};
  let stop = false;
  const caller = async (engine: SyncEngine<typeof faultsApp>, name: string) => {
    for (let i = 0; !stop; i++) {
      const nonce = `${name}-${i}`;
      asked.add(nonce);
      await engine.call(api.journal.append, { nonce });
      acknowledged.add(nonce);
      onAcknowledged();
    }
  };
  const engines: SyncEngine<typeof faultsApp>[] = [];
  const callers: Promise<void>[] = [];
  for (let page = 0; page < PAGES; page++) {
    const token = await guestToken(victim.url);
    const options = { token, schema: faultsApp.schema, persist: false, reconnectDelay: 20 };
    const engine = createSyncEngine<typeof faultsApp>(victim.url, options);
    await engine.start();
    engines.push(engine);
    for (let i = 0; i < IN_FLIGHT; i++) callers.push(caller(engine, `${page}.${i}`));
  }

  for (let kill = 0; kill < KILLS; kill++) {
    const target = acknowledged.size + 1 + random.int(300);
    await new Promise<void>((resolve) => {
      onAcknowledged = () => {
        if (acknowledged.size >= target) resolve();
      };
    });
    await victim.end('SIGKILL');
    await victim.start();
  }
  stop = true;
  await Promise.all(callers); // calls under way at a kill are sent again and answered
  expect(asked).toEqual(acknowledged);

  const { reader, writer } = database.open();
  const rows = await reader.all(
    'SELECT nonce, COUNT(*) AS n, SUM(half) AS halves FROM "Entry" GROUP BY nonce',
  );
  expect(new Set(rows.map(({ nonce }) => nonce))).toEqual(acknowledged);
  for (const row of rows) expect(row).toMatchObject({ n: 2, halves: 3 });
  const [log] = await reader.all('SELECT COUNT(*) AS n, MAX(seq) AS last FROM _log');
  expect(log).toEqual({ n: acknowledged.size, last: acknowledged.size });
  await Promise.all([reader.close(), writer.close()]);

  await Promise.all(engines.map((engine) => engine.close()));
  await victim.end('SIGKILL');
  database.remove();
});
