import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { silentLog } from '../base/env.ts';
import { Fault } from '../base/fault.ts';
import { MAX_PAGES, type PageArgs, PagedQuery, type PageValue } from './paged-query.ts';
import type { WatchState } from './watch-state.ts';

interface Row {
  id: string;
  n: number;
}
type State = WatchState<PageValue<Row>>;
const place = ({ n, id }: Row) => `${String(n).padStart(3, '0')} ${id}`;

/** A function that pages over `rows`, as RowQuery.paginate does; a cursor is the place of a row. */
class FakePages {
  readonly rows = new Map<string, Row>();
  readonly watches = new Map<(state: State) => void, PageArgs>();
  maxRows = 1000;

  readonly watch = (page: PageArgs, listener: (state: State) => void) => {
    this.watches.set(listener, page);
    return () => void this.watches.delete(listener);
  };

  all(): Row[] {
    return [...this.rows.values()].sort((a, b) => (place(a) < place(b) ? -1 : 1));
  }

  /** All watches move to the rows of now, one after the other. */
  async answer(complete = true) {
    for (let round = 0; round < 4; round++) {
      for (const [listener, page] of [...this.watches])
        listener({ name: 'value', value: this.#page(page), complete });
      await Promise.resolve();
    }
  }

  tell(state: State) {
    for (const listener of [...this.watches.keys()]) listener(state);
  }

  #page({ cursor, size, until }: PageArgs): PageValue<Row> {
    const rows = this.all().filter(
      (row) => (cursor === null || place(row) > cursor) && (until === undefined || place(row) <= until),
    );
    const cut = rows.slice(0, until === undefined ? size : this.maxRows);
    return { rows: cut, cursor: rows.length > cut.length ? place(cut.at(-1)!) : (until ?? null) };
  }
}

function setUp(pageSize: number, numbers: readonly number[] = []) {
  const pages = new FakePages();
  for (const n of numbers) pages.rows.set(`r${n}`, { id: `r${n}`, n });
  return { pages, query: new PagedQuery<Row>(silentLog, pages.watch, pageSize) };
}
const shown = (query: PagedQuery<Row>) => query.result.data?.map(({ n }) => n);

describe('a paged query', () => {
  test('keeps what it shows until the pages that are asked for are all here', async () => {
    const { pages, query } = setUp(2, [1, 2, 3, 4, 5]);
    const seen: unknown[] = [];
    const cancel = query.subscribe(({ loading }) => seen.push([shown(query), loading]));
    await pages.answer();
    query.loadMore();
    query.loadMore();
    expect(pages.watches.size).toBe(3); // the page as it was, the same pinned, and the next
    await pages.answer();
    expect(seen).toEqual([
      [[1, 2], false],
      [[1, 2], true],
      [[1, 2, 3, 4], false],
    ]);
    expect(query.result).toMatchObject({ complete: true, hasMore: true });
    expect([...pages.watches.values()]).toEqual([
      { cursor: null, size: 2, until: '002 r2' },
      { cursor: '002 r2', size: 2 },
    ]);
    cancel();
    cancel();
    expect(pages.watches.size).toBe(0);
  });

  test('[Q2] tells once of a row that moves from one page to another', async () => {
    const { pages, query } = setUp(2, [1, 2, 3, 4]);
    query.subscribe(() => {});
    await pages.answer();
    query.loadMore();
    await pages.answer();
    const seen: unknown[] = [];
    query.subscribe(() => seen.push(shown(query)));
    pages.rows.set('r1', { id: 'r1', n: 9 });
    await pages.answer();
    expect(seen).toEqual([[2, 3, 4]]);
    await pages.answer(false);
    expect(query.result).toMatchObject({ complete: false });
  });

  test('a pinned page that ended early becomes two, without a gap between', async () => {
    const { pages, query } = setUp(2, [10, 20, 30]);
    const seen: unknown[] = [];
    query.subscribe(() => seen.push(shown(query)?.join()));
    await pages.answer();
    query.loadMore();
    await pages.answer();
    pages.maxRows = 3;
    for (const n of [1, 2, 3, 4]) pages.rows.set(`r${n}`, { id: `r${n}`, n });
    await pages.answer();
    expect(seen.at(-1)).toBe('1,2,3,4,10,20,30');
    expect(seen).not.toContain('1,2,3,30');
    expect(pages.watches.size).toBe(3);
  });

  test('an error leaves the data, and reset is the way out', async () => {
    const { pages, query } = setUp(1, [1, 2]);
    query.subscribe(() => {});
    await pages.answer();
    query.loadMore();
    const fault = new Fault('invalid', 'no');
    for (const [listener, page] of [...pages.watches]) {
      if (page.cursor !== null) listener({ name: 'error', fault });
    }
    await Promise.resolve();
    expect([shown(query), query.result.error, query.result.loading]).toEqual([[1], fault, false]);
    query.reset();
    await pages.answer();
    expect([shown(query), query.result.error]).toEqual([[1], undefined]);
  });

  test('[S8] forgets all when a watch does not know its value any more', async () => {
    const { pages, query } = setUp(1, [1, 2]);
    query.subscribe(() => {});
    await pages.answer();
    query.loadMore();
    await pages.answer();
    expect(shown(query)).toEqual([1, 2]);
    pages.tell({ name: 'pending' });
    expect(query.result.data).toBeUndefined();
    await pages.answer();
    expect(shown(query)).toEqual([1]);
  });

  test('[N3] holds MAX_PAGES pages at most', async () => {
    const numbers = Array.from({ length: MAX_PAGES + 1 }, (_, n) => n);
    const { pages, query } = setUp(1, numbers);
    query.subscribe(() => {});
    await pages.answer();
    for (let i = 1; i < MAX_PAGES; i++) {
      query.loadMore();
      await pages.answer();
    }
    expect(query.result).toMatchObject({ hasMore: true, data: { length: MAX_PAGES } });
    expect(() => query.loadMore()).toThrow(expect.objectContaining({ code: 'too_large' }));
    for (const size of [0, 1.5, 1001]) expect(() => setUp(size)).toThrow('pageSize');
  });

  test('[Q5] is a prefix of the naive answer, whatever moves between and during the calls', async () => {
    const id = fc.constantFrom(...'abcdefghij');
    const write = fc.dictionary(id, fc.option(fc.integer({ min: 0, max: 9 })), { maxKeys: 5 });
    const step = fc.oneof(write, write, fc.constant('more' as const), fc.constant('reset' as const));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), fc.integer({ min: 1, max: 3 }), async (...all) => {
        const [steps, pageSize] = all;
        const { pages, query } = setUp(pageSize);
        pages.maxRows = 4;
        const wrong: unknown[] = [];
        // A page that is being split leaves what was shown: all of it of one earlier moment.
        const moments = [pages.all()];
        query.subscribe(({ data = [] }) => {
          const isOf = (moment: Row[]) => isDeepStrictEqual(moment.slice(0, data.length), data);
          if (!moments.some(isOf)) wrong.push(data);
        });
        await pages.answer();
        for (const step of steps) {
          if (step === 'more') query.loadMore();
          else if (step === 'reset') query.reset();
          else {
            for (const [id, n] of Object.entries(step)) {
              if (n === null) pages.rows.delete(id);
              else pages.rows.set(id, { id, n });
            }
          }
          moments.push(pages.all());
          await pages.answer();
          const { data = [], hasMore } = query.result;
          expect(data).toEqual(pages.all().slice(0, data.length));
          expect(hasMore).toBe(data.length < pages.all().length);
          expect(wrong).toEqual([]);
        }
      }),
      { numRuns: 200 },
    );
  });
});
