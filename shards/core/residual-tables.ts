/**
 * How many bits the class of a residual takes, by kind of component: the code lengths that ResidualCode
 * makes its prefix codes of. Part of the protocol. Printed by `node bench/tune-residuals.ts` from recordings.
 */

/** Class k holds the residuals of k significant bits: 0; -1 and 1; -3, -2, 2, 3; .. up to 2^31. */
export const CLASSES = 33;

export const RESIDUAL_TABLES = {
  /** A number alone. */
  scalar: [
    6, 1, 3, 4, 3, 4, 4, 6, 7, 8, 8, 9, 9, 9, 9, 10, 10, 10, 10, 11, 11, 11, 11, 11, 12, 12, 12, 12, 13, 13,
    13, 14, 14,
  ],
  /** One of several numbers of a component. */
  vector: [
    2, 2, 3, 4, 4, 4, 4, 5, 5, 6, 6, 6, 8, 9, 9, 10, 10, 10, 10, 11, 11, 11, 11, 11, 12, 12, 12, 12, 13, 13,
    13, 14, 14,
  ],
  angle: [
    6, 4, 3, 2, 2, 3, 5, 5, 5, 4, 9, 9, 9, 9, 10, 10, 10, 10, 11, 11, 11, 11, 11, 12, 12, 12, 13, 13, 13, 13,
    13, 14, 14,
  ],
  /** One of the three numbers of a rotation. */
  axis: [
    3, 2, 3, 3, 4, 4, 4, 4, 4, 5, 6, 9, 9, 9, 9, 10, 10, 10, 10, 11, 11, 11, 11, 11, 12, 12, 12, 12, 13, 13,
    13, 14, 14,
  ],
  /** Which number of a rotation is left out. */
  chart: [
    1, 3, 2, 6, 6, 6, 6, 7, 7, 7, 7, 8, 8, 8, 8, 9, 9, 9, 9, 10, 10, 10, 10, 10, 11, 11, 11, 11, 12, 12, 12,
    13, 13,
  ],
  /** A whole number, which is not predicted to move. */
  whole: [
    5, 1, 4, 2, 5, 6, 6, 6, 6, 7, 7, 7, 7, 8, 8, 8, 8, 9, 9, 9, 9, 10, 10, 10, 10, 10, 11, 11, 11, 11, 11, 12,
    12,
  ],
  /** By how much a number changed in its last step, in key chunks. */
  pace: [
    1, 5, 4, 4, 4, 4, 4, 4, 5, 5, 6, 8, 9, 9, 10, 10, 10, 10, 11, 11, 11, 11, 11, 12, 12, 12, 13, 13, 13, 13,
    13, 14, 14,
  ],
} as const satisfies Record<string, readonly number[]>;

export type ResidualTable = keyof typeof RESIDUAL_TABLES;
