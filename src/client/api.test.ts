import { expect, expectTypeOf, test } from 'vitest';
import type { FunctionRef, FunctionType } from '../schema/app-shape.ts';
import { defineSchema } from '../schema/define-schema.ts';
import { entity } from '../schema/entity.ts';
import { field } from '../schema/field.ts';
import { createApi } from './api.ts';
import type { SyncEngine } from './sync-engine.ts';

const schema = defineSchema({
  entities: [
    entity('Note', { title: field.string(), likes: field.int().default(0), body: field.richtext() }),
    entity('User', { name: field.string().optional() }),
  ],
});
interface App {
  schema: typeof schema;
  functions: {
    notes: {
      create: FunctionType<{ title: string }, { id: string }>;
      list: FunctionType<Record<string, never>, string[]>;
    };
  };
}

test('references are named by their path, and are the same each time', async () => {
  const api = createApi<App>();
  expect(api.notes.create.name).toBe('notes.create');
  expect(api.notes.create).toBe(api.notes.create);
  expect(await Promise.resolve(api.notes.create)).toBe(api.notes.create);
});

test('engine, rows and functions are typed by the app', () => {
  const api = createApi<App>();
  expectTypeOf(api.notes.create).toEqualTypeOf<FunctionRef<{ title: string }, { id: string }>>();
  const use = async (engine: SyncEngine<App>) => {
    const note = engine.store.get('Note', 'n');
    expectTypeOf(note).toEqualTypeOf<
      { id: string; title: string; likes: number; body: string; docRev: number } | undefined
    >();
    expectTypeOf(engine.store.list('User')).toEqualTypeOf<readonly { id: string; name: string | null }[]>();
    expectTypeOf(await engine.call(api.notes.create, { title: 'a' })).toEqualTypeOf<{ id: string }>();
    expectTypeOf(await engine.query(api.notes.list, {})).toEqualTypeOf<string[]>();
    expectTypeOf(engine.liveQuery({ entity: 'Note' }).data).toEqualTypeOf<
      readonly { id: string; title: string; likes: number; body: string; docRev: number }[] | undefined
    >();
    expectTypeOf(engine.insert('Note', { title: 'a' })).toEqualTypeOf<string>();
    // @ts-expect-error a required field is missing
    engine.insert('Note', {});
    // @ts-expect-error documents fill richtext fields
    engine.insert('Note', { title: 'a', body: 'b' });
    // @ts-expect-error no such entity
    engine.store.list('Nope');
    // @ts-expect-error another type of argument
    await engine.call(api.notes.create, { title: 1 });
    engine.update('Note', 'n', { likes: 1 });
  };
  expect(use).toBeTypeOf('function');
});
