/**
 * Rotations as the smallest three of a quaternion's four numbers: the greatest is left out, since the length is 1, and
 * taken as positive, since q and -q are one rotation. Numbers come as w, x, y, z; the four lanes are the chart, that is
 * which number is left out, and the others in that order. Only + - * / and `Math.sqrt`, which agree to the last bit
 * everywhere. [T1] Source: G. Fiedler, "Snapshot Compression", gafferongames.com, 2015.
 */
import { assert } from '../../src/base/assert.ts';
import { type Lane, numberLane } from './lane.ts';

/** Four numbers: w, x, y, z of a quaternion, or the lanes of a rotation. */
export type Four = Float64Array;

/** A number of a chart is below the one left out by this share at least, so that reading finds the same chart. */
const MARGIN = 1 - 2 ** -40;

export function rotationLanes(bits: number): Lane[] {
  assert(Number.isInteger(bits) && bits >= 4 && bits <= 24, `a quaternion of ${bits} bits`);
  const most = 2 ** (bits - 1) - 1;
  const axis = numberLane(-most, most, 'axis');
  return [numberLane(0, 3, 'chart'), axis, axis, axis];
}

/** The quaternion of four lanes, of length 1 whatever they hold. `most` is the greatest number of an axis. */
export function unpackRotation(lanes: Four, most: number, out: Four): void {
  const unit = Math.SQRT1_2 / most;
  const chart = lanes[0]!;
  let squares = 0;
  for (let n = 0, axis = 1; n < 4; n++) {
    if (n === chart) continue;
    const number = lanes[axis++]! * unit;
    out[n] = number;
    squares += number * number;
  }
  out[chart] = squares < 1 ? Math.sqrt(1 - squares) : 0;
  if (squares > 1) for (let n = 0; n < 4; n++) out[n]! /= Math.sqrt(squares);
}

/** Four lanes of a quaternion of any length, in fractions of quanta. Zero and what is not finite is no rotation at all. */
export function packRotation(numbers: Four, most: number, out: Four): void {
  let chart = 0;
  for (let n = 1; n < 4; n++) if (Math.abs(numbers[n]!) > Math.abs(numbers[chart]!)) chart = n;
  chartRotation(numbers, { chart, most }, out);
}

/** The same in a given chart, which may be another than the best one. */
export function chartRotation(numbers: Four, of: { chart: number; most: number }, out: Four): void {
  const { chart, most } = of;
  let squares = 0;
  for (let n = 0; n < 4; n++) squares += numbers[n]! * numbers[n]!;
  const length = Math.sqrt(squares);
  const sound = length > 0 && Number.isFinite(length);
  const scale = sound ? (numbers[chart]! < 0 ? -most : most) / (Math.SQRT1_2 * length) : 0;
  out[0] = sound ? chart : 0;
  for (let n = 0, axis = 1; n < 4; n++) if (n !== chart) out[axis++] = sound ? numbers[n]! * scale : 0;
}

/** Rounds lanes that were packed to whole quanta, so that they are packed to the same ones when read. */
export function quantizeRotation(lanes: Four, most: number): void {
  const unit = Math.SQRT1_2 / most;
  for (let axis = 1; axis < 4; axis++) lanes[axis] = Math.round(lanes[axis]!);
  // What was left out must be the greatest of what is read, too. Where it was so by little, another one gives way.
  for (;;) {
    let squares = 0;
    let greatest = 1;
    for (let axis = 1; axis < 4; axis++) {
      squares += lanes[axis]! * unit * (lanes[axis]! * unit);
      if (Math.abs(lanes[axis]!) > Math.abs(lanes[greatest]!)) greatest = axis;
    }
    if (Math.abs(lanes[greatest]!) * unit <= Math.sqrt(Math.max(0, 1 - squares)) * MARGIN) return;
    lanes[greatest]! -= Math.sign(lanes[greatest]!);
  }
}
