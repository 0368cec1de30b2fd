/**
 * What a COMMIT costs the server when many subscribe: 100, 1,000 and 10,000 subscriptions on up to 1,000
 * different filters, of which ten match what is written. In one process, without sockets; timed is the fan-out alone.
 */
import { defineSchema, entity, field, policy } from 'ternion';
import { Access } from '../src/policy/access.ts';
import { nodeEnv } from '../src/server/node-env.ts';
import { Store } from '../src/store/store.ts';
import { FanOut } from '../src/sync/fan-out.ts';
import { DEFAULT_LIVE, DEFAULT_SURVEY } from '../src/sync/limits.ts';
import { LiveRows } from '../src/sync/live-rows.ts';
import { Replica } from '../src/sync/replica.ts';
import { Surveyor } from '../src/sync/survey.ts';
import { Visibility } from '../src/sync/visibility.ts';
import { TempDatabase } from '../src/testing/temp-database.ts';
import type { Workload } from './figure.ts';

const FILTERS = 1000;
const MATCHING = 10;
const PER_SESSION = 50;
const COMMITS = 300;
const COUNTS = [100, 1000, 10_000];

const Reading = entity(
  'Reading',
  { sensor: field.int(), value: field.int() },
  { sync: 'query', indexes: [{ name: 'by_sensor', fields: ['sensor'] }] },
);
const schema = defineSchema({
  entities: [Reading],
  policies: [policy({ entity: 'Reading', allowRead: 'true' })],
});

/** Microseconds of fan-out per commit. */
async function fanOutUs(subscriptions: number): Promise<number> {
  const env = nodeEnv('error');
  const database = new TempDatabase();
  const store = new Store(env, { schema, drivers: database.open() });
  await store.open();
  const access = new Access(schema, () => env.clock.now());
  const visibility = new Visibility(schema, access);
  const surveyor = new Surveyor({ schema, access }, DEFAULT_SURVEY);
  const live = new LiveRows({ env, schema, store, access, visibility, surveyor }, DEFAULT_LIVE);
  const fanOut = new FanOut({ access, visibility, surveyor, live }, store.seq);
  let tookMs = 0;
  store.onCommit((commits) => {
    const start = performance.now();
    fanOut.commit(commits);
    tookMs += performance.now() - start;
  });
  let heard = 0;
  const sink = {
    send: (text: string) => {
      if (text.includes('"ops":[{')) heard++;
      return true;
    },
    dropped: (_: number, fault: Error) => {
      throw fault;
    },
  };
  const replica = { env, store, fanOut, visibility, surveyor, live, maxSubscriptions: PER_SESSION };
  const viewer = { userId: 'bench', kind: 'user', roles: [], name: null } as const;
  const sessions: Replica[] = [];
  for (let i = 0; i < subscriptions; i++) {
    if (i % PER_SESSION === 0) {
      const session = new Replica(replica, sink, viewer);
      session.start(null);
      sessions.push(session);
    }
    // Ten ask for sensor 0; all others share what is left of the filters.
    const sensor = i % (subscriptions / MATCHING) === 0 ? 0 : 1 + (i % (FILTERS - 1));
    sessions.at(-1)!.subscribe(i, { entity: 'Reading', where: { sensor } });
  }
  await new Promise((resolve) => setTimeout(resolve, 500 + subscriptions / 10));
  await store.write(({ tx }) => tx.insert('Reading', { id: 'r', sensor: 0, value: 0 }));
  tookMs = 0;
  heard = 0;
  for (let i = 1; i <= COMMITS; i++) await store.write(({ tx }) => tx.update('Reading', 'r', { value: i }));
  if (heard === 0) throw new Error('nobody heard of it');
  for (const session of sessions) session.close();
  await store.close();
  database.remove();
  return (tookMs * 1000) / COMMITS;
}

export const subscriptionsWorkloads: Record<string, () => Workload> = {
  subscriptions: () => ({
    units: Object.fromEntries(COUNTS.map((n) => [`subscriptions.commit.${n}`, 'us'])),
    run: async () => {
      const sample: Record<string, number> = {};
      for (const n of COUNTS) sample[`subscriptions.commit.${n}`] = await fanOutUs(n);
      return sample;
    },
  }),
};
