/** The app of the row simulations: notes that some may not see, accounts whose sum never changes, a journal. */
import { defineSchema, entity, field, policy, v } from 'ternion';
import { createApi, type Optimistic } from 'ternion/client';
import { defineApp, functions } from 'ternion/server';

const Note = entity('Note', {
  title: field.string(),
  ownerId: field.string(),
  open: field.bool().default(true),
  likes: field.int().default(0),
});
const Account = entity('Account', { balance: field.int() });
const Entry = entity('Entry', { nonce: field.string() });

const notePolicy = policy({
  entity: 'Note',
  allowRead: 'data.open || auth.userId == data.ownerId',
  allowInsert: 'auth.userId == data.ownerId',
  allowUpdate: 'auth.userId == existing.ownerId && data.ownerId == existing.ownerId',
  allowDelete: 'auth.userId == data.ownerId',
});
const schema = defineSchema({
  entities: [Note, Account, Entry],
  policies: [
    notePolicy,
    policy({ entity: 'Account', allowRead: 'true', allowInsert: 'true', allowUpdate: 'true' }),
    policy({ entity: 'Entry', allowRead: 'true', allowInsert: 'true' }),
  ],
});

export const ACCOUNTS = ['a', 'b', 'c'];
export const TOTAL = 300;

const { mutation } = functions(schema);
const bank = {
  open: mutation({
    args: {},
    async handler(ctx) {
      for (const id of ACCOUNTS) await ctx.db.insert('Account', { id, balance: TOTAL / ACCOUNTS.length });
    },
  }),
  /** Two rows in one transaction. */
  move: mutation({
    args: { from: v.id('Account'), to: v.id('Account'), amount: v.int(1) },
    async handler(ctx, { from, to, amount }) {
      const [a, b] = [await ctx.db.get('Account', from), await ctx.db.get('Account', to)];
      if (!a || !b || from === to) return false;
      await ctx.db.update('Account', from, { balance: a.balance - amount });
      await ctx.db.update('Account', to, { balance: b.balance + amount });
      return true;
    },
  }),
  /** Not idempotent by itself: run twice, it leaves two entries. */
  append: mutation({
    args: { nonce: v.string() },
    handler: (ctx, { nonce }) => ctx.db.insert('Entry', { nonce }),
  }),
};

export const rowsApp = () => defineApp({ schema, functions: { bank } });
export type RowsApp = ReturnType<typeof rowsApp>;
export const api = createApi<RowsApp>();

/** Of the simulations that use it. */
export const optimistic: Optimistic<RowsApp> = {
  'bank.append': (local, { nonce }) => void local.insert('Entry', { nonce }),
};
