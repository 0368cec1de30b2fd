import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../base/json.ts';
import { type AnyEntity, defineSchema, type Schema } from '../schema/define-schema.ts';
import { entity } from '../schema/entity.ts';
import { field } from '../schema/field.ts';
import { type PolicySpec, policy } from '../schema/policy-spec.ts';
import type { QuerySpec } from '../schema/query-spec.ts';
import { applySchema } from '../store/ddl.ts';
import { decodeRow, toSql } from '../store/row-codec.ts';
import { selectRows } from '../store/select.ts';
import type { SqlDriver } from '../store/sql-driver.ts';
import { openSqlite } from '../store/sqlite.ts';
import { Access } from './access.ts';
import { checkExpression } from './check.ts';
import { dependenciesOf, type WitnessSource } from './dependency.ts';
import { compileExpression, type Facts } from './evaluate.ts';
import type { Exists } from './expression.ts';
import { MAX_EXISTS } from './limits.ts';
import { parseExpression } from './parse.ts';
import { KINDS, type Kind, NAMES, TEXTS, viewers, withExists } from './testing/expressions.ts';
import { compileSql, type SqlClause } from './to-sql.ts';
import type { Viewer } from './viewer.ts';

let driver: SqlDriver;
beforeAll(() => {
  driver = openSqlite(':memory:', { synchronous: 'OFF' });
});
afterAll(() => driver.close());

const sourceOf = (schema: Schema): WitnessSource => ({
  select: (spec: QuerySpec, filter?: SqlClause) =>
    selectRows(driver, { entity: schema.entity(spec.entity), spec, filter }),
});

const kindsOf = fc.array(fc.constantFrom(...(Object.keys(KINDS) as Kind[])), { minLength: 1, maxLength: 4 });
const rowsOf = (kinds: Kind[]) =>
  fc.array(fc.tuple(...kinds.map((kind) => fc.option(KINDS[kind].value, { freq: 4 }))), { maxLength: 6 });
const cases = fc.tuple(kindsOf, kindsOf).chain(([kinds, others]) =>
  fc.record({
    kinds: fc.constant(kinds),
    others: fc.constant(others),
    rows: rowsOf(kinds),
    otherRows: rowsOf(others),
    texts: fc.array(withExists(kinds, others), { minLength: 6, maxLength: 10 }),
    viewer: viewers,
  }),
);

function make(name: string, kinds: Kind[]): AnyEntity {
  const fields = Object.fromEntries(kinds.map((kind, i) => [NAMES[i]!, KINDS[kind].make().optional()]));
  return entity(name, fields as AnyEntity['fields']);
}

async function fill(table: AnyEntity, rows: Json[][]): Promise<JsonObject[]> {
  const marks = Array(Object.keys(table.fields).length + 1)
    .fill('?')
    .join(', ');
  for (const [n, row] of rows.entries()) {
    const values = row.map((value, i) => toSql(table.fields[NAMES[i]!]!.spec, value));
    await driver.run(`INSERT INTO "${table.name}" VALUES (${marks})`, [TEXTS[n + 1]!, ...values]);
  }
  const all = await driver.all(`SELECT * FROM "${table.name}" ORDER BY "id"`);
  return all.map((row) => decodeRow(table, row));
}

function passes(text: string, thing: AnyEntity, schema: Schema): boolean {
  try {
    checkExpression(parseExpression(text), { schema, entity: thing, clause: 'allowRead' });
    return true;
  } catch {
    return false;
  }
}

