import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { silentLog } from '../base/env.ts';
import type { JsonObject } from '../base/json.ts';
import { select } from '../schema/match.ts';
import type { QuerySpec } from '../schema/query-spec.ts';
import { MAX_PAGE_ROWS } from '../schema/validator.ts';
import { InfiniteQuery, MAX_INFINITE_ROWS } from './infinite-query.ts';
import { Listeners } from './listeners.ts';
import { LiveQuery, type QueryResult } from './live-query.ts';
import { Overlay } from './overlay.ts';
import { RowTables } from './row-tables.ts';
import { RowView } from './row-view.ts';

/** As of entities that are part of the replica. */
const REPLICATED = { state: () => ({ name: 'replicated' as const }), hold: () => () => {} };
const spec: QuerySpec = { entity: 'Note', orderBy: [{ field: 'n', direction: 'desc' }] };

function setUp(pageSize: number) {
  const tables = new RowTables();
  const view = new RowView({ tables, overlay: new Overlay(), projected: () => ({}) }, silentLog);
  const write = (rows: Record<string, number | null>) =>
    view.change(() => {
      view.know('complete');
      for (const [id, n] of Object.entries(rows)) {
        view.touch('Note', id);
        if (n === null) tables.delete('Note', id);
        else tables.set('Note', id, { id, n });
      }
    });
  const open = (limit: number) =>
    new LiveQuery<JsonObject>({ view, subscriptions: REPLICATED }, { ...spec, limit }, silentLog);
  return { view, write, query: new InfiniteQuery(silentLog, open, pageSize) };
}
const ids = (query: InfiniteQuery<JsonObject>) => query.data?.map((row) => row.id).join('');

/** Windows that answer when they are told to. */
function slow(pageSize: number) {
  type Result = QueryResult<number>;
  const windows: { limit: number; answer(count: number): void; listening(): number }[] = [];
  const open = (limit: number) => {
    const changed = new Listeners<[Result]>(silentLog);
    let result: Result = { data: undefined, complete: false };
    const answer = (count: number) => {
      result = { data: Array.from({ length: Math.min(count, limit) }, (_, i) => i), complete: true };
      changed.emit(result);
    };
    windows.push({ limit, answer, listening: () => changed.size });
    return {
      get result() {
        return result;
      },
      subscribe: (listener: (result: Result) => void) => changed.on(listener),
    };
  };
  return { windows, query: new InfiniteQuery(silentLog, open, pageSize) };
}

describe('an infinite query', () => {
  test('shows pages, and says whether there are more', () => {
    const { write, query } = setUp(2);
    expect(query.result).toEqual({ data: undefined, complete: false, hasMore: false, loading: false });
    query.subscribe(() => {});
    write({ a: 5, b: 4, c: 3 });
    expect([ids(query), query.hasMore]).toEqual(['ab', true]);
    query.loadMore();
    expect([ids(query), query.hasMore]).toEqual(['abc', false]);
    query.loadMore();
    write({ d: 2, e: 1 });
    expect([ids(query), query.hasMore]).toEqual(['abcd', true]);
    query.reset();
    expect([ids(query), query.hasMore]).toEqual(['ab', true]);
  });

  test('stays the same, and silent, while what it shows does', () => {
    const { write, query } = setUp(2);
    let told = 0;
    query.subscribe(() => told++);
    write({ a: 5, b: 4, c: 3 });
    const { result } = query;
    write({ c: 2 }); // the row behind the last
    write({ d: 1 });
    expect(query.result).toBe(result);
    expect(told).toBe(1);
    write({ b: null });
    expect(ids(query)).toBe('ac');
    expect(query.data?.[0]).toBe(result.data?.[0]);
    expect(told).toBe(2);
  });

  test('keeps what it shows, live, while the larger window is on its way', () => {
    const { windows, query } = slow(2);
    const seen: unknown[] = [];
    const cancel = query.subscribe(({ data, loading }) => seen.push([data?.length, loading]));
    windows[0]!.answer(9);
    query.loadMore();
    query.loadMore();
    expect(windows.map(({ limit }) => limit)).toEqual([3, 5]);
    windows[0]!.answer(1);
    windows[1]!.answer(9);
    expect(seen).toEqual([
      [2, false],
      [2, true],
      [1, true],
      [4, false],
    ]);
    expect(windows.map((window) => window.listening())).toEqual([0, 1]);
    query.reset();
    expect(query.data).toHaveLength(4);
    windows[2]!.answer(9);
    expect(query.data).toHaveLength(2);
    cancel();
    cancel();
    expect(windows.map((window) => window.listening())).toEqual([0, 0, 0]);
  });

  test('[N3] refuses bad page sizes, and more rows than its limit', () => {
    for (const size of [0, 1.5, MAX_PAGE_ROWS + 1]) expect(() => slow(size)).toThrow('pageSize');
    const { windows, query } = slow(MAX_PAGE_ROWS);
    query.subscribe(() => {});
    for (let size = MAX_PAGE_ROWS; size < MAX_INFINITE_ROWS; size += MAX_PAGE_ROWS) {
      windows.at(-1)!.answer(MAX_INFINITE_ROWS + 1);
      query.loadMore();
    }
    windows.at(-1)!.answer(MAX_INFINITE_ROWS + 1);
    expect([query.data?.length, query.hasMore]).toEqual([MAX_INFINITE_ROWS, true]);
    expect(() => query.loadMore()).toThrow(expect.objectContaining({ code: 'too_large' }));
    query.close();
    expect(windows.at(-1)!.listening()).toBe(0);
  });

  test('[Q5] is the first rows of the naive answer, whatever is written between the calls', () => {
    const id = fc.constantFrom(...'abcdefghijklmnop');
    const rows = fc.dictionary(id, fc.option(fc.integer({ min: 0, max: 6 })), { maxKeys: 8 });
    const step = fc.oneof(rows, rows, fc.constant('more' as const), fc.constant('reset' as const));
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 25 }),
        fc.integer({ min: 1, max: 4 }),
        fc.boolean(),
        (...all) => {
          const [steps, pageSize, listening] = all;
          const { view, write, query } = setUp(pageSize);
          if (listening) query.subscribe(() => {});
          let size = pageSize;
          for (const step of steps) {
            const naive = select(spec, view.list('Note') as JsonObject[]);
            if (step === 'reset') {
              query.reset();
              size = pageSize;
            } else if (step === 'more') {
              if (naive.length > size) size += pageSize;
              query.loadMore();
            } else write(step);
            const now = select(spec, view.list('Note') as JsonObject[]);
            expect(query.data ?? []).toEqual(now.slice(0, size));
            expect(query.hasMore).toBe(now.length > size);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
