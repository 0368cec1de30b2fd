/**
 * Optimistic calls under chaos: three pages raise the same two counts while links are lost, pages crash between
 * any two persistence operations, and the server is killed between any two SQL statements.
 */
import { type SimClient, simulate, type World } from 'ternion/testing';
import { expect } from 'vitest';
import { api, type OptimisticApp, optimistic, optimisticApp, TOPICS } from './optimistic-app.ts';
import { trouble } from './trouble.ts';

type Client = SimClient<OptimisticApp>;
const STEPS = 60;
const options = {
  app: optimisticApp,
  optimistic,
  host: { outbox: { highWaterBytes: 500, rowsBytes: 1000 } },
};

interface Story {
  /** Nonces whose call was answered, and those that were on a disk. */
  acknowledged: Set<string>;
  durable: Set<string>;
  issued: number;
  /** Calls that a crash left on the disk together with their effects: nobody can tell before the server does. */
  untold: Set<string>;
}

function look(world: World<OptimisticApp>, story: Story): void {
  for (const client of world.clients) {
    for (const nonce of storedNonces(client.disk)) story.durable.add(nonce);
    if (client.crashed || client.engine.store.knowledge === 'unknown') continue;
    const { store } = client.engine;
    const entries = store.list('Entry');
    for (const topic of store.list('Topic')) {
      const places = entries.filter((entry) => entry.topic === topic.id).map(({ place }) => place);
      places.sort((a, b) => a - b);
      expect(places, '[S7] each call is replayed over those before it').toEqual(
        Array.from({ length: topic.count }, (_, i) => i + 1),
      );
    }
    const nonces = entries.map(({ nonce }) => nonce).filter((nonce) => !story.untold.has(nonce));
    expect(nonces.length, '[S7] no call is shown twice').toBe(new Set(nonces).size);
  }
}

function untold({ disk }: Client): string[] {
  const entries = [...(disk.rows.get('Entry')?.values() ?? [])].map(({ nonce }) => nonce);
  return storedNonces(disk).filter((nonce) => entries.includes(nonce));
}

function storedNonces(disk: Client['disk']): string[] {
  return [...disk.ops.values()].flatMap(({ change }) =>
    change.kind === 'call' ? (change.args as { nonce: string }).nonce : [],
  );
}

function raise(world: World<OptimisticApp>, client: Client, story: Story): void {
  const nonce = `n${story.issued++}`;
  client.engine
    .call(api.topics.raise, { topic: world.env.random.pick(TOPICS), nonce })
    .then(() => story.acknowledged.add(nonce))
    .catch(() => {}); // a page that crashes never hears
}

simulate(
  '[S7] [L3] optimistic: every acknowledged or stored call is there once, and is never shown twice or out of order',
  options,
  async (world) => {
    const { random, clock } = world.env;
    const story: Story = { acknowledged: new Set(), durable: new Set(), issued: 0, untold: new Set() };
    const first = await world.client('ada');
    await clock.run(first.engine.call(api.topics.open, {}));
    await world.client('ada');
    await world.client('eve');
    for (let i = 0; i < STEPS; i++) {
      const client = random.pick(world.clients);
      if (client.crashed) for (const nonce of untold(client)) story.untold.add(nonce);
      if (random.chance(0.4)) await trouble(world, client);
      else if (!client.crashed) raise(world, client, story);
      const end = clock.monotonic() + random.int(120);
      while (clock.monotonic() < end && (await clock.step())) look(world, story);
    }
    await world.settle();

    const entries = await world.visibleTo('ada', 'Entry');
    const counts = new Map<string, number>();
    for (const { nonce } of Object.values(entries))
      counts.set(String(nonce), (counts.get(String(nonce)) ?? 0) + 1);
    for (const [nonce, count] of counts) expect([nonce, count]).toEqual([nonce, 1]);
    for (const nonce of [...story.acknowledged, ...story.durable])
      expect([nonce, counts.get(nonce)]).toEqual([nonce, 1]);
    for (const client of world.clients) {
      expect(client.engine.mutations.failed()).toEqual([]);
      for (const entity of ['Topic', 'Entry']) {
        expect(client.rows(entity)).toEqual(await world.visibleTo(client.user, entity));
      }
    }
  },
);
