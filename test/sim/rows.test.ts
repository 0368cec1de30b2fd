/**
 * Rows under chaos: three pages of two users write, lose their links, stop reading, crash between any two
 * persistence operations; the server is killed between any two SQL statements and its log is trimmed.
 */

import { type SimClient, simulate, type World } from 'ternion/testing';
import { expect } from 'vitest';
import { ACCOUNTS, api, type RowsApp, rowsApp, TOTAL } from './rows-app.ts';
import { trouble } from './trouble.ts';

type Client = SimClient<RowsApp>;
const STEPS = 60;
/** Small lanes, so that a paused reader soon has to catch up from the log. */
const options = { app: rowsApp, host: { outbox: { highWaterBytes: 500, rowsBytes: 1000 } } };

interface Story {
  /** Nonces of journal entries whose mutation was acknowledged. */
  acknowledged: Set<string>;
  issued: number;
}

async function begin(world: World<RowsApp>): Promise<Story> {
  const first = await world.client('ada');
  await world.env.clock.run(first.engine.call(api.bank.open, {}));
  await world.client('ada');
  await world.client('eve');
  return { acknowledged: new Set(), issued: 0 };
}

function write(world: World<RowsApp>, client: Client, story: Story): void {
  const { random } = world.env;
  const { engine, user } = client;
  const mine = engine.store.list('Note').filter((note) => note.ownerId === user);
  const pick = random.int(6);
  try {
    if (pick <= 1 || mine.length === 0) {
      engine.insert('Note', { title: `n${story.issued++}`, ownerId: user ?? '', open: random.chance(0.6) });
    } else if (pick === 2) {
      engine.update('Note', random.pick(mine).id, { likes: random.int(100) });
    } else if (pick === 3) {
      engine.update('Note', random.pick(mine).id, { open: random.chance(0.5) });
    } else if (pick === 4) {
      engine.delete('Note', random.pick(mine).id);
    } else {
      engine.update('Note', world.newId(), { title: 'not there' }); // will be refused and rolled back
    }
  } catch {
    // A page that does not know yet who it is cannot write; so it is for people.
  }
}

function call(world: World<RowsApp>, client: Client, story: Story): void {
  const { random } = world.env;
  const nonce = `e${story.issued++}`;
  const calls = [
    client.engine.call(api.bank.append, { nonce }).then(() => story.acknowledged.add(nonce)),
    client.engine.call(api.bank.move, {
      from: random.pick(ACCOUNTS),
      to: random.pick(ACCOUNTS),
      amount: 1 + random.int(9),
    }),
  ];
  for (const promise of calls) promise.catch(() => {}); // a page that crashes never hears
}

/** What must hold at every moment, in every page that knows anything. */
function neverTorn(world: World<RowsApp>): void {
  for (const client of world.clients) {
    if (client.crashed || client.engine.store.knowledge === 'unknown') continue;
    const accounts = client.engine.store.list('Account');
    if (accounts.length === 0) continue; // signed in, but the copy has not arrived
    expect(accounts.reduce((sum, { balance }) => sum + balance, 0)).toBe(TOTAL);
    for (const note of client.engine.store.list('Note'))
      expect(note.open || note.ownerId === client.user).toBe(true);
  }
}

async function chaos(world: World<RowsApp>, story: Story): Promise<void> {
  const { random, clock } = world.env;
  for (let i = 0; i < STEPS; i++) {
    const client = random.pick(world.clients);
    if (random.chance(0.3)) await trouble(world, client);
    else if (!client.crashed && random.chance(0.5)) write(world, client, story);
    else if (!client.crashed) call(world, client, story);
    const end = clock.monotonic() + random.int(120);
    while (clock.monotonic() < end && (await clock.step())) neverTorn(world);
  }
}

simulate(
  '[S1] [S2] [S3] [S5] rows: at rest every page shows what its user may see, and never a torn state',
  options,
  async (world) => {
    const story = await begin(world);
    await chaos(world, story);
    await world.settle();
    neverTorn(world);
    for (const client of world.clients) {
      for (const entity of ['Note', 'Account', 'Entry']) {
        expect(client.rows(entity)).toEqual(await world.visibleTo(client.user, entity));
      }
    }
  },
);

simulate(
  '[L1] [L2] [L3] rows: every acknowledged mutation is there once, every other once or not at all',
  options,
  async (world) => {
    const story = await begin(world);
    await chaos(world, story);
    await world.settle();
    const counts = new Map<string, number>();
    for (const { nonce } of Object.values(await world.visibleTo('ada', 'Entry'))) {
      counts.set(String(nonce), (counts.get(String(nonce)) ?? 0) + 1);
    }
    for (const nonce of story.acknowledged) expect([nonce, counts.get(nonce)]).toEqual([nonce, 1]);
    for (const [nonce, count] of counts) expect([nonce, count]).toEqual([nonce, 1]);

    const { store } = world.host;
    const log = await world.env.clock.run(store.read((snapshot) => snapshot.since(store.horizon, 100_000)));
    expect(log.map(({ seq }) => seq)).toEqual(log.map((_, i) => store.horizon + 1 + i));
    expect(store.horizon + log.length).toBe(store.seq);
  },
);

simulate('[S6] rows: a page that resumes shows what a fresh one shows', options, async (world) => {
  const story = await begin(world);
  await chaos(world, story);
  await world.settle();
  const resumed = world.clients[0]!;
  const fresh = await world.client(resumed.user);
  await world.settle();
  for (const entity of ['Note', 'Account', 'Entry']) expect(resumed.rows(entity)).toEqual(fresh.rows(entity));
});
