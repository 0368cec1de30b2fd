/** What `ctx.docs` takes and gives, as types. Nothing here runs but the imports. */
import type { LoroDoc } from 'loro-crdt';
import { defineSchema, entity, field } from 'ternion';
import type { DocEntity, HistoryPage, NamedVersion } from 'ternion/crdt/server';
import { functions } from 'ternion/server';
import { expect, expectTypeOf, test } from 'vitest';

const Note = entity('Note', {
  title: field.string(),
  body: field.richtext(),
  board: field.json().optional(),
});
const Task = entity('Task', { done: field.bool().default(false).crdt('lww'), title: field.string() });
const User = entity('User', { name: field.string() });
const schema = defineSchema({ entities: [Note, Task, User] });
const { query, mutation, action, httpRoute } = functions(schema);

const inMutations = () =>
  mutation({
    args: {},
    async handler({ docs }) {
      expectTypeOf(await docs.read('Note', 'n')).toEqualTypeOf<{ body: string }>();
      expectTypeOf(await docs.read('Task', 't')).toEqualTypeOf<{ done: boolean }>();
      const length = docs.edit('Note', 'n', (doc) => {
        expectTypeOf(doc).toEqualTypeOf<LoroDoc>();
        return doc.getText('body').length;
      });
      expectTypeOf(await length).toEqualTypeOf<number>();
      expectTypeOf(await docs.history('Note', 'n', { limit: 5 })).toEqualTypeOf<HistoryPage>();
      expectTypeOf(await docs.names('Note', 'n')).toEqualTypeOf<NamedVersion[]>();
      expectTypeOf(await docs.view('Note', 'n', 'v')).toEqualTypeOf<{ body: string }>();
      expectTypeOf(await docs.nameVersion('Note', 'n', { name: 'x' })).toEqualTypeOf<string>();
      expectTypeOf(await docs.restore('Note', 'n', 'v')).toEqualTypeOf<void>();

      // @ts-expect-error users have no documents
      await docs.read('User', 'u');
      // @ts-expect-error nor is there such an entity
      await docs.edit('Nobody', 'n', () => {});
      // @ts-expect-error an id is a text
      await docs.edit('Note', 7, () => {});
      return null;
    },
  });

const elsewhere = () => [
  action({
    args: {},
    async handler({ docs }) {
      expectTypeOf(await docs.elevated('why').read('Note', 'n')).toEqualTypeOf<{ body: string }>();
      // @ts-expect-error users have no documents
      await docs.edit('User', 'u', () => {});
      return null;
    },
  }),
  query({
    args: {},
    handler(ctx) {
      // @ts-expect-error queries read columns
      ctx.docs;
      return null;
    },
  }),
  httpRoute({
    method: 'POST',
    path: '/x',
    auth: 'public',
    async handler({ docs }) {
      await docs.edit('Note', 'n', (doc) => doc.getText('body').insert(0, 'x'));
      return new Response();
    },
  }),
];

test('ctx.docs knows the entities that have documents, and their fields', () => {
  expectTypeOf<DocEntity<typeof schema>>().toEqualTypeOf<'Note' | 'Task'>();
  expect([inMutations, elsewhere]).toHaveLength(2);
});
