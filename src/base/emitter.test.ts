import { expect, test } from 'vitest';
import { Emitter } from './emitter.ts';

test('listeners are called in order, with all arguments', () => {
  const emitter = new Emitter<[number, string]>();
  const log: unknown[] = [];
  emitter.on((n, text) => log.push(['a', n, text]));
  emitter.on((n) => log.push(['b', n]));
  emitter.emit(1, 'x');
  expect(log).toEqual([
    ['a', 1, 'x'],
    ['b', 1],
  ]);
});

test('the same function may listen twice, and each cancel ends its own', () => {
  const emitter = new Emitter<[]>();
  let calls = 0;
  const listener = () => calls++;
  const cancel = emitter.on(listener);
  emitter.on(listener);
  emitter.emit();
  cancel();
  cancel();
  emitter.emit();
  expect([calls, emitter.size]).toEqual([3, 1]);
});

test('a listener that was removed during the event is not called any more', () => {
  const emitter = new Emitter<[]>();
  const log: string[] = [];
  const cancelFirst = emitter.on(() => {
    log.push('first');
    cancelFirst();
    cancelSecond();
  });
  const cancelSecond = emitter.on(() => log.push('second'));
  emitter.on(() => log.push('third'));
  emitter.emit();
  emitter.emit();
  expect(log).toEqual(['first', 'third', 'third']);
});

test('a listener that was added during the event hears the next one', () => {
  const emitter = new Emitter<[]>();
  let late = 0;
  const cancel = emitter.on(() => {
    cancel();
    emitter.on(() => late++);
  });
  emitter.emit();
  expect(late).toBe(0);
  emitter.emit();
  expect(late).toBe(1);
});

test('clear removes all, during an event too', () => {
  const emitter = new Emitter<[]>();
  let calls = 0;
  emitter.on(() => emitter.clear());
  emitter.on(() => calls++);
  emitter.emit();
  expect([calls, emitter.size]).toEqual([0, 0]);
});
