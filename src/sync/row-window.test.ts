import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../base/json.ts';
import { compareRows, type TypedSpec } from '../schema/match.ts';
import { RowWindow, turnsBetween } from './row-window.ts';

const spec: TypedSpec = { entity: 'Note', orderBy: [{ field: 'rank', direction: 'asc' }] };
const row = (id: string, rank: number): JsonObject => ({ id, rank });
const ids = (rows: readonly JsonObject[]) => rows.map(({ id }) => id);

function filled(size: { limit: number; reserve: number }, rows: JsonObject[]): RowWindow {
  const window = new RowWindow(spec, size);
  window.fill(rows.slice(0, window.capacity));
  return window;
}
const five = ['a', 'b', 'c', 'd', 'e'].map((id, i) => row(id, i));

describe('a window', () => {
  test('a row leaves and the first of the reserve slides in', () => {
    const window = filled({ limit: 2, reserve: 2 }, five);
    const turns = window.apply(new Map([['a', undefined]]));
    expect(ids(window.shown)).toEqual(['b', 'c']);
    expect([...turns]).toEqual([
      ['a', { old: five[0], now: undefined }],
      ['c', { old: undefined, now: five[2] }],
    ]);
  });

  test('a row enters and the last one slides out', () => {
    const window = filled({ limit: 2, reserve: 0 }, five);
    const turns = window.apply(new Map([['x', row('x', 0)]]));
    expect(ids(window.shown)).toEqual(['a', 'x']);
    expect([...turns.keys()].sort()).toEqual(['b', 'x']);
  });

  test('rows of equal rank are told apart by their ids', () => {
    const window = filled({ limit: 2, reserve: 1 }, [row('b', 0), row('d', 0), row('f', 0)]);
    window.apply(new Map([['c', row('c', 0)]]));
    expect(ids(window.shown)).toEqual(['b', 'c']);
    window.apply(new Map([['e', row('e', 0)]]));
    expect(ids(window.shown)).toEqual(['b', 'c']);
  });

  test('a limit of 0 shows nothing and asks for nothing', () => {
    const window = filled({ limit: 0, reserve: 50 }, five);
    expect(window.capacity).toBe(0);
    expect(window.apply(new Map([['a', row('a', -1)]])).size).toBe(0);
    expect([window.shown.length, window.short, window.low]).toEqual([0, false, false]);
  });

  test('a limit of 1 follows the first row', () => {
    const window = filled({ limit: 1, reserve: 1 }, five);
    expect([...window.apply(new Map([['z', row('z', -1)]])).keys()].sort()).toEqual(['a', 'z']);
    expect(ids(window.shown)).toEqual(['z']);
  });

  test('it is low at half of its reserve, and short when that is spent', () => {
    const window = filled({ limit: 2, reserve: 2 }, five);
    window.apply(new Map([['a', undefined]]));
    expect([window.low, window.short]).toEqual([false, false]);
    window.apply(new Map([['b', undefined]]));
    expect([window.low, window.short]).toEqual([true, false]);
    window.apply(new Map([['c', undefined]]));
    expect([window.low, window.short]).toEqual([true, true]);
  });

  test('what stands behind the last known row is not shown, for others may stand before it', () => {
    const window = filled({ limit: 2, reserve: 0 }, five);
    window.apply(new Map([['a', undefined]]));
    window.apply(new Map([['z', row('z', 9)]]));
    expect(ids(window.shown)).toEqual(['b']);
  });

  test('one that holds all rows is never short', () => {
    const window = filled({ limit: 3, reserve: 3 }, five.slice(0, 2));
    window.apply(new Map([['a', undefined]]));
    window.apply(new Map([['z', row('z', 9)]]));
    expect(ids(window.shown)).toEqual(['b', 'z']);
    expect(window.short).toBe(false);
  });
});

test('[S1] while it is not short it shows what sorting everything shows, and tells each change of that', () => {
  const change = fc.record({
    id: fc.integer({ min: 0, max: 12 }),
    rank: fc.option(fc.integer({ min: 0, max: 4 })),
  });
  fc.assert(
    fc.property(
      fc.array(fc.array(change, { minLength: 1, maxLength: 6 }), { maxLength: 12 }),
      fc.record({ limit: fc.integer({ min: 0, max: 5 }), reserve: fc.integer({ min: 0, max: 4 }) }),
      (steps, size) => {
        const all = new Map<string, JsonObject>();
        const sorted = () => [...all.values()].sort((a, b) => compareRows(spec, a, b));
        const window = filled(size, []);
        let told = new Map<string, JsonObject>();
        for (const step of steps) {
          const changes = new Map(
            step.map(({ id, rank }) => [`r${id}`, rank === null ? undefined : row(`r${id}`, rank)]),
          );
          for (const [id, now] of changes) {
            if (now) all.set(id, now);
            else all.delete(id);
          }
          for (const [id, { old, now }] of window.apply(changes)) {
            expect(told.get(id)).toBe(old);
            if (now) told.set(id, now);
            else told.delete(id);
          }
          expect(window.shown).toEqual(sorted().slice(0, window.shown.length));
          expect(new Set(told.values())).toEqual(new Set(window.shown));
          if (window.short) {
            window.fill(sorted().slice(0, window.capacity));
            told = new Map(window.shown.map((one) => [String(one.id), one]));
          }
          expect(window.shown).toEqual(sorted().slice(0, size.limit));
        }
      },
    ),
  );
});

test('between two lists, rows that are equal are not named', () => {
  const turns = turnsBetween(
    [row('a', 1), row('b', 1), row('c', 1)],
    [row('a', 1), row('b', 2), row('d', 1)],
  );
  expect(turns.size).toBe(3);
  expect(turns.get('b')).toEqual({ old: row('b', 1), now: row('b', 2) });
});
