/** A real process is killed with -9 under load and started again on its files, many times. */
import { createSyncEngine, guestToken } from 'ternion/client';
import { SimRandom, TempDatabase } from 'ternion/testing';
import { expect, test } from 'vitest';
import { api, faultsApp } from './faults-app.ts';
import { Victim } from './victim.ts';

/** `TERNION_KILLS=200` for a long run; `npm run nightly` does 10,000. */
const KILLS = Number(process.env.TERNION_KILLS ?? 20);
const SEED = Number(process.env.TERNION_SEED ?? 7);
/** Longest life of a server that is killed at a time, and not at a number of acknowledgements. */
const MAX_LIFE_MS = 150;
const TEST_MS = 30_000 + KILLS * 5000;
const CALLERS = 30;
/** Calls of one page, which comes back by its own backoff and sends again what was under way. */
const OF_PAGE = 10;
const RETRY_MS = 10;

test(
  `[L2] [L3] after ${KILLS} x kill -9 every acknowledged mutation is there once, every other wholly or not at all`,
  async () => {
    const random = new SimRandom(SEED);
    const database = new TempDatabase();
    const victim = new Victim(database.path);
    await victim.start();
    const token = await guestToken(victim.url);

    const acknowledged = new Set<string>();
    const asked = new Set<string>();
    let onAcknowledged = () => {};
    let stop = false;
    const caller = async (name: string, call: (nonce: string) => Promise<void>) => {
      for (let i = 0; !stop; i++) {
        const nonce = `${name}-${i}`;
        asked.add(nonce);
        await call(nonce);
        acknowledged.add(nonce);
        onAcknowledged();
      }
    };
    /** Asks again, under the same op id, until there is an answer. */
    const insist = async (nonce: string): Promise<void> => {
      const headers = { authorization: `Bearer ${token}`, 'Idempotency-Key': nonce };
      const request = { method: 'POST', headers, body: JSON.stringify({ nonce }) };
      for (;;) {
        const answer = await fetch(`${victim.url}/api/fn/journal.append`, request).catch(() => undefined);
        if (answer?.ok) return;
        if (answer && answer.status < 500) throw new Error(await answer.text());
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    };
    const options = { token, schema: faultsApp.schema, persist: false, reconnectDelay: 20 };
    const engine = createSyncEngine<typeof faultsApp>(victim.url, options);
    await engine.start();
    const callers = Array.from({ length: CALLERS }, (_, n) => caller(`http-${n}`, insist));
    for (let n = 0; n < OF_PAGE; n++)
      callers.push(caller(`page-${n}`, (nonce) => engine.call(api.journal.append, { nonce })));

    for (let kill = 0; kill < KILLS; kill++) {
      if (kill % 2 === 0) {
        const target = acknowledged.size + 1 + random.int(300);
        await new Promise<void>((resolve) => {
          onAcknowledged = () => {
            if (acknowledged.size >= target) resolve();
          };
        });
      } else {
        // Whatever the server does then: opening the database, taking connections, writing.
        await new Promise((resolve) => setTimeout(resolve, random.next() * MAX_LIFE_MS));
      }
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
    const [check] = await reader.all('PRAGMA integrity_check');
    expect(check).toEqual({ integrity_check: 'ok' });
    await Promise.all([reader.close(), writer.close()]);

    await engine.close();
    await victim.end('SIGKILL');
    database.remove();
  },
  TEST_MS,
);
