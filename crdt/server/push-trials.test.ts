import { expect, test } from 'vitest';
import { type Deferred, deferred } from '../../src/base/deferred.ts';
import { Fault } from '../../src/base/fault.ts';
import { PushTrials } from './push-trials.ts';
import type { Verdict } from './sift.ts';

const FACTS = { mode: 'update', starts: new Map(), ends: new Map(), front: [] };

function trials(maxBytes = 1000) {
  const heard: string[] = [];
  const open: Deferred<Verdict | 'base'>[] = [];
  const some = new PushTrials(
    {
      inspect: async (bytes) => (bytes[0] === 7 ? 'trap' : bytes[0] === 8 ? 'refused' : FACTS),
      check: (bytes) => {
        if (bytes[0] === 9) throw new Fault('forbidden', 'no');
      },
      attempt: () => {
        open.push(deferred());
        return open.at(-1)!.promise;
      },
      passed: ({ n }) => heard.push(`passed ${n}`),
      unwanted: () => heard.push('unwanted'),
      failed: (n, { code }, bad) => heard.push(`failed ${n} ${code} ${bad}`),
    },
    maxBytes,
  );
  const push = (n: number, ...bytes: number[]) => some.add({ n, bytes: new Uint8Array(bytes) });
  const turn = async () => {
    for (let i = 0; i < 10; i++) await Promise.resolve();
  };
  const answer = async (verdict: Verdict | 'base') => {
    await turn();
    open.shift()!.resolve(verdict);
    await turn();
  };
  return { some, heard, open, push, turn, answer };
}

test('[D3] pushes are tried one after another, in order, and one without bytes waits its turn', async () => {
  const { heard, open, push, turn, answer, some } = trials();
  push(1, 1);
  push(2);
  push(3, 1);
  await turn();
  expect(open.length).toBe(1);
  await answer('fine');
  expect(heard).toEqual(['passed 1', 'passed 2']);
  await answer('fine');
  expect(heard).toEqual(['passed 1', 'passed 2', 'passed 3']);
  expect(some.busy).toBe(false);
});

test('[D3] a bad one is refused with a code and takes those behind it along; the blame is the author’s', async () => {
  for (const [verdict, told] of [
    ['trap', 'invalid trap'],
    ['refused', 'invalid refused'],
    ['gap', 'stale_cursor null'],
    ['base', 'stale_cursor null'],
  ] as const) {
    const { heard, push, answer, some } = trials();
    push(1, 1);
    push(2, 1);
    await answer(verdict);
    expect(heard).toEqual([`failed 1 ${told}`]);
    expect(some.busy).toBe(false);
  }
});

test('[D3] what the checks refuse is not tried; what was cleared is not imported', async () => {
  const { heard, open, push, turn, answer, some } = trials();
  push(1, 9);
  await turn();
  expect([heard, open.length]).toEqual([['failed 1 forbidden null'], 0]);
  push(2, 1);
  some.clear();
  await answer('fine');
  expect(heard).toEqual(['failed 1 forbidden null', 'unwanted']);
});

test('[D3] what an update says of itself is not looked at here when that traps, and damage is nobody’s blame', async () => {
  for (const [byte, told] of [
    [7, 'failed 1 invalid trap'],
    [8, 'failed 1 invalid null'],
  ] as const) {
    const { heard, open, push, turn } = trials();
    push(1, byte);
    await turn();
    expect([heard, open.length]).toEqual([[told], 0]);
  }
});

test('[D3] [N3] what waits is bounded, pushes without bytes as well', async () => {
  const { heard, push, answer } = trials(2 * (64 + 2));
  push(1, 1, 1);
  push(2, 1, 1);
  expect(() => push(3)).toThrow('wait to be tried'); // one without bytes takes room as well
  await answer('fine');
  push(4, 1, 1);
  expect(heard).toEqual(['passed 1']);
});
