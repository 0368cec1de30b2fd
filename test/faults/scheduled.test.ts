/** A real process is killed with -9 while it schedules and runs jobs, and started again on its files. */
import { createSyncEngine, guestToken } from 'ternion/client';
import { SimRandom, TempDatabase } from 'ternion/testing';
import { expect, test } from 'vitest';
import { api, faultsApp } from './faults-app.ts';
import { Victim } from './victim.ts';

const KILLS = 4;
const CALLERS = 10;
const JOBS = 5;
const WITHIN_MS = 500;

test('[L9] after kill -9 every job of an acknowledged mutation has run once, and no other has', async () => {
  const random = new SimRandom(11);
  const database = new TempDatabase();
  const victim = new Victim(database.path);
  await victim.start();
  const token = await guestToken(victim.url);
  const options = { token, schema: faultsApp.schema, persist: false, reconnectDelay: 20 };
  const engine = createSyncEngine<typeof faultsApp>(victim.url, options);
  await engine.start();

  const acknowledged = new Set<string>();
  let onAcknowledged = () => {};
  let stop = false;
  const caller = async (name: number) => {
    for (let i = 0; !stop; i++) {
      const nonce = `${name}-${i}`;
      await engine.call(api.journal.schedule, { nonce, jobs: JOBS, withinMs: WITHIN_MS });
      acknowledged.add(nonce);
      onAcknowledged();
    }
  };
  const callers = Array.from({ length: CALLERS }, (_, i) => caller(i));
  for (let kill = 0; kill < KILLS; kill++) {
    const target = acknowledged.size + 50 + random.int(100);
    await new Promise<void>((resolve) => {
      onAcknowledged = () => {
        if (acknowledged.size >= target) resolve();
      };
    });
    await victim.end('SIGKILL');
    await victim.start();
  }
  stop = true;
  await Promise.all(callers);

  // Each job leaves two rows in sight of the client.
  const expected = acknowledged.size * JOBS * 2;
  await engine.synced();
  await new Promise<void>((resolve) => {
    const look = () => {
      if (engine.store.list('Entry').length >= expected) resolve();
    };
    engine.store.subscribe('Entry', look);
    look();
  });
  await engine.close();
  expect(await victim.end('SIGTERM')).toBe(0);

  const { reader, writer } = database.open();
  const rows = await reader.all(
    'SELECT nonce, COUNT(*) AS n, SUM(half) AS halves FROM "Entry" GROUP BY nonce',
  );
  const nonces = [...acknowledged].flatMap((nonce) =>
    Array.from({ length: JOBS }, (_, i) => `${nonce}.${i}`),
  );
  expect(new Set(rows.map(({ nonce }) => nonce))).toEqual(new Set(nonces));
  for (const row of rows) expect(row).toMatchObject({ n: 2, halves: 3 });
  expect(await reader.all('SELECT state, fn, error FROM _scheduled')).toEqual([]);
  expect(await reader.all('SELECT n FROM _scheduled_pending')).toEqual([{ n: 0 }]);
  await Promise.all([reader.close(), writer.close()]);
  database.remove();
});
