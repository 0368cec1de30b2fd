import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../base/json.ts';
import { defineSchema, type Schema } from '../schema/define-schema.ts';
import { describeStep, diff } from '../schema/diff.ts';
import { type EntityFields, entity } from '../schema/entity.ts';
import { field } from '../schema/field.ts';
import { buildManifest } from '../schema/manifest.ts';
import { anySchema } from '../schema/testing/any-schema.ts';
import { simEnv } from '../testing/sim-env.ts';
import { TempDatabase } from '../testing/temp-database.ts';
import { type MigrateOptions, migrate } from './migrate.ts';
import type { SqlDriver } from './sql-driver.ts';
import { openSqlite } from './sqlite.ts';
import { Store } from './store.ts';

const memory = () => openSqlite(':memory:', { synchronous: 'OFF' });
const noteOf = (fields: EntityFields) => defineSchema({ entities: [entity('Note', fields)] });

/** What SQLite knows of the tables, whatever the order of their columns. */
async function shapeOf(driver: SqlDriver, schema: Schema) {
  const tables = await driver.all(
    `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\'`,
  );
  const shapes: Record<string, unknown> = { tables: tables.map(({ name }) => name).sort() };
  for (const { name } of schema.entities) {
    const columns = await driver.all(`PRAGMA table_info("${name}")`);
    const indexes = await driver.all(`PRAGMA index_list("${name}")`);
    const detailed = indexes.map(async (index) => ({
      name: index.name,
      unique: index.unique,
      columns: (await driver.all(`PRAGMA index_info("${index.name}")`)).map((column) => column.name),
    }));
    shapes[name] = {
      columns: columns.map(({ cid: _, ...column }) => JSON.stringify(column)).sort(),
      indexes: (await Promise.all(detailed)).map((index) => JSON.stringify(index)).sort(),
    };
  }
  return shapes;
}

test('a field does not move between its column and a document, whatever is allowed', async () => {
  const driver = memory();
  const env = simEnv();
  await migrate(env, { driver, schema: noteOf({ n: field.float().default(0) }) });
  const moved = { driver, schema: noteOf({ n: field.counter() }) };
  await expect(migrate(env, moved, { allow: 'destructive' })).rejects.toMatchObject({
    code: 'invalid',
    message: expect.stringContaining('change container of field Note.n'),
  });
  await driver.close();
});

describe('a migrated database is as a fresh one', () => {
  const env = simEnv();

  async function compare(before: Schema, after: Schema, options: MigrateOptions) {
    const [old, fresh] = [memory(), memory()];
    await migrate(env, { driver: old, schema: before });
    await migrate(env, { driver: old, schema: after }, options);
    await migrate(env, { driver: fresh, schema: after });
    expect(await shapeOf(old, after)).toEqual(await shapeOf(fresh, after));
    expect((await migrate(env, { driver: old, schema: after })).steps).toEqual([]);
    for (const driver of [old, fresh]) await driver.close();
  }

  test('for any two schemas', async () => {
    await fc.assert(
      fc.asyncProperty(anySchema, anySchema, (before, after) =>
        compare(before, after, { allow: 'destructive' }),
      ),
      { numRuns: 150 },
    );
  });

  test('by additive steps alone, when the plan has no others', async () => {
    let met = 0;
    const wider = fc.tuple(anySchema, anySchema).map(([a, b]): [Schema, Schema] => {
      const own = b.entities.filter(({ name }) => !a.entities.some((other) => other.name === name));
      const grown = a.entities.map((one) => {
        const more = b.entities.find(({ name }) => name === one.name)?.fields ?? {};
        return entity(one.name, { ...more, ...one.fields }, { indexes: one.indexes, sync: one.sync });
      });
      return [a, defineSchema({ entities: [...grown, ...own] })];
    });
    await fc.assert(
      fc.asyncProperty(wider, async ([before, after]) => {
        const steps = diff(buildManifest(before), buildManifest(after));
        if (steps.some(({ effect }) => effect === 'destructive')) return;
        if (steps.length > 0) met++;
        await compare(before, after, {});
      }),
      { numRuns: 150 },
    );
    expect(met).toBeGreaterThan(10);
  });
});

