/** SIGTERM on a real process: the exit code is 0, and what was asked is answered, by this server or by the next. */
import { createSyncEngine, guestToken } from 'ternion/client';
import { TempDatabase } from 'ternion/testing';
import { expect, test } from 'vitest';
import { api, faultsApp } from './faults-app.ts';
import { Victim } from './victim.ts';

test('[N2] SIGTERM drains: the process exits with 0, and what was asked is done once', async () => {
  const database = new TempDatabase();
  const victim = new Victim(database.path);
  await victim.start();
  const token = await guestToken(victim.url);
  const engine = createSyncEngine<typeof faultsApp>(victim.url, {
    token,
    schema: faultsApp.schema,
    persist: false,
    reconnectDelay: 20,
  });
  await engine.start();
  await engine.synced();

  const asked = Array.from({ length: 50 }, (_, i) => engine.call(api.journal.append, { nonce: `n${i}` }));
  await asked[0]; // the others are under way
  expect(await victim.end('SIGTERM')).toBe(0);
  await victim.start();
  await Promise.all(asked);

  await engine.close();
  expect(await victim.end('SIGTERM')).toBe(0);
  const { reader, writer } = database.open();
  const [count] = await reader.all('SELECT COUNT(*) AS n, COUNT(DISTINCT nonce) AS different FROM "Entry"');
  expect(count).toEqual({ n: 100, different: 50 });
  await Promise.all([reader.close(), writer.close()]);
  database.remove();
});
