import { expect, test } from 'vitest';
import { deferred } from '../src/base/deferred.ts';
import { chooseSteps, formatOutcome, type Outcome, runSteps, type Step } from './steps.ts';

const steps = ['a', 'b', 'c', 'd'].map((name): Step => ({ name, command: [name] }));

test('two at a time, in their order, and the next begins when one ends', async () => {
  const gates = new Map(steps.map(({ name }) => [name, deferred<{ ok: boolean; output: string }>()]));
  const log: string[] = [];
  let now = 0;
  const done = runSteps(steps, {
    lanes: 2,
    run: ({ name }) => {
      log.push(`start ${name}`);
      return gates.get(name)!.promise;
    },
    now: () => now,
    ended: ({ step, seconds }) => log.push(`end ${step.name} ${seconds}`),
  });
  expect(log).toEqual(['start a', 'start b']);
  now = 1500;
  gates.get('b')!.resolve({ ok: true, output: '' });
  await Promise.resolve();
  await Promise.resolve();
  expect(log).toEqual(['start a', 'start b', 'end b 1.5', 'start c']);
  for (const gate of gates.values()) gate.resolve({ ok: true, output: '' });
  expect(await done).toBe(true);
});

test('one failure fails all, and the others still run', async () => {
  const ended: Outcome[] = [];
  const run = async ({ name }: Step) => ({ ok: name !== 'b', output: `output of ${name}` });
  expect(
    await runSteps(steps, { lanes: 2, run, now: () => 0, ended: (outcome) => ended.push(outcome) }),
  ).toBe(false);
  expect(ended.map(({ step, ok }) => `${step.name} ${ok}`).sort()).toEqual([
    'a true',
    'b false',
    'c true',
    'd true',
  ]);
});

test('a line a step; only failures show their output', () => {
  const step = steps[0]!;
  expect(formatOutcome({ step, ok: true, seconds: 1.23, output: 'noise' })).toBe(
    'ok    a                1.2 s',
  );
  expect(formatOutcome({ step, ok: false, seconds: 12, output: 'x\ny\n' })).toBe(
    'FAIL  a               12.0 s\n      x\n      y',
  );
});

test('steps are chosen or left out by name', () => {
  const names = (...args: string[]) => chooseSteps(steps, args).map(({ name }) => name);
  expect(names()).toEqual(['a', 'b', 'c', 'd']);
  expect(names('b', 'd')).toEqual(['b', 'd']);
  expect(names('-b', '-d')).toEqual(['a', 'c']);
  expect(() => names('e')).toThrow('no step e; there are a, b, c, d');
});