describe('rows', () => {
  let database: TempDatabase;
  let env: ReturnType<typeof simEnv>;
  let driver: SqlDriver;
  const before = noteOf({ first: field.string(), last: field.string().optional(), n: field.string() });

  async function fill(rows: JsonObject[]): Promise<string> {
    const store = new Store(env, { schema: before, drivers: database.open() });
    await store.open();
    for (const row of rows) await env.clock.run(store.write(({ tx }) => tx.insert('Note', row)));
    await env.clock.run(store.close());
    return store.epoch;
  }
  const row = (id: string, n = '1') => ({ id, first: 'Ada', last: null, n });
  const rowsOf = () => driver.all('SELECT * FROM "Note" ORDER BY "id"');

  beforeEach(() => {
    database = new TempDatabase();
    env = simEnv();
    driver = database.open().writer;
  });
  afterEach(() => database.remove());

  const numbered = noteOf({
    given: field.string().renamedFrom('first'),
    last: field.string().default('?'),
    n: field.int(),
  });

  test('are renamed, filled and converted, over many pages, in one transaction', async () => {
    const epoch = await fill(Array.from({ length: 1201 }, (_, i) => row(`r${10_000 + i}`, String(i))));
    const done = await migrate(
      env,
      { driver, schema: numbered },
      { allow: 'destructive', data: { Note: (old) => ({ ...old, n: Number(old.n) }) } },
    );
    expect(done.rows).toBe(1201);
    expect(done.steps.map(describeStep)).toEqual([
      'rename field Note.first to given',
      'change required, default of field Note.last',
      'change kind of field Note.n',
    ]);
    expect((await rowsOf()).at(-1)).toEqual({ id: 'r11200', given: 'Ada', last: '?', n: 1200 });
    const store = new Store(env, { schema: numbered, drivers: database.open() });
    await store.open();
    expect(store.epoch).not.toBe(epoch);
    expect([store.horizon, store.seq]).toEqual([1201, 1201]);
  });

  test('that do not fit stop all of it, and the message says which and what to do', async () => {
    await fill([row('a'), row('b', 'two')]);
    const data = { Note: (old: JsonObject) => ({ ...old, n: old.n === 'two' ? 'two' : 1 }) };
    const attempt = (options: MigrateOptions) =>
      migrate(env, { driver, schema: numbered }, { allow: 'destructive', ...options });
    await expect(attempt({})).rejects.toThrow(
      'Note a does not fit the new schema (give migrate a data function)',
    );
    await expect(attempt({ data })).rejects.toMatchObject({
      code: 'invalid',
      data: { entity: 'Note', id: 'b' },
    });
    const stray = { Note: () => ({ given: 'x', n: 1, typo: 1 }) };
    await expect(attempt({ data: stray })).rejects.toThrow('has no field "typo"');
    await expect(attempt({ data: { Nope: data.Note } })).rejects.toThrow('no step');
    expect((await rowsOf()).map(({ n }) => n)).toEqual(['1', 'two']);
    const tables = await driver.all(`SELECT name FROM sqlite_schema WHERE name LIKE '%new%'`);
    expect(tables).toEqual([]);
  });

  test('stay as they are in a dry run, which tells the plan', async () => {
    const epoch = await fill([row('a')]);
    const after = noteOf({ first: field.string() });
    const plan = await migrate(env, { driver, schema: after }, { dryRun: true });
    expect([plan.steps.map(describeStep), plan.rows]).toEqual([
      ['drop field Note.last', 'drop field Note.n'],
      1,
    ]);
    expect(await rowsOf()).toEqual([row('a')]);
    const [meta] = await driver.all(`SELECT value FROM _meta WHERE key = 'epoch'`);
    expect(meta?.value).toBe(epoch);
    await expect(migrate(env, { driver, schema: after })).rejects.toThrow('drop field Note.n');
    await migrate(env, { driver, schema: after }, { allow: 'destructive' });
    expect(await rowsOf()).toEqual([{ id: 'a', first: 'Ada' }]);
  });

  test('that share a value stop a unique index by name', async () => {
    await fill([row('a'), row('b')]);
    const after = noteOf({ ...before.entity('Note').fields, n: field.string().unique() });
    await expect(migrate(env, { driver, schema: after }, { allow: 'destructive' })).rejects.toMatchObject({
      code: 'conflict',
      data: { entity: 'Note', index: 'unique_n' },
    });
    expect(await rowsOf()).toHaveLength(2);
  });

  test('move with their entity to its new name', async () => {
    await fill([row('a')]);
    const { fields } = before.entity('Note');
    const after = defineSchema({ entities: [entity('Page', { ...fields }, { renamedFrom: 'Note' })] });
    await migrate(env, { driver, schema: after }, { allow: 'destructive' });
    expect(await driver.all('SELECT * FROM "Page"')).toEqual([row('a')]);
  });

  test('of a database from before manifests were kept are taken as they are', async () => {
    await fill([row('a')]);
    await driver.run(`DELETE FROM _meta WHERE key = 'manifest'`);
    const { fields } = before.entity('Note');
    const grown = noteOf({ ...fields, more: field.bytes().default('AAEC') });
    expect((await migrate(env, { driver, schema: grown })).steps.map(describeStep)).toEqual([
      'add field Note.more',
    ]);
    await driver.run(`DELETE FROM _meta WHERE key = 'manifest'`);
    const changed = noteOf({ ...fields, more: field.int() });
    await expect(migrate(env, { driver, schema: changed })).rejects.toThrow('change kind');
    await driver.run(`INSERT INTO _meta (key, value) VALUES ('manifest', '[1]')`);
    await expect(migrate(env, { driver, schema: grown })).rejects.toMatchObject({ code: 'storage' });
  });
});
