/**
 * Where things stand on the plaza, in metres: x to the east, z to the south, the fountain in the middle.
 * The shard collides with them and the scene draws them, so both read this file.
 */
export interface Place {
  readonly x: number;
  readonly z: number;
  /** How close the middle of a person can come. */
  readonly radius: number;
}

export const PLAZA_RADIUS = 25;
export const FOUNTAIN: Place = { x: 0, z: 0, radius: 3.7 };

/** The board that shows the shared document; `yaw` is the direction it faces (0 is south). */
export const SIGN = { x: 6.2, z: -5.6, yaw: -0.42, radius: 1.6 } as const;

export const TREES: readonly Place[] = [
  [-14, -13],
  [14.5, -14],
  [17.5, 8],
  [-17, 9],
  [-8, 17.5],
  [9.5, 18],
].map(([x, z]) => ({ x: x!, z: z!, radius: 1 }));

export const LAMPS: readonly Place[] = [
  [-9.5, -7],
  [12, -2.5],
  [9.5, 8.5],
  [-9.5, 8],
  [-20, -3],
  [20.5, -5],
  [1, -17],
  [0, 19],
].map(([x, z]) => ({ x: x!, z: z!, radius: 0.45 }));

/** Benches face the fountain. */
export const BENCHES: readonly Place[] = [
  [-11.5, 0.5],
  [11.2, 3],
  [-6, -11],
  [5.5, 11],
].map(([x, z]) => ({ x: x!, z: z!, radius: 1.1 }));

export const OBSTACLES: readonly Place[] = [FOUNTAIN, SIGN, ...TREES, ...LAMPS, ...BENCHES];
