/**
 * Real numbers as whole quanta: value = quanta * step. Only operations that IEEE 754 defines to the last
 * bit, so Node and every browser agree; a decimal step such as 0.01 divides by 100, which gives back the
 * very number that was written (0.07, not 0.07000000000000001).
 */
import { assert } from '../../src/base/assert.ts';

export interface Range {
  readonly min: number;
  readonly max: number;
  /** Two values closer than this are the same. */
  readonly step: number;
}

export interface Scale {
  readonly minQuanta: number;
  readonly maxQuanta: number;
  /** value = quanta * times / per; one of the two is 1. */
  readonly times: number;
  readonly per: number;
}

export function scaleOf({ min, max, step }: Range): Scale {
  assert(step > 0 && Number.isFinite(step) && min <= max, `a range from ${min} to ${max} by ${step}`);
  const inverse = 1 / step;
  const whole = Math.round(inverse);
  const decimal = step < 1 && Math.abs(inverse - whole) < 1e-9 * inverse;
  const times = decimal ? 1 : step;
  const per = decimal ? whole : 1;
  return {
    minQuanta: Math.round((min * per) / times),
    maxQuanta: Math.round((max * per) / times),
    times,
    per,
  };
}

/** Rounds to the nearest quantum and clamps; NaN becomes the least value. */
export function toQuanta(scale: Scale, value: number): number {
  const quanta = Math.round((value * scale.per) / scale.times);
  if (!(quanta >= scale.minQuanta)) return scale.minQuanta;
  return quanta > scale.maxQuanta ? scale.maxQuanta : quanta;
}

export function fromQuanta(scale: Scale, quanta: number): number {
  return (quanta * scale.times) / scale.per;
}
