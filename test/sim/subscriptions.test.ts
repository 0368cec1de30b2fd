/**
 * Live queries under chaos: rows enter and leave queries, windows and sight, users change, while links fail,
 * readers stall, pages crash and the server is killed. At rest every query shows what plain loops find.
 */

import type { LiveQuery, QuerySpec } from 'ternion/client';
import { type SimClient, simulate, type World } from 'ternion/testing';
import { expect } from 'vitest';
import type { JsonObject } from '../../src/base/json.ts';
import { select } from '../../src/schema/match.ts';
import { api, ROOMS, type SubscriptionsApp, subscriptionsApp } from './subscriptions-app.ts';

type Client = SimClient<SubscriptionsApp>;
type Spec = QuerySpec & { entity: 'Note' | 'Message' | 'Right' };
const STEPS = 60;
const USERS = ['ada', 'eve'];
const lanes = { outbox: { highWaterBytes: 500, rowsBytes: 1000 } };
const options = { app: subscriptionsApp, host: { ...lanes, live: { reserveRows: 2 } } };
/** No reserve, and nearly every change of membership is too much to look up. */
const tight = {
  app: subscriptionsApp,
  host: {
    ...lanes,
    live: { reserveRows: 0 },
    survey: { maxReached: 1, maxWitnesses: 1, maxRead: 8, maxLater: 5 },
  },
};

/** The queries of one page; they are asked again when it is loaded again. */
class Page {
  readonly client: Client;
  readonly #asked: { spec: Spec; query: LiveQuery; end: () => void }[] = [];
  #engine: Client['engine'];

  constructor(client: Client) {
    this.client = client;
    this.#engine = client.engine;
    this.ask({ entity: 'Right' });
  }

  get asked() {
    return this.#asked;
  }

  ask(spec: Spec): void {
    const query: LiveQuery = this.client.engine.liveQuery(spec) as unknown as LiveQuery;
    this.#asked.push({ spec, query, end: query.subscribe(() => {}) });
  }

