/**
 * Pages while rows move: a reader loads more and more of a list in two ways, as pages of a watched function and
 * as one growing window of live rows, while a writer inserts, moves and deletes, and links and servers fail.
 */
import { isDeepStrictEqual } from 'node:util';
import { defineSchema, entity, field, policy, v } from 'ternion';
import { createApi } from 'ternion/client';
import { defineApp, functions } from 'ternion/server';
import { simulate, type World } from 'ternion/testing';
import { expect } from 'vitest';
import { PagedQuery } from '../../src/client/paged-query.ts';
import { History } from './history.ts';
import { trouble } from './trouble.ts';

const fields = { rank: field.int(), tag: field.string() };
const indexes = [{ name: 'by_rank', fields: ['rank'] }] as const;
const anybody = { allowRead: 'true', allowInsert: 'true', allowUpdate: 'true', allowDelete: 'true' };
const schema = defineSchema({
  entities: [
    entity('Item', fields, { indexes: [...indexes] }),
    entity('Live', fields, { indexes: [...indexes], sync: 'query' }),
  ],
  policies: [policy({ entity: 'Item', ...anybody }), policy({ entity: 'Live', ...anybody })],
});
const { query, mutation } = functions(schema);
const items = {
  page: query({
    args: { page: v.pagination() },
    auth: 'public',
    handler: (ctx, { page }) => ctx.db.query('Item').withIndex('by_rank').paginate(page),
  }),
  /** The same rows twice, so that both readers have one list to show. */
  put: mutation({
    args: { id: v.string(), rank: v.nullable(v.int()) },
    auth: 'public',
    async handler(ctx, { id, rank }): Promise<null> {
      for (const name of ['Item', 'Live'] as const) {
        const there = await ctx.db.get(name, id);
        if (rank === null) {
          if (there) await ctx.db.delete(name, id);
        } else if (there) await ctx.db.update(name, id, { rank });
        else await ctx.db.insert(name, { id, rank, tag: 'x' });
      }
      return null;
    },
  }),
};
const pagesApp = () => defineApp({ schema, functions: { items } });
type PagesApp = ReturnType<typeof pagesApp>;
const api = createApi<PagesApp>();

const STEPS = 60;
const SIZE = 3;
const options = { app: pagesApp, host: { live: { reserveRows: 2 } } };
const ids = (rows: readonly { id?: unknown }[] | undefined) => rows?.map(({ id }) => String(id)) ?? [];

function inOrder(history: History<PagesApp>, seq: number): string[] {
  const rows = [...(history.at(seq).get('Item')?.values() ?? [])];
  const key = ({ rank, id }: Record<string, unknown>) => [Number(rank), String(id)] as const;
  rows.sort((a, b) => key(a)[0] - key(b)[0] || (key(a)[1] < key(b)[1] ? -1 : 1));
  return ids(rows);
}

async function move(world: World<PagesApp>, known: string[]): Promise<void> {
  const { random } = world.env;
  const writer = world.clients[0]!;
  if (writer.crashed) return;
  const isNew = known.length < 4 || random.chance(0.4);
  const id = isNew ? world.newId() : random.pick(known);
  if (isNew) known.push(id);
  const rank = isNew || random.chance(0.7) ? random.int(20) : null;
  writer.engine.call(api.items.put, { id, rank }).catch(() => {}); // a page that crashes never hears
}

simulate(
  '[Q2] [Q5] pages: at every step no row twice, none left out; at rest all there is',
  options,
  async (world) => {
    const { random, clock, log } = world.env;
    const history = new History(world);
    await history.follow();
    await world.client('ada');
    const reader = await world.client('eve');
    const { engine } = reader;
    const paged = new PagedQuery<{ id: string }>(
      log,
      (page, listener) => engine.watch(api.items.page, { page }, listener),
      SIZE,
    );
    const infinite = engine.createInfiniteQuery('Live', {
      pageSize: SIZE,
      orderBy: [{ field: 'rank', direction: 'asc' }],
    });
    paged.subscribe(() => {});
    infinite.subscribe(() => {});
    let shown = 0;
    const look = () => {
      expect(new Set(ids(infinite.data)).size).toBe(ids(infinite.data).length);
      const { data } = paged.result;
      if (!data) return;
      const own = ids(data);
      for (let seq = shown; seq <= history.seq; seq++) {
        if (!isDeepStrictEqual(inOrder(history, seq).slice(0, own.length), own)) continue;
        shown = seq;
        return;
      }
      expect(own, `the first rows of a moment, ${shown} or later`).toEqual(
        inOrder(history, history.seq).slice(0, own.length),
      );
    };
    const known: string[] = [];
    for (let i = 0; i < STEPS; i++) {
      const pick = random.int(10);
      if (pick === 0) paged.loadMore();
      else if (pick === 1) infinite.loadMore();
      else if (pick === 2) {
        const wasUp = world.up;
        // The reader keeps its page, for its queries live as long.
        if (random.chance(0.5)) reader.drop();
        else await trouble(world, world.clients[0]!);
        if (!wasUp && world.up) await history.follow();
      } else await move(world, known);
      const end = clock.monotonic() + random.int(150);
      while (clock.monotonic() < end && (await clock.step())) look();
    }
    if (!world.up) {
      await world.start();
      await history.follow();
    }
    await world.settle();
    for (let i = 0; i < known.length; i++) {
      paged.loadMore();
      infinite.loadMore();
      await clock.advance(500);
      look();
    }
    expect(ids(paged.result.data)).toEqual(inOrder(history, history.seq));
    expect(ids(infinite.data)).toEqual(inOrder(history, history.seq));
    expect([paged.result.hasMore, infinite.hasMore]).toEqual([false, false]);
  },
);