test('[P2] SQL and JS agree about exists, and one witness of each is enough', async () => {
  const count = { checked: 0, some: 0 };
  await fc.assert(
    fc.asyncProperty(cases, async ({ kinds, others, rows, otherRows, texts, viewer }) => {
      const [thing, other] = [make('Thing', kinds), make('Other', others)];
      const schema = defineSchema({ entities: [thing, other] });
      for (const name of ['Thing', 'Other']) await driver.run(`DROP TABLE IF EXISTS "${name}"`);
      await applySchema(driver, schema);
      const [stored, otherStored] = [await fill(thing, rows), await fill(other, otherRows)];
      const facts = { auth: viewer, existing: {}, input: {}, row: {}, now: 2 };
      for (const text of texts.filter((one) => passes(one, thing, schema))) {
        const expression = parseExpression(text);
        const evaluate = compileExpression(expression);
        const wanted = stored.filter((data) => evaluate({ ...facts, data, witnesses: () => otherStored }));
        const { sql, params } = compileSql(expression, thing, schema)(facts);
        const found = await driver.all(`SELECT "id" FROM "Thing" WHERE ${sql} ORDER BY "id"`, params);
        expect(
          found.map(({ id }) => id),
          text,
        ).toEqual(wanted.map(({ id }) => id));

        const dependencies = dependenciesOf(expression, thing, schema);
        for (const data of stored) {
          const all: Facts = { ...facts, data, witnesses: () => otherStored };
          const witnesses = new Map<Exists, JsonObject[]>();
          for (const one of dependencies) {
            witnesses.set(one.exists, await one.find(sourceOf(schema), all, 1));
            const near = await sourceOf(schema).select(one.near(data, null, 100));
            const nearer = await sourceOf(schema).select(one.near(data, viewer, 100));
            for (const row of otherStored) {
              const holds = compileExpression(one.exists.where)({ ...all, row });
              if (!holds) continue;
              expect(near, text).toContainEqual(row);
              expect(nearer, text).toContainEqual(row);
              expect(one.concerns(viewer, row), text).toBe(true);
              expect(one.reaches(data, { before: null, after: row }), text).toBe(true);
            }
          }
          expect(evaluate({ ...all, witnesses: (exists) => witnesses.get(exists) ?? [] }), text).toBe(
            wanted.includes(data),
          );
        }
        count.checked++;
        if (wanted.length > 0 && wanted.length < stored.length) count.some++;
      }
    }),
    { numRuns: 300 },
  );
  expect(count.checked).toBeGreaterThan(800);
  expect(count.some).toBeGreaterThan(100);
});

const Message = entity('Message', {
  roomId: field.id('Room'),
  text: field.string(),
  tags: field.json<string[]>().default([]),
  icon: field.bytes().optional(),
});
const Member = entity('Member', {
  roomId: field.id('Room'),
  userId: field.id('User'),
  level: field.int().default(1),
  role: field.enum('reader', 'owner').default('reader'),
  rights: field.json<string[]>().default([]),
  key: field.bytes().optional(),
});
const start = (spec: Omit<PolicySpec, 'entity'>) => {
  const policies = [policy({ entity: 'Message', ...spec })];
  const schema = defineSchema({ entities: [Message, Member], policies });
  return { schema, access: new Access(schema, () => 0) };
};
const MEMBER = 'exists(Member where row.roomId == data.roomId && row.userId == auth.userId)';