  forget(random: World['env']['random']): void {
    if (this.#asked.length < 2) return;
    const [gone] = this.#asked.splice(1 + random.int(this.#asked.length - 1), 1);
    gone!.end();
  }

  follow(): void {
    if (this.client.engine === this.#engine) return;
    this.#engine = this.client.engine;
    for (const { spec } of this.#asked.splice(0)) this.ask(spec);
  }
}

function someSpec(world: World<SubscriptionsApp>): Spec {
  const { random } = world.env;
  const rank = random.int(4);
  return {
    entity: random.chance(0.6) ? 'Note' : 'Message',
    ...(random.chance(0.5) && { where: { roomId: random.pick(ROOMS) } }),
    ...(random.chance(0.4) && {
      filter: { op: random.chance(0.5) ? 'gte' : 'lt', field: 'rank', value: rank } as const,
    }),
    ...(random.chance(0.6) && {
      orderBy: [{ field: 'rank', direction: random.chance(0.5) ? 'asc' : 'desc' } as const],
      limit: random.int(5),
    }),
  };
}

function browse(world: World<SubscriptionsApp>, page: Page): void {
  if (world.env.random.chance(0.7)) page.ask(someSpec(world));
  else page.forget(world.env.random);
}

function write(world: World<SubscriptionsApp>, { engine, user }: Client): void {
  const { random } = world.env;
  const { store } = engine;
  const [notes, messages, members] = [store.list('Note'), store.list('Message'), store.list('Member')];
  const [roomId, rank] = [random.pick(ROOMS), random.int(4)];
  const pick = random.int(12);
  try {
    if (pick <= 3 || notes.length === 0)
      engine.insert('Note', { roomId, rank, ownerId: user ?? 'nobody', open: random.chance(0.6) });
    else if (pick === 4) engine.update('Note', random.pick(notes).id, { rank });
    else if (pick === 5) engine.update('Note', random.pick(notes).id, { open: random.chance(0.5) });
    else if (pick === 6) engine.delete('Note', random.pick(notes).id);
    else if (pick <= 8 || messages.length === 0) engine.insert('Message', { roomId, rank });
    else if (pick === 9) engine.update('Message', random.pick(messages).id, { rank, roomId });
    else if (pick === 10 || members.length === 0)
      engine.insert('Member', { roomId, userId: random.pick(USERS) });
    else engine.delete('Member', random.pick(members).id);
  } catch {
    // A page that does not know yet who it is cannot write; so it is for people.
  }
}

async function trouble(world: World<SubscriptionsApp>, page: Page): Promise<void> {
  const { random } = world.env;
  const { client } = page;
  const pick = random.int(9);
  if (pick === 0) client.drop();
  else if (pick === 1) client.setOnline(random.chance(0.5));
  else if (pick === 2) client.pause(random.chance(0.6));
  else if (pick === 3) client.crash(1 + random.int(4));
  else if (pick === 4 && client.crashed) await client.reload();
  else if (pick === 5 && !world.up) await world.start();
  else if (pick === 6 && random.chance(0.5)) world.killAtStatement(1 + random.int(40));
  else if (pick === 7 && !client.crashed) client.become(random.pick(USERS));
  else if (pick === 8 && random.chance(0.2)) world.kill();
}

/** What must hold at every moment. */
function neverWrong(pages: readonly Page[]): void {
  for (const page of pages) {
    const { client, asked } = page;
    if (client.crashed) continue;
    page.follow();
    const { store, session, mutations } = client.engine;
    if (mutations.pending().length === 0) {
      for (const note of store.list('Note') as readonly JsonObject[]) {
        expect(note.open || note.ownerId === session?.userId, 'a hidden row').toBe(true);
        expect(note.secret).toBeUndefined();
      }
    }
    const [pair] = asked;
    if (pair?.query.complete && store.knowledge === 'complete')
      expect(store.get('Right', 'one')?.n, 'one moment').toBe(store.get('Left', 'one')?.n);
  }
}

async function chaos(world: World<SubscriptionsApp>): Promise<Page[]> {
  const { random, clock } = world.env;
  const pages: Page[] = [];
  for (const user of ['ada', 'ada', 'eve']) pages.push(new Page(await world.client(user)));
  await clock.run(pages[0]!.client.engine.call(api.pair.open, {}));
  for (let i = 0; i < STEPS; i++) {
    const page = random.pick(pages);
    const { client } = page;
    page.follow();
    if (random.chance(0.25)) await trouble(world, page);
    else if (random.chance(0.3)) browse(world, page);
    else if (!client.crashed && random.chance(0.75)) write(world, client);
    else if (!client.crashed)
      client.engine.call(random.chance(0.8) ? api.pair.step : api.pair.sweep, {}).catch(() => {});
    const end = clock.monotonic() + random.int(120);
    while (clock.monotonic() < end && (await clock.step())) neverWrong(pages);
  }
  return pages;
}

for (const [title, world] of [
  ['with a small reserve', options],
  ['with no reserve and little to look up', tight],
] as const) {
  simulate(
    `[S1] [S4] [S8] [P4] subscriptions: at rest every query shows what plain loops find, ${title}`,
    world,
    async (world) => {
      const pages = await chaos(world);
      await world.settle();
      for (const page of pages) page.follow();
      await world.env.clock.advance(8000); // subscriptions that nobody uses are given up
      neverWrong(pages);
      for (const { client, asked } of pages) {
        const held = new Map<string, Set<string>>([
          ['Note', new Set()],
          ['Message', new Set()],
          ['Right', new Set()],
        ]);
        for (const { spec, query } of asked) {
          const visible = Object.values(await world.visibleTo(client.user, spec.entity)).map(
            ({ secret: _, ...row }) => row,
          );
          const rows = select({ ...spec, fields: world.schema.entity(spec.entity).fields }, visible);
          expect(query.complete, JSON.stringify(spec)).toBe(true);
          expect(query.data, JSON.stringify(spec)).toEqual(rows);
          for (const row of rows) held.get(spec.entity)!.add(String(row.id));
        }
        for (const [entity, ids] of held)
          expect(Object.keys(client.rows(entity)).sort(), entity).toEqual([...ids].sort());
      }
    },
  );
}
