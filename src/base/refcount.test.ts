import fc from 'fast-check';
import { expect, test } from 'vitest';
import { simEnv } from '../testing/sim-env.ts';
import { Refcount } from './refcount.ts';

function counted(lingerMs = 100) {
  const { clock } = simEnv();
  const ends: number[] = [];
  const refcount = new Refcount(clock, lingerMs, () => ends.push(clock.monotonic()));
  return { clock, refcount, ends };
}

test('the end comes the linger time after the last release', async () => {
  const { clock, refcount, ends } = counted();
  const first = refcount.acquire();
  const second = refcount.acquire();
  first();
  await clock.advance(500);
  expect([refcount.count, ends]).toEqual([1, []]);
  second();
  await clock.advance(99);
  expect(ends).toEqual([]);
  await clock.advance(1);
  expect(ends).toEqual([600]);
});

test('who returns while it lingers stops the end, and the time begins anew', async () => {
  const { clock, refcount, ends } = counted();
  refcount.acquire()();
  await clock.advance(99);
  const again = refcount.acquire();
  await clock.advance(500);
  expect(ends).toEqual([]);
  again();
  await clock.advance(100);
  expect(ends).toEqual([699]);
});

test('a release counts once', async () => {
  const { clock, refcount, ends } = counted();
  const first = refcount.acquire();
  refcount.acquire();
  first();
  first();
  await clock.advance(500);
  expect([refcount.count, ends]).toEqual([1, []]);
});

test('it may be used again after its end', async () => {
  const { clock, refcount, ends } = counted();
  refcount.acquire()();
  await clock.advance(100);
  refcount.acquire()();
  await clock.advance(100);
  expect(ends).toEqual([100, 200]);
});

test('close forgets a pending end', async () => {
  const { clock, refcount, ends } = counted();
  refcount.acquire()();
  refcount.close();
  refcount.close();
  await clock.advance(500);
  expect([ends, clock.pending]).toEqual([[], 0]);
});

test('a release after close begins no end: the resource is gone already', async () => {
  const { clock, refcount, ends } = counted();
  const release = refcount.acquire();
  refcount.close();
  release();
  expect(clock.pending).toBe(0);
  await clock.advance(500);
  expect(ends).toEqual([]);
});

test('at most one end is pending, and it falls only while nobody holds on', async () => {
  const step = fc.oneof(
    fc.record({ do: fc.constantFrom('acquire' as const, 'release' as const), n: fc.nat() }),
    fc.record({ do: fc.constant('wait' as const), n: fc.nat({ max: 150 }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const { clock } = simEnv();
      const held: (() => void)[] = [];
      let ended = 0;
      const refcount = new Refcount(clock, 100, () => {
        expect(held.length).toBe(0);
        ended++;
      });
      for (const { do: what, n } of steps) {
        if (what === 'acquire') held.push(refcount.acquire());
        else if (what === 'wait') await clock.advance(n);
        else held.splice(n % (held.length || 1), 1)[0]?.();
        expect(refcount.count).toBe(held.length);
        expect(clock.pending).toBeLessThanOrEqual(held.length === 0 ? 1 : 0);
      }
      const before = ended;
      for (const release of held.splice(0)) release();
      await clock.advance(100);
      expect(clock.pending).toBe(0);
      expect(ended - before).toBeLessThanOrEqual(1);
    }),
    { numRuns: 50 },
  );
});
