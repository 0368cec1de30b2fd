import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ChurnPlayer, ChurnWorld } from './churn-for-tests.ts';
import type { Quaternion } from './component.ts';
import { c } from './components.ts';
import { RecordType } from './record-type.ts';
import { cos, sin } from './trig.ts';

const number = fc.oneof(fc.constantFrom(-1, 0, 1), fc.double({ min: -80, max: 80, noNaN: true }));
const rotation = fc.record({ x: number, y: number, z: number, w: number });

function cell(bits?: number): { value: Quaternion } {
  return new RecordType({ value: c.quaternion(bits === undefined ? {} : { bits }) }).table(1).at(0);
}

const lengthOf = ({ x, y, z, w }: Quaternion) => Math.hypot(x, y, z, w);

/** By how many degrees one is turned against the other. */
function degreesBetween(a: Quaternion, b: Quaternion): number {
  const dot = Math.abs(a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w) / (lengthOf(a) * lengthOf(b));
  return (2 * Math.acos(Math.min(1, dot)) * 180) / Math.PI;
}

test.each([
  [8, 1.2],
  [10, 0.3],
  [12, 0.075],
  [16, 0.0047],
])('a rotation of %i bits is read as it was written, within %f degrees, with length 1', (bits, degrees) => {
  const at = cell(bits);
  fc.assert(
    fc.property(rotation, (written) => {
      at.value = written;
      expect(lengthOf(at.value)).toBeCloseTo(1, 12);
      if (lengthOf(written) > 1e-9) expect(degreesBetween(at.value, written)).toBeLessThan(degrees);
    }),
    { numRuns: 2000 },
  );
});

test('[T1] q and -q are one rotation, and have the same bits', () => {
  const [one, other] = [cell(), cell()];
  fc.assert(
    fc.property(rotation, ({ x, y, z, w }) => {
      one.value = { x, y, z, w };
      other.value = { x: -x, y: -y, z: -z, w: -w };
      // Of equal greatest numbers the first counts, whatever its sign.
      expect(JSON.stringify(other.value)).toBe(JSON.stringify(one.value));
    }),
  );
});

test('what is no rotation turns nothing, and the first value does not', () => {
  const at = cell();
  const none = { x: 0, y: 0, z: 0, w: 1 };
  expect(at.value).toMatchObject(none);
  for (const wrong of [0, Number.NaN, Number.POSITIVE_INFINITY]) {
    at.value = { x: 1, y: 0, z: 0, w: 0 };
    at.value = { x: 0, y: wrong, z: 0, w: 0 };
    expect(at.value).toMatchObject(none);
  }
  expect(() => {
    (at.value as { x: number }).x = 1;
  }).toThrow('as a whole');
  expect(() => cell(3)).toThrow('3 bits');
  expect(() => cell(25)).toThrow('25 bits');
});

test('a body that turns evenly costs a few bits a frame, also where another of its numbers is the greatest', () => {
  const server = new ChurnWorld(new RecordType({ turn: c.quaternion() }), 1, 1);
  const player = new ChurnPlayer(server);
  player.wanted.set(0, 0);
  const body = server.world.spawn();
  server.cellOf.set(body.id, 0);
  const sizes: number[] = [];
  let [charts, chart] = [0, 0];
  const lane = server.world.table.columns[0]!;
  for (let frame = 1; frame <= 400; frame++) {
    const [half, tilt] = [frame * 0.05, frame * 0.031];
    body.turn = { x: sin(half) * cos(tilt), y: sin(half) * sin(tilt), z: 0.3 * sin(tilt), w: cos(half) };
    server.advance();
    player.receive();
    const now = lane.values[server.world.rowOf(body.id)]!;
    if (now !== chart) charts++;
    chart = now;
    if (frame > 4) sizes.push(server.streams.get(0)![0]!.delta.bitLength);
  }
  expect(charts).toBeGreaterThan(10);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(40);
  expect(sizes.reduce((sum, bits) => sum + bits, 0) / sizes.length).toBeLessThan(18);
});
