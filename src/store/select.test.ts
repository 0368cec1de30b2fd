import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Json, JsonObject } from '../base/json.ts';
import { parseShape } from '../base/shape.ts';
import type { SqlClause } from '../policy/to-sql.ts';
import { defineSchema } from '../schema/define-schema.ts';
import { entity } from '../schema/entity.ts';
import { field } from '../schema/field.ts';
import { type Filter, filterShape } from '../schema/filter.ts';
import { select } from '../schema/match.ts';
import { type QuerySpec, totalOrder } from '../schema/query-spec.ts';
import { TempDatabase } from '../testing/temp-database.ts';
import { applySchema } from './ddl.ts';
import { decodeRow, toSql } from './row-codec.ts';
import { countRows, type ScanPage, scanPage } from './scan.ts';
import { PAGE_SCAN_ROWS, selectPage, selectRows } from './select.ts';
import type { Drivers } from './store.ts';

const Thing = entity('Thing', {
  text: field.string().optional(),
  count: field.int().optional(),
  ratio: field.float().optional(),
  flag: field.bool().optional(),
  data: field.json().optional(),
  sure: field.json(),
  blob: field.bytes().optional(),
  due: field.datetime().optional(),
  owner: field.id('User').optional(),
  state: field.enum('a', 'B').optional(),
  body: field.richtext(),
});
const keys = Object.keys(Thing.fields) as (keyof typeof Thing.fields)[];

let database: TempDatabase;
let drivers: Drivers;
beforeAll(async () => {
  database = new TempDatabase();
  drivers = database.open();
  await applySchema(drivers.writer, defineSchema({ entities: [Thing] }));
});
afterAll(() => database.remove());

const text = fc.oneof(fc.constantFrom('', 'a', 'B', 'é', '\u{1F600}', '\uFF5E'), fc.string());
const json = fc.oneof(
  fc.constantFrom<JsonObject[string]>([1], { a: 1, b: [] }, { b: [], a: 1 }, 'x', true, 10, 9, {}),
  fc.jsonValue({ maxDepth: 2, noUnicodeString: false }).map((value) => JSON.parse(JSON.stringify(value))),
);
const rowFields = {
  text: fc.option(text),
  count: fc.option(fc.integer({ min: -3, max: 3 })),
  ratio: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0)), // no -0 in SQL
  flag: fc.option(fc.boolean()),
  data: fc.option(json),
  sure: fc.oneof(fc.constant(null), json),
  blob: fc.option(fc.uint8Array({ maxLength: 4 }).map((bytes) => Buffer.from(bytes).toString('base64url'))),
  due: fc.option(fc.integer({ min: -(2 ** 53) + 1, max: 2 ** 53 - 1 })),
  owner: fc.option(fc.constantFrom('Z', 'a', '-', '~', '_')),
  state: fc.option(fc.constantFrom('a', 'B')),
  body: text,
  docRev: fc.nat(3),
};
const ordered = fc.constantFrom('id', ...keys);
const orderBy = fc.array(
  fc.record({ field: ordered, direction: fc.constantFrom('asc' as const, 'desc' as const) }),
  { maxLength: 3 },
);

const value: fc.Arbitrary<JsonObject[string]> = fc.oneof(
  fc.constantFrom<JsonObject[string]>(
    null,
    true,
    false,
    0,
    1,
    -1,
    0.5,
    '1',
    'a',
    'B',
    'Z',
    '',
    'AA',
    '\uFFFD',
  ),
  fc.constantFrom<JsonObject[string]>(
    '\u{1F600}',
    '\uFF5E',
    'a\0b',
    'a\0',
    [1],
    { b: [], a: 1 },
    2 ** 53,
    1e300,
  ),
  ...Object.values(rowFields),
);
const TEXTS = ['id', 'text', 'owner', 'state', 'body'];
const ORDERED = [...TEXTS, 'count', 'ratio', 'due'];
/** Conditions of every kind, on values of every kind, in one another. */
const filters = fc.letrec<{ filter: Filter }>((tie) => {
  const inner = fc.array(tie('filter'), { maxLength: 3 });
  return {
    filter: fc.oneof(
      { maxDepth: 4 },
      fc.record({ op: fc.constantFrom('eq', 'neq'), field: ordered, value }),
      fc.record({ op: fc.constantFrom('lt', 'lte', 'gt', 'gte'), field: fc.constantFrom(...ORDERED), value }),
      fc.record({ op: fc.constant('in'), field: ordered, values: fc.array(value, { maxLength: 4 }) }),
      fc.record({ op: fc.constant('startsWith'), field: fc.constantFrom(...TEXTS), prefix: text }),
      fc.record({ op: fc.constantFrom('and', 'or'), filters: inner }),
      fc.record({ op: fc.constant('not'), filter: tie('filter') }),
    ),
  } as { filter: fc.Arbitrary<Filter> };
}).filter;
const rowsOf = fc
  .array(fc.record(rowFields), { maxLength: 12 })
  .map((rows) => rows.map((row, i): JsonObject => ({ id: `r${i}`, ...row })));