describe('what stops the start', () => {
  test.each([
    ['exists(Membr where true)', 'there is no entity Membr at column 1, in allowRead of Message'],
    ['exists(Member where row.rom == data.roomId)', 'unknown field row.rom at column 21'],
    ['exists(Member where row.roomId == data.rom)', 'unknown field data.rom at column 35'],
    ['exists(Member where row.key == null)', 'row.key is of bytes, which no policy can compare at column 21'],
    ['exists(Member where row.level)', 'exists takes true or false, not number at column 21'],
    ["exists(Member where row.level == 'a')", 'cannot compare number with text at column 31'],
    ["exists(Member where row.role == 'boss')", 'row.role is never "boss" at column 33'],
    ['exists(Member where row.id == existing.id)', 'existing.* is only known in allowUpdate at column 31'],
    ['exists(Member where row.id == input.id)', 'input.* belongs to functions at column 31'],
    // Found by a seed: it reads no field, and SQL alone knows it.
    [
      "data.tags == exists(Member where auth.userId == 'a')",
      'allowRead cannot compare a json field with an exists',
    ],
    ['exists(Member where row.rights == data.tags)', 'exists cannot compare a json field with another field'],
    ['exists(Member where exists(Member where true))', 'an exists inside another at column 21'],
    ['row.level == 1', 'row.* is only known inside exists at column 1'],
    [`${MEMBER} && row.level == 1`, 'row.* is only known inside exists at column 80'],
    ['exists()', 'exists takes the name of an entity at column 8'],
    ['exists(Member)', 'expected "where" at column 14'],
    ["exists(Member 'where' true)", 'expected "where" at column 15'],
    ['exists(Member where )', 'unexpected ")" at column 21'],
    ['exists', 'expected "(" at column 7'],
    ['exists(Member where true) > 1', 'boolean has no order at column 27'],
  ])('[P1] %s', (allowRead, message) => {
    expect(() => start({ allowRead })).toThrow(message);
  });

  test('[P1] what SQL cannot compare inside exists stops it in every clause', () => {
    expect(() => start({ allowDelete: 'exists(Member where row.rights == data.tags)' })).toThrow(
      'exists cannot compare a json field with another field at column 32, in allowDelete',
    );
  });

  test(`[P1] an expression has at most ${MAX_EXISTS} exists`, () => {
    const many = (count: number) => Array(count).fill(MEMBER).join(' || ');
    expect(() => start({ allowRead: many(MAX_EXISTS) })).not.toThrow();
    const column = many(MAX_EXISTS).length + 5;
    expect(() => start({ allowRead: many(MAX_EXISTS + 1) })).toThrow(
      `more than 4 exists at column ${column}`,
    );
  });
});

