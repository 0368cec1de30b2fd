import fc from 'fast-check';
import { expect, test } from 'vitest';
import { deferred } from './deferred.ts';
import { Lane } from './lane.ts';

test('one task at a time, in order of arrival', async () => {
  const lane = new Lane();
  const gates = [deferred<string>(), deferred<string>(), deferred<string>()];
  const log: string[] = [];
  const results = gates.map((gate, i) =>
    lane.run(async () => {
      log.push(`start ${i}`);
      const value = await gate.promise;
      log.push(`end ${i}`);
      return value;
    }),
  );
  gates[2]!.resolve('c');
  gates[1]!.resolve('b');
  gates[0]!.resolve('a');
  expect(await Promise.all(results)).toEqual(['a', 'b', 'c']);
  expect(log).toEqual(['start 0', 'end 0', 'start 1', 'end 1', 'start 2', 'end 2']);
  expect(lane.size).toBe(0);
});

test('a task that fails, also at once, stops nobody behind it', async () => {
  const lane = new Lane();
  const failed = lane.run(() => Promise.reject(new Error('one')));
  const thrown = lane.run(() => {
    throw new Error('two');
  });
  const good = lane.run(async () => 'three');
  await expect(failed).rejects.toThrow('one');
  await expect(thrown).rejects.toThrow('two');
  expect(await good).toBe('three');
});

test('a full lane rejects with overloaded, and takes work again when a place is free', async () => {
  const lane = new Lane(2);
  const gate = deferred<void>();
  const first = lane.run(() => gate.promise);
  const second = lane.run(async () => 2);
  await expect(lane.run(async () => 3)).rejects.toMatchObject({ code: 'overloaded' });
  expect(lane.size).toBe(2);
  gate.resolve();
  await Promise.all([first, second]);
  expect(await lane.run(async () => 4)).toBe(4);
});

test('idle waits for what was queued, failures included', async () => {
  const lane = new Lane();
  const log: number[] = [];
  const failed = lane.run(() => Promise.reject(new Error('no')));
  void lane.run(async () => log.push(1));
  void failed.catch(() => log.push(0));
  await lane.idle();
  expect(log).toContain(1);
});

test('whatever tasks do, none overlap and none is lost', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ turns: fc.nat({ max: 3 }), fails: fc.boolean() })),
      async (tasks) => {
        const lane = new Lane();
        let running = 0;
        const results = tasks.map(({ turns, fails }, i) =>
          lane.run(async () => {
            expect(++running).toBe(1);
            for (let turn = 0; turn < turns; turn++) await Promise.resolve();
            running--;
            if (fails) throw new Error(String(i));
            return i;
          }),
        );
        const outcomes = await Promise.allSettled(results);
        expect(outcomes.map(({ status }) => status === 'rejected')).toEqual(tasks.map(({ fails }) => fails));
        expect(lane.size).toBe(0);
      },
    ),
  );
});
