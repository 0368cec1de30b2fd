/** Optimistic parts, as types: names, arguments and rows are those of the app. Nothing here runs but the imports. */
import { defineSchema, entity, field, type StandardSchema, v } from 'ternion';
import {
  createSyncEngine,
  type MutationName,
  type Optimistic,
  type OptimisticContext,
  type OptimisticLocal,
  type SessionInfo,
} from 'ternion/client';
import { defineApp, functions } from 'ternion/server';
import { expect, expectTypeOf, test } from 'vitest';

const Note = entity('Note', { title: field.string(), likes: field.int().default(0) });
const schema = defineSchema({ entities: [Note, entity('Tag', { name: field.string() })] });
const { query, mutation, action, internal } = functions(schema);

declare const numeric: StandardSchema<string, number>;

function define() {
  const notes = {
    create: mutation({ args: { title: v.string(), likes: v.optional(v.int()) }, handler: () => null }),
    rate: mutation({ args: { stars: numeric }, handler: () => null }),
    list: query({ args: {}, handler: () => [] }),
    send: action({ args: {}, handler: () => null }),
    sweep: internal.mutation({ args: {}, handler: () => null }),
    tags: { add: mutation({ args: { name: v.string() }, handler: () => null }) },
  };
  return defineApp({ schema, functions: { notes, ping: mutation({ args: {}, handler: () => null }) } });
}
type App = ReturnType<typeof define>;
type Part<N extends keyof Optimistic<App>> = NonNullable<Optimistic<App>[N]>;

function write() {
  const optimistic: Optimistic<App> = {
    'notes.create'(local, args, context) {
      expectTypeOf(local).toEqualTypeOf<OptimisticLocal<App>>();
      expectTypeOf(args).toEqualTypeOf<{ title: string; likes?: number }>();
      expectTypeOf(context).toEqualTypeOf<OptimisticContext>();
      expectTypeOf(context.auth).toEqualTypeOf<SessionInfo>();
      expectTypeOf(local.get('Note', 'n')).toEqualTypeOf<
        { id: string; title: string; likes: number } | undefined
      >();
      expectTypeOf(local.list('Tag')).toEqualTypeOf<readonly { id: string; name: string }[]>();
      expectTypeOf(local.insert('Note', { id: context.id, title: args.title })).toEqualTypeOf<string>();
      local.update('Note', 'n', { likes: 1 });
      local.delete('Tag', 't');
      // @ts-expect-error a required field is missing
      local.insert('Note', { likes: 1 });
      // @ts-expect-error no such field
      local.update('Note', 'n', { stars: 1 });
      // @ts-expect-error no such entity
      local.delete('Nite', 'n');
      // @ts-expect-error no such argument
      args.text;
    },
    // As the caller gives them: the server alone has the parsed ones.
    'notes.rate': (_, args) => expectTypeOf(args).toEqualTypeOf<{ stars: string }>(),
    'notes.tags.add': (_, args) => expectTypeOf(args).toEqualTypeOf<{ name: string }>(),
    ping: () => {},
    // @ts-expect-error no such function
    'notes.creat': () => {},
  };
  // @ts-expect-error a query
  const ofQuery: Optimistic<App> = { 'notes.list': () => {} };
  // @ts-expect-error an action
  const ofAction: Optimistic<App> = { 'notes.send': () => {} };
  // @ts-expect-error an internal function
  const ofInternal: Optimistic<App> = { 'notes.sweep': () => {} };
  // @ts-expect-error other arguments
  const ofOther: Optimistic<App> = { 'notes.tags.add': (_, args: { name: number }) => args };
  createSyncEngine<App>('http://localhost', { optimistic });
  createSyncEngine<App>('http://localhost', {
    optimistic: {
      // @ts-expect-error no such function
      'notes.creat': () => {},
    },
  });
  return [ofQuery, ofAction, ofInternal, ofOther];
}

test('optimistic parts have the names and arguments of the app', () => {
  expectTypeOf<MutationName<App['functions']>>().toEqualTypeOf<
    'notes.create' | 'notes.rate' | 'notes.tags.add' | 'ping'
  >();
  expectTypeOf<Parameters<Part<'notes.create'>>[1]>().not.toBeAny();
  expect([define, write]).toHaveLength(2);
});
