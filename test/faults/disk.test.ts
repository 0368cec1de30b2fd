/** A disk that fills up under a real server, and one that cannot be written at all. */
import { join } from 'node:path';
import { guestToken } from 'ternion/client';
import { createServer, openSqlite } from 'ternion/server';
import { expect, test } from 'vitest';
import { faultsApp } from './faults-app.ts';
import { SmallDisk } from './tmpfs.ts';
import { Victim } from './victim.ts';

const MB = 1 << 20;
/** Without root no disk can be mounted: then the titles say so. */
const tried = SmallDisk.mount(12);
const why = typeof tried === 'string' ? `: skipped, ${tried}` : '';
if (typeof tried !== 'string') tried.unmount();

function freshDisk(): SmallDisk {
  const fresh = SmallDisk.mount(12);
  if (typeof fresh === 'string') throw new Error(fresh);
  return fresh;
}

test.skipIf(why)(
  `[L8] [L2] on a full disk writes fail with storage, reads go on, nothing acknowledged is lost${why}`,
  async () => {
    const small = freshDisk();
    const reserved = small.reserve(4 * MB);
    const victim = new Victim(join(small.path, 'ternion.db'));
    await victim.start();
    const token = await guestToken(victim.url);
    const headers = { authorization: `Bearer ${token}` };
    const filling = 'x'.repeat(20_000);
    const acknowledged: string[] = [];
    const append = async (n: number) => {
      const nonce = `${n} ${filling}`;
      const body = JSON.stringify({ nonce });
      const answer = await fetch(`${victim.url}/api/fn/journal.append`, { method: 'POST', headers, body });
      if (answer.ok) acknowledged.push(nonce);
      return answer.ok ? 'ok' : String((await answer.json()).error.code);
    };
    const count = async () => {
      const answer = await fetch(`${victim.url}/api/entities/Entry?size=1000`, { headers });
      const { rows } = (await answer.json()) as { rows: { nonce: string }[] };
      return [answer.status, rows.length];
    };

    let n = 0;
    const refused: string[] = [];
    while (refused.length < 20) {
      const outcomes = await Promise.all(Array.from({ length: 5 }, () => append(n++)));
      refused.push(...outcomes.filter((code) => code !== 'ok'));
      expect(n).toBeLessThan(2000);
    }
    expect(new Set(refused)).toEqual(new Set(['storage']));
    expect(acknowledged.length).toBeGreaterThan(10);
    expect(await count()).toEqual([200, 2 * acknowledged.length]);
    expect((await fetch(`${victim.url}/health`)).status).toBe(200);

    reserved.release();
    expect(await append(n++)).toBe('ok');
    expect(await count()).toEqual([200, 2 * acknowledged.length]);

    await victim.end('SIGKILL');
    const driver = openSqlite(join(small.path, 'ternion.db'), { synchronous: 'FULL' });
    const rows = await driver.all('SELECT nonce, COUNT(*) AS n FROM "Entry" GROUP BY nonce');
    expect(new Set(rows.map(({ nonce }) => nonce))).toEqual(new Set(acknowledged));
    for (const row of rows) expect(row.n).toBe(2);
    const [log] = await driver.all('SELECT COUNT(*) AS n, MAX(seq) AS last FROM _log');
    expect(log).toEqual({ n: acknowledged.length, last: acknowledged.length });
    expect(await driver.all('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
    await driver.close();
    small.unmount();
  },
);

test.skipIf(why)(`[L8] a server whose disk is read-only refuses to start, typed${why}`, async () => {
  const small = freshDisk();
  small.remount('ro');
  const options = {
    port: 0,
    database: join(small.path, 'ternion.db'),
    logLevel: 'silent',
    signals: false,
  } as const;
  await expect(createServer(faultsApp, options)).rejects.toMatchObject({ code: 'storage' });
  small.unmount();
});