/** Such as were parsed: without half surrogate pairs. */
const parses = (filter: Filter) => {
  try {
    parseShape(filterShape, filter, 'filter');
    return true;
  } catch {
    return false;
  }
};

async function fill(rows: JsonObject[]): Promise<void> {
  await drivers.writer.run('DELETE FROM "Thing"');
  for (const row of rows) {
    const values = keys.map((key) => toSql(Thing.fields[key].spec, row[key]));
    const marks = keys.map(() => '?').join(', ');
    await drivers.writer.run(`INSERT INTO "Thing" VALUES (?, ${marks})`, [String(row.id), ...values]);
  }
}

test('[Q3] SQL and JS agree on a query, for every value, null and order', async () => {
  const rowsOf = fc
    .array(fc.record(rowFields), { maxLength: 12 })
    .map((rows) => rows.map((row, i) => ({ id: `r${i}`, ...row })));
  await fc.assert(
    fc.asyncProperty(
      rowsOf,
      orderBy,
      fc.option(fc.nat(12), { nil: undefined }),
      fc.constantFrom(...keys),
      fc.constantFrom<JsonObject[string]>(1, '1', '1.0', true, '', 'AA', 'AB', [1]),
      async (rows, order, limit, strange, value) => {
        await fill(rows as JsonObject[]);
        const samples = rows
          .slice(0, 2)
          .flatMap((row) => [
            { text: row.text, flag: row.flag },
            { data: row.data, sure: row.sure },
            { blob: row.blob, due: row.due, body: row.body },
            { [strange]: value },
          ]);
        const conditions = [{}, ...samples, { count: null }] as JsonObject[];
        for (const where of conditions) {
          const spec: QuerySpec = {
            entity: 'Thing',
            where,
            orderBy: order,
            ...(limit !== undefined && { limit }),
          };
          expect(await selectRows(drivers.writer, { entity: Thing, spec })).toEqual(
            select({ ...spec, fields: Thing.fields }, rows as JsonObject[]),
          );
        }
      },
    ),
    { numRuns: 150 },
  );
});

test('[Q3] SQL and JS agree on a filter, for every kind, value and null', async () => {
  await fc.assert(
    fc.asyncProperty(rowsOf, filters.filter(parses), filters.filter(parses), async (rows, range, filter) => {
      await fill(rows);
      for (const spec of [
        { entity: 'Thing', filter },
        { entity: 'Thing', range, filter: { op: 'not', filter } as Filter },
      ]) {
        const found = select({ ...spec, fields: Thing.fields }, rows);
        expect(await selectRows(drivers.writer, { entity: Thing, spec })).toEqual(found);
        expect(await countRows(drivers.writer, { entity: Thing, spec })).toBe(found.length);
      }
    }),
    { numRuns: 300 },
  );
});

test('[Q5] pages from SQL, put together, are what JS says of the whole', async () => {
  await fc.assert(
    fc.asyncProperty(
      rowsOf,
      orderBy,
      filters.filter(parses),
      fc.integer({ min: 1, max: 5 }),
      async (...all) => {
        const [rows, orderBy, filter, size] = all;
        await fill(rows);
        const spec: QuerySpec = { entity: 'Thing', orderBy, filter };
        const seen: JsonObject[] = [];
        for (let after: Json[] | null = null; ; ) {
          const page: ScanPage = await scanPage(drivers.writer, { entity: Thing, spec, after, size });
          seen.push(...page.rows);
          if (!page.more) break;
          expect(page.rows).toHaveLength(size);
          after = totalOrder(spec).map(({ field }) => page.rows.at(-1)![field]!);
        }
        expect(seen).toEqual(select({ ...spec, fields: Thing.fields }, rows));
      },
    ),
    { numRuns: 200 },
  );
});

