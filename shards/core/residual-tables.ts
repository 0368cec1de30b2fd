/**
 * How many bits the class of a residual takes, by kind of component: the code lengths that ResidualCode
 * makes its prefix codes of. Part of the protocol. Printed by `node bench/tune-residuals.ts` from recordings.
 */

/** Class k holds the residuals of k significant bits: 0; -1 and 1; -3, -2, 2, 3; .. up to 2^31. */
export const CLASSES = 33;

export const RESIDUAL_TABLES = {
  /** A number alone. */
  scalar: [1, 2, 3, 4, 5, 6, ...new Array<number>(27).fill(11)],
  /** One of several numbers of a component. */
  vector: [1, 2, 3, 4, 5, 6, ...new Array<number>(27).fill(11)],
  angle: [1, 2, 3, 4, 5, 6, ...new Array<number>(27).fill(11)],
  /** A whole number, which is not predicted to move. */
  whole: [1, 2, 3, 4, 5, 6, ...new Array<number>(27).fill(11)],
  /** By how much a number changed in its last step, in key chunks. */
  pace: [1, 2, 3, 4, 5, 6, ...new Array<number>(27).fill(11)],
} as const satisfies Record<string, readonly number[]>;

export type ResidualTable = keyof typeof RESIDUAL_TABLES;
