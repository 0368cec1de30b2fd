import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { silentLog } from '../base/env.ts';
import type { JsonObject } from '../base/json.ts';
import { field } from '../schema/field.ts';
import type { Filter } from '../schema/filter.ts';
import { select, type TypedSpec } from '../schema/match.ts';
import type { QuerySpec } from '../schema/query-spec.ts';
import { LiveQuery } from './live-query.ts';
import { Overlay } from './overlay.ts';
import { RowTables } from './row-tables.ts';
import { RowView } from './row-view.ts';

/** As of entities that are part of the replica. */
const replicated = { state: () => ({ name: 'replicated' as const }), hold: () => () => {} };

function setUp(spec: TypedSpec) {
  const tables = new RowTables();
  const view = new RowView({ tables, overlay: new Overlay(), projected: () => ({}) }, silentLog);
  const write = (rows: Record<string, JsonObject | null>, entity = 'Note') =>
    view.change(() => {
      view.know('complete');
      for (const [id, row] of Object.entries(rows)) {
        view.touch(entity, id);
        if (row) tables.set(entity, id, { ...row, id });
        else tables.delete(entity, id);
      }
    });
  return { view, write, query: new LiveQuery({ view, subscriptions: replicated }, spec, silentLog) };
}
const ids = (query: LiveQuery) => query.data?.map((row) => row.id);

describe('a live query', () => {
  test('is undefined while nothing is known, and complete when the server has confirmed', () => {
    const { view, query } = setUp({ entity: 'Note' });
    expect(query.result).toEqual({ data: undefined, complete: false });
    const seen: unknown[] = [];
    query.subscribe((result) => seen.push(result));
    view.change(() => view.know('stale'));
    view.change(() => view.know('complete'));
    expect(seen).toEqual([
      { data: [], complete: false },
      { data: [], complete: true },
    ]);
  });

  test('[Q3] takes a filter, and follows rows in and out of it', () => {
    const filter: Filter = { op: 'not', filter: { op: 'lt', field: 'likes', value: 3 } };
    const { write, query } = setUp({ entity: 'Note', filter, fields: { likes: field.int().optional() } });
    query.subscribe(() => {});
    write({ a: { likes: 3 }, b: { likes: 2 }, c: { likes: null } });
    expect(ids(query)).toEqual(['a', 'c']);
    write({ a: { likes: 1 }, b: { likes: 4 } });
    expect(ids(query)).toEqual(['b', 'c']);
  });

  test('[Q3] orders bytes as SQL does, when it knows the fields', () => {
    const fields = { icon: field.bytes() };
    const { write, query } = setUp({
      entity: 'Note',
      orderBy: [{ field: 'icon', direction: 'asc' }],
      fields,
    });
    write({ a: { icon: '-A' }, b: { icon: 'AA' }, c: { icon: 'aA' } }); // 0xf8, 0x00, 0x68
    expect(ids(query)).toEqual(['b', 'c', 'a']);
  });

  test('stays the same array, and silent, while nothing in it changes', () => {
    const { write, query } = setUp({ entity: 'Note', where: { tag: 'x' } });
    let told = 0;
    query.subscribe(() => told++);
    write({ a: { tag: 'x', n: 1 }, b: { tag: 'y' } });
    const { result, data } = query;
    expect(ids(query)).toEqual(['a']);
    write({ b: { tag: 'z' } });
    write({ c: { tag: 'x' } }, 'User');
    write({ a: { tag: 'x', n: 1 } });
    expect(query.result).toBe(result);
    expect(query.data).toBe(data);
    expect(told).toBe(1);
    write({ b: { tag: 'x' } });
    expect(ids(query)).toEqual(['a', 'b']);
    expect(query.data?.[0]).toBe(data?.[0]);
    expect(told).toBe(2);
  });

  test('tells its listeners of a result that somebody read during the change', () => {
    const { view, write, query } = setUp({ entity: 'Note' });
    view.subscribe(() => query.result);
    let told = 0;
    query.subscribe(() => told++);
    write({ a: {} });
    write({ a: {} });
    write({ b: {} });
    expect([told, ids(query)]).toEqual([2, ['a', 'b']]);
  });

  test('refills below its limit', () => {
    const { write, query } = setUp({
      entity: 'Note',
      orderBy: [{ field: 'n', direction: 'desc' }],
      limit: 2,
    });
    query.subscribe(() => {});
    write({ a: { n: 1 }, b: { n: 2 }, c: { n: 3 } });
    expect(ids(query)).toEqual(['c', 'b']);
    write({ c: null });
    expect(ids(query)).toEqual(['b', 'a']);
  });

  test('listens only while somebody listens to it, and is right afterwards', () => {
    const { write, query } = setUp({ entity: 'Note' });
    const cancel = query.subscribe(() => {});
    write({ a: {} });
    cancel();
    write({ b: {} });
    expect(ids(query)).toEqual(['a', 'b']);
    let told = 0;
    query.subscribe(() => told++);
    query.close();
    query.close();
    write({ c: {} });
    expect(told).toBe(0);
    expect(ids(query)).toEqual(['a', 'b', 'c']);
  });

  test('equals the naive answer after any sequence of writes', () => {
    const id = fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz');
    const row = fc.option(fc.record({ tag: fc.constantFrom('x', 'y'), n: fc.integer({ min: 0, max: 5 }) }));
    const writes = fc.array(fc.dictionary(id, row, { maxKeys: 12 }), { maxLength: 20 });
    const spec: fc.Arbitrary<QuerySpec> = fc.constantFrom<QuerySpec>(
      { entity: 'Note' },
      { entity: 'Note', where: { tag: 'x' } },
      { entity: 'Note', orderBy: [{ field: 'n', direction: 'desc' }], limit: 4 },
      { entity: 'Note', where: { tag: 'y' }, orderBy: [{ field: 'n', direction: 'asc' }], limit: 3 },
    );
    fc.assert(
      fc.property(spec, writes, fc.boolean(), (spec, batches, listening) => {
        const { view, write, query } = setUp(spec);
        if (listening) query.subscribe(() => {});
        for (const batch of batches) {
          write(batch);
          expect(query.data ?? []).toEqual(select(spec, view.list('Note') as JsonObject[]));
        }
      }),
      { numRuns: 300 },
    );
  });
});
