import { afterEach, expect, test } from 'vitest';
import { type LogFields, silentLog } from '../base/env.ts';
import { parseShape } from '../base/shape.ts';
import { Access } from '../policy/access.ts';
import type { Viewer } from '../policy/viewer.ts';
import { defineSchema } from '../schema/define-schema.ts';
import { entity } from '../schema/entity.ts';
import { field } from '../schema/field.ts';
import { MAX_CURSOR_CHARS, MAX_PAGE_ROWS, v } from '../schema/validator.ts';
import { Store } from '../store/store.ts';
import { simEnv } from '../testing/sim-env.ts';
import { TempDatabase } from '../testing/temp-database.ts';
import { Functions } from './call.ts';
import { functions } from './define.ts';
import { LEDGER_TABLES } from './ledger.ts';
import { Registry } from './registry.ts';

// Without a policy: nobody may do anything.
const schema = defineSchema({ entities: [entity('Note', { title: field.string() })] });
const { query, mutation } = functions(schema);
const args = { reason: v.string() };
const notes = {
  add: mutation({
    args,
    handler: ({ db }, { reason }) => db.elevated(reason).insert('Note', { title: 'x' }),
  }),
  count: query({ args, handler: ({ db }, { reason }) => db.elevated(reason).query('Note').count() }),
  plain: query({ args: {}, handler: ({ db }) => db.query('Note').count() }),
};
const viewer: Viewer = { userId: 'ada', kind: 'user', roles: [], name: null };
const database = new TempDatabase();
afterEach(() => database.remove());

test('[P3] elevated is logged once for each use, with its reason, the function and the viewer', async () => {
  const logged: [string, LogFields | undefined][] = [];
  const env = simEnv(1, { ...silentLog, info: (event, fields) => logged.push([event, fields]) });
  const store = new Store(env, { schema, drivers: database.open() });
  await store.open(LEDGER_TABLES);
  const deps = { schema, store, access: new Access(schema, () => 0), registry: new Registry({ notes }) };
  const all = new Functions(env, deps);
  const call = async (name: string, input: { reason: string } | object) =>
    (await env.clock.run(all.call({ name, args: input as { reason: string }, viewer }))).value;
  logged.length = 0;
  await call('notes.add', { reason: 'import' });
  expect(await call('notes.count', { reason: 'statistics' })).toBe(1);
  expect(await call('notes.plain', {})).toBe(0);
  await expect(call('notes.count', { reason: '' })).rejects.toMatchObject({ code: 'invalid' });
  expect(logged.filter(([event]) => event === 'policy.elevated')).toEqual([
    ['policy.elevated', { reason: 'import', function: 'notes.add', viewer: 'ada' }],
    ['policy.elevated', { reason: 'statistics', function: 'notes.count', viewer: 'ada' }],
  ]);
});

test('[N3] v.pagination bounds the cursor and the size', () => {
  const parses = (cursor: string | null, size: number) => {
    try {
      return parseShape(v.pagination(), { cursor, size }, 'page').size === size;
    } catch {
      return false;
    }
  };
  expect(parses(null, MAX_PAGE_ROWS)).toBe(true);
  expect(parses('x'.repeat(MAX_CURSOR_CHARS), 1)).toBe(true);
  expect(parses(null, MAX_PAGE_ROWS + 1)).toBe(false);
  expect(parses(null, 0)).toBe(false);
  expect(parses('x'.repeat(MAX_CURSOR_CHARS + 1), 1)).toBe(false);
});
