/** Reads in the server's own process: rows one by one, a range of 1,000, and what a policy's decision costs. */
import { defineSchema, entity, field, policy, v } from 'ternion';
import { defineApp, functions } from 'ternion/server';
import { benchServer } from './bench-server.ts';
import type { Workload } from './figure.ts';

const ROWS = 10_000;
const RANGE = 1000;
const GETS = 100_000;
const RANGES = 200;
const CHECKS = 1_000_000;

const Item = entity(
  'Item',
  {
    title: field.string(),
    ownerId: field.id('User'),
    group: field.int(),
    live: field.bool(),
    updatedAt: field.datetime(),
  },
  { indexes: [{ name: 'by_group', fields: ['group', 'updatedAt'] }] },
);
const allowRead = "data.live == true || auth.userId == data.ownerId || auth.hasRole('admin')";
const schema = defineSchema({ entities: [Item], policies: [policy({ entity: 'Item', allowRead })] });
const { query } = functions(schema);

const items = {
  gets: query({
    args: { from: v.int() },
    async handler(ctx, { from }) {
      for (let i = 0; i < RANGE; i++) await ctx.db.get('Item', `i${(from + i * 7) % ROWS}`);
      return null;
    },
  }),
  range: query({
    args: { group: v.int() },
    async handler(ctx, { group }) {
      const rows = await ctx.db
        .query('Item')
        .withIndex('by_group', (q) => q.eq('group', group))
        .take(RANGE);
      if (rows.length !== RANGE) throw new Error(`${rows.length} rows`);
      return null;
    },
  }),
};
const app = defineApp({ schema, functions: { items } });
const viewer = { userId: 'bench', kind: 'user', roles: ['reader'], name: null } as const;

type Host = Awaited<ReturnType<typeof benchServer>>['server']['host'];

async function withRows(work: (host: Host) => Promise<void>): Promise<number> {
  const { server, close } = await benchServer(app);
  try {
    await server.host.store.write(async ({ tx }) => {
      for (let i = 0; i < ROWS; i++) {
        const group = i % (ROWS / RANGE);
        const row = { title: `item ${i}`, ownerId: 'bench', group, live: i % 2 === 0, updatedAt: i };
        await tx.insert('Item', { id: `i${i}`, ...row });
      }
    });
    const start = performance.now();
    await work(server.host);
    return performance.now() - start;
  } finally {
    await close();
  }
}

/** `ctx.db.get`, 1,000 in one query, policy asked. */
function gets(): Workload {
  const run = async () => {
    const ms = await withRows(async ({ functions }) => {
      for (let from = 0; from < GETS; from += RANGE)
        await functions.call({ name: 'items.gets', args: { from }, viewer });
    });
    return { 'rows.get': GETS / (ms / 1000) };
  };
  return { units: { 'rows.get': 'gets/s' }, run };
}

/** 1,000 rows of five small fields by an index, one range in each query, policy asked. */
function ranges(): Workload {
  const run = async () => {
    const ms = await withRows(async ({ functions }) => {
      for (let i = 0; i < RANGES; i++)
        await functions.call({ name: 'items.range', args: { group: i % (ROWS / RANGE) }, viewer });
    });
    return { 'rows.range-1000': ms / RANGES };
  };
  return { units: { 'rows.range-1000': 'ms' }, run };
}

/** One decision about one row, by a policy of three parts. */
function checks(): Workload {
  const run = async () => {
    const data = { id: 'i', title: 't', ownerId: 'bench', group: 1, live: false, updatedAt: 1 };
    let allowed = 0;
    const ms = await withRows(async ({ access }) => {
      for (let i = 0; i < CHECKS; i++) if (access.may('read', 'Item', viewer, { data })) allowed++;
    });
    if (allowed !== CHECKS) throw new Error(`${allowed} of ${CHECKS}`);
    return { 'rows.policy-check': (ms * 1000) / CHECKS };
  };
  return { units: { 'rows.policy-check': 'us' }, run };
}

export const readsWorkloads: Record<string, () => Workload> = {
  'rows.get': gets,
  'rows.range-1000': ranges,
  'rows.policy-check': checks,
};
