/** The wall clock is set back and ahead, while a server runs and while it stands still. */
import { defineSchema, entity, field } from 'ternion';
import { simEnv, TempDatabase } from 'ternion/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { signToken, verifyToken } from '../../src/auth/token.ts';
import { LEDGER_KEEP_MS } from '../../src/functions/ledger.ts';
import { Host } from '../../src/server/host.ts';
import { defineApp, functions } from '../../src/server/index.ts';

const HOUR_MS = 3600 * 1000;
const DAY_MS = 24 * HOUR_MS;
const YEAR_MS = 365 * DAY_MS;
const schema = defineSchema({ entities: [entity('Note', { n: field.int() })] });
const { mutation } = functions(schema);
const viewer = { userId: 'u', kind: 'user', roles: [], name: null } as const;

let database: TempDatabase;
let env: ReturnType<typeof simEnv>;
let host: Host;
let runs: number;
const count = mutation({
  args: {},
  auth: 'public',
  handler: async (ctx) => {
    runs++;
    await ctx.db.elevated('a test of clocks').insert('Note', { n: runs });
    return runs;
  },
});
const app = defineApp({ schema, functions: { count } });

async function start(): Promise<void> {
  host = new Host(app, env, { drivers: database.open() });
  await env.clock.run(host.start());
}
const stop = () => env.clock.run(host.store.close());
const call = async (opId: string) =>
  (await env.clock.run(host.functions.call({ name: 'count', args: {}, viewer, opId }))).value;
/** Enough that the ledger looks at its oldest entries twice. */
async function writeMuch(prefix: string): Promise<void> {
  for (let i = 0; i < 512; i++) await call(`${prefix}-${i}`);
  await env.clock.advance(10);
}

beforeEach(async () => {
  database = new TempDatabase();
  env = simEnv();
  runs = 0;
  await start();
});
afterEach(async () => {
  await stop();
  database.remove();
});

test.each([
  ['ahead a year', YEAR_MS],
  ['back an hour', -HOUR_MS],
])(
  '[L1] [L3] [L4] the clock of a running server is set %s: nothing is forgotten, all is counted',
  async (_, jumpMs) => {
    expect(await call('first')).toBe(1);
    env.clock.jump(jumpMs);
    await writeMuch('after');
    expect([host.store.seq, host.store.horizon]).toEqual([513, 0]);
    expect(await call('first')).toBe(1);
    const ats = await host.store.read((snapshot) => snapshot.all('SELECT at FROM _log ORDER BY seq'));
    expect(ats).toEqual([...ats].sort((a, b) => Number(a.at) - Number(b.at)));
    env.clock.jump(-jumpMs);
    expect(await call('first')).toBe(1);
    expect(await call('last')).toBe(514);
  },
);

test.each([
  ['ahead a year', YEAR_MS],
  ['back a year', -YEAR_MS],
])('[L3] [L4] the clock is set %s between two runs of a server', async (_, jumpMs) => {
  expect(await call('first')).toBe(1);
  await stop();
  env.clock.jump(jumpMs);
  await start();
  await writeMuch('after');
  expect([host.store.seq, host.store.horizon]).toEqual([513, 0]);
  expect(await call('first')).toBe(1);
});

test('[L3] [L4] after a jump things age as they did before', async () => {
  await call('first');
  env.clock.jump(YEAR_MS);
  await env.clock.advance(LEDGER_KEEP_MS + 1);
  await writeMuch('later');
  expect(await call('first')).toBe(runs); // run anew: it was forgotten
  expect(host.store.horizon).toBe(0);
  await env.clock.advance(31 * DAY_MS);
  await writeMuch('much later');
  expect(host.store.horizon).toBeGreaterThan(0);
});

test('[L3] an emptied log does not lose the time: a year ahead after a trim forgets no result', async () => {
  await call('first');
  await env.clock.run(host.store.trim(host.store.seq));
  await stop();
  env.clock.jump(YEAR_MS);
  await start();
  await writeMuch('after');
  expect(await call('first')).toBe(1);
});

test('[P5] a token is valid by the wall clock: it ends when that says so, and is good again when that was wrong', () => {
  const secret = Buffer.alloc(32, 1);
  const token = signToken({ sub: 'u', name: null, kind: 'guest', exp: env.clock.now() + DAY_MS }, secret);
  const check = () => verifyToken(token, secret, env.clock.now());
  expect(check()).toMatchObject({ sub: 'u' });
  env.clock.jump(YEAR_MS);
  expect(check).toThrow('bad or expired');
  env.clock.jump(-YEAR_MS - HOUR_MS);
  expect(check()).toMatchObject({ sub: 'u' });
});