describe('decisions', () => {
  const ada: Viewer = { userId: 'ada', kind: 'user', roles: [], name: null };
  const data = { id: 'm', roomId: 'r1', text: '', tags: [], icon: null };
  const member = (level: number) => ({ roomId: 'r1', userId: 'ada', level });
  const question = { entity: 'Message', viewer: ada, data } as const;

  async function withMembers(spec: Omit<PolicySpec, 'entity'>, ...members: JsonObject[]) {
    const { schema, access } = start(spec);
    for (const name of ['Message', 'Member']) await driver.run(`DROP TABLE IF EXISTS "${name}"`);
    await applySchema(driver, schema);
    for (const [i, one] of members.entries()) {
      const row = Member.parseInsert(`m${i}`, one);
      const keys = Object.keys(row);
      const names = keys.map((key) => `"${key}"`).join(', ');
      await driver.run(
        `INSERT INTO "Member" (${names}) VALUES (${keys.map(() => '?').join(', ')})`,
        keys.map((key) =>
          key === 'id' ? String(row[key]) : toSql(Member.fields[key as 'level'].spec, row[key]),
        ),
      );
    }
    return { access, source: sourceOf(schema) };
  }

  test('a row of the other entity opens, and none closes', async () => {
    const rules = { allowRead: MEMBER, allowInsert: `!${MEMBER}` };
    const none = await withMembers(rules);
    expect(await none.access.decide({ ...question, action: 'read' }, none.source)).toBe(false);
    expect(await none.access.decide({ ...question, action: 'insert' }, none.source)).toBe(true);
    const one = await withMembers(rules, member(1));
    expect(await one.access.decide({ ...question, action: 'read' }, one.source)).toBe(true);
    expect(await one.access.decide({ ...question, action: 'insert' }, one.source)).toBe(false);
    expect(await one.access.decide({ ...question, action: 'delete' }, one.source)).toBe(false);
  });

  test('the old and the new row may both be compared', async () => {
    const from =
      'exists(Member where row.roomId == existing.roomId && row.userId == auth.userId && row.level >= 2)';
    const { access, source } = await withMembers({ allowUpdate: `${from} && ${MEMBER}` }, member(2), {
      ...member(1),
      roomId: 'r2',
    });
    const ask = (before: string, after: string) =>
      access.decide(
        {
          ...question,
          action: 'update',
          data: { ...data, roomId: after },
          existing: { ...data, roomId: before },
        },
        source,
      );
    expect(await ask('r1', 'r2')).toBe(true);
    expect(await ask('r2', 'r1')).toBe(false);
    expect(await ask('r1', 'r3')).toBe(false);
  });

  test('an entity may look at itself', async () => {
    const { access, source } = await withMembers({
      allowRead: 'exists(Message where row.id != data.id && row.roomId == data.roomId)',
    });
    const put = (id: string) =>
      driver.run(`INSERT INTO "Message" ("id", "roomId", "text", "tags") VALUES (?, 'r1', '', '[]')`, [id]);
    await put('m');
    const spec = { entity: 'Message' };
    const ids = async () =>
      (await source.select(spec, access.reads('Message', ada).clause)).map(({ id }) => id);
    expect(await access.decide({ ...question, action: 'read' }, source)).toBe(false);
    expect(await ids()).toEqual([]);
    await put('n');
    expect(await access.decide({ ...question, action: 'read' }, source)).toBe(true);
    expect(await ids()).toEqual(['m', 'n']);
  });

  test('[P1] without the other rows, or when they cannot be read, nothing is allowed', async () => {
    const { access } = await withMembers({ allowRead: `!${MEMBER}` });
    expect(access.may('read', 'Message', ada, { data })).toBe(false);
    const broken: WitnessSource = { select: () => Promise.reject(new Error('disk')) };
    await expect(access.decide({ ...question, action: 'read' }, broken)).rejects.toThrow('disk');
  });

  test('explain tells what exists said', async () => {
    const { access, source } = await withMembers({ allowRead: `data.text == 'x' || ${MEMBER}` }, member(1));
    const witnesses = await access.witnesses({ ...question, action: 'read' }, source);
    const { allowed, root } = access.explain('read', 'Message', ada, { data, witnesses });
    expect(allowed).toBe(true);
    expect(root?.parts[1]).toEqual({ text: MEMBER, column: 21, value: true, parts: [] });
    expect(access.explain('read', 'Message', ada, { data }).root?.parts[1]?.value).toBeUndefined();
  });

  test('an exists that looks at the viewer makes rows personal', () => {
    const eve = { ...ada, userId: 'eve' };
    const { access } = start({ allowRead: MEMBER });
    expect(access.audienceKey(ada)).not.toBe(access.audienceKey(eve));
    const shared = start({ allowRead: 'exists(Member where row.roomId == data.roomId)' }).access;
    expect(shared.audienceKey(ada)).toBe(shared.audienceKey(eve));
  });

  test('the index of the other entity is used', async () => {
    const { access } = await withMembers({ allowRead: MEMBER });
    await driver.run('CREATE INDEX by_room ON "Member" ("roomId", "userId")');
    const { sql, params } = access.reads('Message', ada).clause;
    const plan = await driver.all(`EXPLAIN QUERY PLAN SELECT * FROM "Message" WHERE ${sql}`, params);
    expect(JSON.stringify(plan)).toMatch(
      /SEARCH _row (EXISTS )?USING COVERING INDEX by_room \(roomId=\? AND userId=\?\)/,
    );
    await driver.run('DROP INDEX by_room');
  });
});

test('a json null that must be there is null in SQL too', async () => {
  const thing = entity('Thing', { a: field.json() });
  const schema = defineSchema({ entities: [thing] });
  await driver.run('DROP TABLE IF EXISTS "Thing"');
  await applySchema(driver, schema);
  await driver.run('INSERT INTO "Thing" VALUES (?, ?)', ['t', toSql(thing.fields.a.spec, null)]);
  const facts = {
    auth: { userId: null, kind: 'anonymous', roles: [], name: null } as const,
    existing: {},
    input: {},
    now: 0,
  };
  const { sql, params } = compileSql(parseExpression('data.a == null'), thing, schema)(facts);
  expect(await driver.all(`SELECT "id" FROM "Thing" WHERE ${sql}`, params)).toHaveLength(1);
});
