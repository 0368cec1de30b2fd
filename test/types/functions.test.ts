/** What clients and handlers see of functions, as types. Nothing here runs but the imports. */
import { defineSchema, entity, field, type StandardSchema, v } from 'ternion';
import type { FunctionRef } from 'ternion/client';
import { createApi } from 'ternion/client';
import { defineApp, functions } from 'ternion/server';
import { expect, expectTypeOf, test } from 'vitest';

const schema = defineSchema({ entities: [entity('Note', { title: field.string() })] });
const { query, mutation, action, internal } = functions(schema);

/** As a library gives it: text in, number out. */
declare const numeric: StandardSchema<string, number>;
declare const optionalText: StandardSchema<string | undefined, string>;
declare const whole: StandardSchema<{ a: string; b?: number }, { a: number; b: number }>;
const standIn = { '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) } };

function define() {
  const create = mutation({
    args: { title: v.string(), likes: v.optional(v.int()) },
    returns: v.object({ id: v.string() }),
    async handler(ctx, args) {
      expectTypeOf(args).toEqualTypeOf<{ title: string; likes?: number }>();
      expectTypeOf(ctx).not.toHaveProperty('signal');
      expectTypeOf(ctx).not.toHaveProperty('runQuery');
      return { id: await ctx.db.insert('Note', { title: args.title }) };
    },
  });
  const count = query({
    args: { from: numeric, note: optionalText },
    handler(ctx, args) {
      expectTypeOf(args).toEqualTypeOf<{ from: number; note: string }>();
      expectTypeOf(ctx.db).not.toHaveProperty('insert');
      expectTypeOf(ctx.signal).toEqualTypeOf<AbortSignal>();
      return args.from;
    },
  });
  const sweep = internal.mutation({ args: { age: v.int() }, handler: () => ({ gone: 1 }) });
  const also = query({ args: {}, internal: true, handler: () => 'x' });
  const send = action({
    args: whole,
    async handler(ctx, args) {
      expectTypeOf(args).toEqualTypeOf<{ a: number; b: number }>();
      expectTypeOf(ctx).not.toHaveProperty('db');
      expectTypeOf(await ctx.runQuery(count, { from: '7' })).toEqualTypeOf<number>();
      expectTypeOf(await ctx.runMutation(sweep, { age: 7 })).toEqualTypeOf<{ gone: number }>();
      const ref = { name: 'count' } as FunctionRef<{ from: string }, number>;
      expectTypeOf(await ctx.runQuery(ref, { from: '7' })).toEqualTypeOf<number>();
      // @ts-expect-error a mutation is no query
      await ctx.runQuery(create, { title: 'x' });
      // @ts-expect-error another type of argument
      await ctx.runMutation(create, { title: 7 });
      return ['sent'];
    },
  });
  const noticeAll = internal.action({ args: { to: numeric }, handler: () => null });
  mutation({
    args: {},
    async handler({ scheduler }): Promise<null> {
      expectTypeOf(await scheduler.runAfter('10m', sweep, { age: 7 })).toEqualTypeOf<string>();
      await scheduler.runAt(7, noticeAll, { to: 'x' });
      await scheduler.runAfter(7, 'notes.sweep', { age: 7 });
      // @ts-expect-error another type of argument
      await scheduler.runAfter(7, sweep, { age: 'x' });
      // @ts-expect-error no delay
      await scheduler.runAfter('soon', sweep, { age: 7 });
      // @ts-expect-error a public function
      await scheduler.runAfter(7, create, { title: 'x' });
      // @ts-expect-error a query
      await scheduler.runAfter(7, internal.query({ args: {}, handler: () => null }), {});
      // @ts-expect-error a reference to a public function
      await scheduler.runAfter(7, { name: 'create' } as FunctionRef<{ title: string }, null>, { title: 'x' });
      return null;
    },
  });
  // @ts-expect-error a result that does not fit
  mutation({ args: {}, returns: v.object({ id: v.string() }), handler: () => ({ id: 7 }) });
  return defineApp({ schema, functions: { notes: { create, count, sweep, also, send }, hidden: sweep } });
}
type App = ReturnType<typeof define>;

test('clients see queries, mutations and actions by their arguments, and no internal function', () => {
  const use = () => {
    const { notes, ...others } = createApi<App>();
    expectTypeOf<keyof typeof notes>().toEqualTypeOf<'create' | 'count' | 'send'>();
    expectTypeOf<keyof typeof others>().toEqualTypeOf<never>();
    expectTypeOf(notes.create).toEqualTypeOf<
      FunctionRef<{ title: string; likes?: number }, { id: string }>
    >();
    expectTypeOf(notes.count).toEqualTypeOf<FunctionRef<{ from: string; note?: string }, number>>();
    expectTypeOf(notes.send).toEqualTypeOf<FunctionRef<{ a: string; b?: number }, string[]>>();
    // @ts-expect-error internal
    notes.sweep;
    // @ts-expect-error internal
    notes.also;
  };
  expect([use, define]).toHaveLength(2);
});

test('a Standard Schema that is not ours is taken as it is', () => {
  const open = query({ args: { any: standIn as StandardSchema }, handler: (_, { any }) => String(any) });
  expectTypeOf(open.signature!).parameter(0).toEqualTypeOf<{ any?: unknown }>();
  expect(open.kind).toBe('query');
});