test('[Q5] pages pinned at both ends are the whole of what the table holds now', async () => {
  await fc.assert(
    fc.asyncProperty(rowsOf, rowsOf, orderBy, fc.integer({ min: 1, max: 3 }), async (...all) => {
      const [before, now, orderBy, size] = all;
      const spec: QuerySpec = { entity: 'Thing', orderBy };
      const scan = (after: Json[] | null, upTo: Json[] | null, size: number) =>
        scanPage(drivers.writer, { entity: Thing, spec, after, upTo, size });
      await fill(before);
      const ends: Json[][] = [];
      for (let more = true; more; ) {
        const page = await scan(ends.at(-1) ?? null, null, size);
        if (page.more) ends.push(totalOrder(spec).map(({ field }) => page.rows.at(-1)![field]!));
        more = page.more;
      }
      await fill(now);
      const seen: JsonObject[] = [];
      for (let i = 0; i <= ends.length; i++) {
        const page = await scan(ends[i - 1] ?? null, ends[i] ?? null, 100);
        expect(page.more).toBe(false);
        seen.push(...page.rows);
      }
      expect(seen).toEqual(select({ ...spec, fields: Thing.fields }, now));
    }),
    { numRuns: 200 },
  );
});

test('rows come back as they went in', async () => {
  await fc.assert(
    fc.asyncProperty(fc.record(rowFields), async (fields) => {
      const row = { id: 'r', ...fields } as JsonObject;
      await fill([row]);
      const [stored] = await drivers.writer.all('SELECT * FROM "Thing"');
      expect(decodeRow(Thing, stored!)).toEqual(row);
    }),
  );
});

async function pages(size: number, filter?: SqlClause): Promise<string[][]> {
  const seen: string[][] = [];
  for (let afterId: string | null = ''; afterId !== null; ) {
    const page = await selectPage(drivers.writer, Thing, { afterId, size, ...(filter && { filter }) });
    seen.push(page.rows.map((row) => String(row.id)));
    afterId = page.next;
  }
  return seen;
}

test('pages in order of id are the whole, or what a filter leaves of it', async () => {
  await fill(['a', 'b', 'c', 'd', 'e'].map((id) => ({ id, sure: 1, body: '', docRev: 0 })));
  expect(await pages(2)).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
  expect(await pages(5)).toEqual([['a', 'b', 'c', 'd', 'e'], []]);
  const filter = { sql: '"Thing"."id" IN (?, ?)', params: ['a', 'e'] };
  expect(await pages(5, filter)).toEqual([['a', 'e']]);
  expect(await pages(1, filter)).toEqual([['a'], ['e'], []]);
});

test('a page looks at a bounded number of rows, however few it finds', async () => {
  await drivers.writer.run('DELETE FROM "Thing"');
  await drivers.writer.run(
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
     INSERT INTO "Thing" ("id", "count", "sure") SELECT printf('%05d', i), i, '0' FROM n`,
    [PAGE_SCAN_ROWS * 2],
  );
  const filter = { sql: '"Thing"."count" >= ?', params: [PAGE_SCAN_ROWS * 2] };
  expect(await pages(2, filter)).toEqual([[], ['10000'], []]);
});

test('[Q3] half a surrogate pair equals no text, though SQLite would store U+FFFD for it', async () => {
  const row = { id: 'r', text: '\uFFFD', sure: 1, body: '', docRev: 0 };
  await fill([row]);
  const spec = { entity: 'Thing', where: { text: '\ud83d' } };
  expect(await selectRows(drivers.writer, { entity: Thing, spec })).toEqual([]);
  expect(select({ ...spec, fields: Thing.fields }, [row])).toEqual([]);
});

test('an unknown field is refused, whatever it says', async () => {
  const bad = 'x" OR 1=1 --';
  await expect(
    selectRows(drivers.writer, { entity: Thing, spec: { entity: 'Thing', where: { [bad]: 1 } } }),
  ).rejects.toMatchObject({ code: 'invalid' });
  const spec = { entity: 'Thing', orderBy: [{ field: bad, direction: 'asc' as const }] };
  await expect(selectRows(drivers.writer, { entity: Thing, spec })).rejects.toMatchObject({
    code: 'invalid',
  });
});
