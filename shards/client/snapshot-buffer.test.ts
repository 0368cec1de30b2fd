import { expect, test } from 'vitest';
import { c } from '../core/components.ts';
import { RecordType } from '../core/record-type.ts';
import { SnapshotBuffer } from './snapshot-buffer.ts';

function filled(ticks: number) {
  const buffer = new SnapshotBuffer(new RecordType({ on: c.bool() }));
  for (let tick = 1; tick <= ticks; tick++) {
    buffer.next().tick = tick * 2;
    buffer.commit();
  }
  return buffer;
}

test('finds the snapshots around a moment', () => {
  const buffer = filled(5);
  expect(buffer.newest!.tick).toBe(10);
  expect(buffer.before(7.5)!.tick).toBe(6);
  expect(buffer.before(8)!.tick).toBe(8);
  expect(buffer.before(0)!.tick).toBe(2);
  expect(buffer.after(buffer.before(7.5)!).tick).toBe(8);
  expect(buffer.after(buffer.newest!)).toBe(buffer.newest);
  expect(filled(0).before(3)).toBeUndefined();
});

test('forgets the oldest when it is full, and what was never committed', () => {
  const buffer = filled(100);
  expect(buffer.newest!.tick).toBe(200);
  expect(buffer.before(0)!.tick).toBe(122);
  buffer.next().tick = 999;
  expect(buffer.newest!.tick).toBe(200);
});
