/** Queues over HTTP, with the real host, store and routes; only sockets are left out. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { matchmaker, shards } from '../../shards/server/index.ts';
import { defineApp } from '../../src/plugin/define-app.ts';
import { ANONYMOUS, type Viewer } from '../../src/policy/viewer.ts';
import { defineSchema } from '../../src/schema/define-schema.ts';
import { entity } from '../../src/schema/entity.ts';
import { field } from '../../src/schema/field.ts';
import { Host } from '../../src/server/host.ts';
import type { SimClock } from '../../src/testing/sim-clock.ts';
import { simEnv } from '../../src/testing/sim-env.ts';
import { TempDatabase } from '../../src/testing/temp-database.ts';
import { duel, ring } from './duel.ts';

const Profile = entity('Profile', { rating: field.int() });
const schema = defineSchema({ entities: [Profile] });
/** Ratings are read from rows that no page may write. */
const rated = matchmaker({
  ...duel,
  async enter({ auth, row }) {
    const profile = await row('Profile', auth.userId!);
    return { rating: Number(profile?.rating ?? 0) };
  },
});

let database: TempDatabase;
let host: Host;
let clock: SimClock;

beforeEach(async () => {
  database = new TempDatabase();
  const env = simEnv();
  clock = env.clock;
  const plugin = shards({ ring }, { matchmakers: [rated], matchIdleMs: 5000 });
  host = new Host(defineApp({ schema, plugins: [plugin] }), env, { drivers: database.open() });
  await clock.run(host.start());
  const rating = host.store.write(({ tx }) => tx.insert('Profile', { id: 'far', rating: 5000 }));
  await clock.run(rating);
});
afterEach(async () => {
  await clock.run(host.drain());
  await clock.run(host.close());
  database.remove();
});

const viewer = (userId: string): Viewer => ({ userId, kind: 'user', roles: [], name: null });

function ask(method: string, who: Viewer, { queue = 'duel', query = '', body = '{}' } = {}) {
  const route = host.routes.find((each) => each.path === '/api/match/:queue' && each.method === method)!;
  const init = method === 'POST' ? { method, body } : { method };
  const request = new Request(`http://x/api/match/${queue}${query}`, init);
  return (async () => {
    const response = await route.handle(request, { viewer: who, param: () => queue, address: '' });
    return response.json();
  })();
}
const asked = (...args: Parameters<typeof ask>) => clock.run(ask(...args));

test('two who post find each other, by a request that waits', async () => {
  const ann = viewer('ann');
  expect(await asked('POST', ann)).toEqual({ t: 'waiting', players: 1 });
  expect(await asked('GET', ann)).toEqual({ t: 'waiting', players: 1 });
  const waits = ask('GET', ann, { query: '?wait=20' });
  await clock.advance(1000);
  await asked('POST', viewer('bob'));
  const found = await clock.run(waits, 1000);
  expect(found).toMatchObject({ t: 'matched', shard: 'ring', ticket: expect.stringMatching(/^s1\./) });
  expect(await asked('GET', ann)).toEqual(found);
  expect(await asked('GET', viewer('bob'))).toMatchObject({
    t: 'matched',
    id: found.id,
    team: 1 - found.team,
  });
});

test('[T11] ratings come from rows', async () => {
  await asked('POST', viewer('ann'));
  await asked('POST', viewer('far'));
  await clock.advance(2000);
  expect(await asked('GET', viewer('far'))).toMatchObject({ t: 'waiting' });
});

test('a search that waits too long, is left, or about which nobody asks is over', async () => {
  const ann = viewer('ann');
  await asked('POST', ann);
  expect(await asked('DELETE', ann)).toEqual({ left: true });
  expect(await asked('DELETE', ann)).toEqual({ left: false });
  await expect(asked('GET', ann)).rejects.toMatchObject({ code: 'not_found' });
  await asked('POST', ann);
  await clock.advance(5010);
  await expect(asked('GET', ann)).rejects.toMatchObject({ code: 'not_found' });
  await asked('POST', ann);
  await asked('GET', ann, { query: '?wait=20' });
  const waits = ask('GET', ann, { query: '?wait=20' });
  waits.catch(() => {});
  await clock.advance(11_000);
  await expect(waits).rejects.toMatchObject({ code: 'timeout', http: 408 });
});

test('a second post begins anew; one without a user, for no queue, or with nonsense is refused', async () => {
  const ann = viewer('ann');
  await asked('POST', ann);
  expect(await asked('POST', ann)).toEqual({ t: 'waiting', players: 1 });
  await expect(asked('POST', ANONYMOUS)).rejects.toMatchObject({ code: 'unauthorized' });
  await expect(asked('POST', ann, { queue: 'none' })).rejects.toMatchObject({ code: 'not_found' });
  for (const body of [
    '{',
    '{"rating":9000}',
    '{"party":{"id":"p","size":0}}',
    `{"data":"${'x'.repeat(2050)}"}`,
  ])
    await expect(asked('POST', ann, { body })).rejects.toMatchObject({
      code: expect.stringMatching(/^(bad_message|invalid|too_large)$/),
    });
  await expect(asked('GET', ann, { query: '?wait=31' })).rejects.toMatchObject({ code: 'invalid' });
});

test('a search about which a request waits is not over, whatever others ask meanwhile', async () => {
  const ann = viewer('ann');
  await asked('POST', ann);
  const waits = ask('GET', ann, { query: '?wait=20' });
  await asked('GET', ann);
  await clock.advance(6000);
  await asked('POST', viewer('bob'));
  expect(await clock.run(waits, 1000)).toMatchObject({ t: 'matched' });
});
