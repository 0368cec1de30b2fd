/** What the hooks give and take, as types. Nothing here runs but the imports. */
import { defineSchema, entity, field, v } from 'ternion';
import { createApi, type Fault } from 'ternion/client';
import { createHooks, usePaginatedQuery, useReactiveQuery } from 'ternion/react';
import { defineApp, functions } from 'ternion/server';
import { expect, expectTypeOf, test } from 'vitest';

const schema = defineSchema({
  entities: [entity('Note', { title: field.string(), likes: field.int().default(0) })],
});
const { query } = functions(schema);
const count = query({ args: { from: v.int() }, returns: v.int(), handler: (_, { from }) => from });
const feed = query({
  args: { tag: v.string(), page: v.pagination() },
  handler: (ctx, { page }) => ctx.db.query('Note').paginate(page),
});
const app = defineApp({ schema, functions: { notes: { count, feed } } });
const api = createApi<typeof app>();
const { useEntity, useInfiniteQuery, useRow } = createHooks<typeof app>();
type Note = { id: string; title: string; likes: number };

function useAll() {
  expectTypeOf(useReactiveQuery(api.notes.count, { from: 1 }).data).toEqualTypeOf<number | undefined>();
  expectTypeOf(useReactiveQuery(api.notes.count, 'skip').error).toEqualTypeOf<Fault | undefined>();
  // @ts-expect-error another type of argument
  useReactiveQuery(api.notes.count, { from: 'x' });

  const pages = usePaginatedQuery(api.notes.feed, { tag: 'x' }, { pageSize: 20 });
  expectTypeOf(pages.data).toEqualTypeOf<readonly Note[] | undefined>();
  // @ts-expect-error no argument `page`
  usePaginatedQuery(api.notes.count, { from: 1 }, { pageSize: 20 });
  // @ts-expect-error `tag` is missing
  usePaginatedQuery(api.notes.feed, {}, { pageSize: 20 });

  const notes = useInfiniteQuery('Note', { pageSize: 20 });
  expectTypeOf(notes.data).toEqualTypeOf<readonly Note[] | undefined>();
  // @ts-expect-error no such entity
  useInfiniteQuery('Nowhere', { pageSize: 20 });
  expectTypeOf(useRow('Note', 'a')).toEqualTypeOf<Note | undefined>();

  const { insert, update } = useEntity('Note');
  expectTypeOf(insert({ title: 'x' })).toEqualTypeOf<string>();
  // @ts-expect-error `title` is missing
  insert({});
  // @ts-expect-error no such field
  update('a', { text: 'x' });
}

test('the types above are checked', () => expect(useAll).toBeTypeOf('function'));
