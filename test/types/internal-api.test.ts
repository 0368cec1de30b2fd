/** `createInternalApi`: references from types alone, which the scheduler and actions take. */
import { defineSchema, entity, field, v } from 'ternion';
import { createInternalApi, functions } from 'ternion/server';
import { expect, expectTypeOf, test } from 'vitest';

const { query, mutation, action, internal } = functions(
  defineSchema({ entities: [entity('Note', { title: field.string() })] }),
);
const notes = {
  create: mutation({
    args: { title: v.string() },
    async handler({ scheduler }): Promise<null> {
      await scheduler.runAfter('10m', internalApi.notes.remind, { id: 'n' });
      await scheduler.runAt(7, internalApi.send, { to: 'x' });
      // @ts-expect-error another type of argument
      await scheduler.runAfter('10m', internalApi.notes.remind, { id: 7 });
      // @ts-expect-error a query
      await scheduler.runAfter('10m', internalApi.notes.count, {});
      return null;
    },
  }),
  remind: internal.mutation({
    args: { id: v.id('Note') },
    async handler({ scheduler }, { id }): Promise<null> {
      await scheduler.runAfter('1d', internalApi.notes.remind, { id }); // itself
      return null;
    },
  }),
  count: internal.query({ args: {}, handler: () => 7 }),
  list: query({ args: {}, handler: () => ['a'] }),
};
const send = internal.action({
  args: { to: v.string() },
  async handler(ctx): Promise<number> {
    expectTypeOf(await ctx.runMutation(internalApi.notes.remind, { id: 'n' })).toEqualTypeOf<null>();
    // @ts-expect-error another type of argument
    await ctx.runMutation(internalApi.notes.remind, { id: 7 });
    return ctx.runQuery(internalApi.notes.count, {});
  },
});
const open = action({ args: {}, handler: () => null });
const tree = { notes, send, open };
const internalApi = createInternalApi<typeof tree>();

test('references have the name and the arguments of internal functions, and there are no others', () => {
  const { name, internal: isInternal } = internalApi.notes.remind;
  expect([name, isInternal]).toEqual(['notes.remind', true]);
  expect(internalApi.notes.remind).toBe(internalApi.notes.remind);
  expectTypeOf<keyof typeof internalApi>().toEqualTypeOf<'notes' | 'send'>();
  expectTypeOf<keyof typeof internalApi.notes>().toEqualTypeOf<'remind' | 'count'>();
  expectTypeOf(internalApi.notes.remind.signature!).toEqualTypeOf<(args: { id: string }) => null>();
});
