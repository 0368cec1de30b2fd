/** The component of a rotation. Its view reads through to the lanes; it is written as a whole. */
import { compileView } from './compile-view.ts';
import { Component, type Quaternion } from './component.ts';
import { packRotation, quantizeRotation, rotationLanes, unpackRotation } from './rotation.ts';
import { type Accessor, PARTS, ROW, type RowView, TABLE } from './row-view.ts';

/**
 * A rotation as a quaternion, with `bits` (default 10) for each of the three numbers that are sent: 10 are within
 * 0.3 degrees. What is written may be of any length but 0, which is no rotation at all; what is read has length 1.
 */
export function quaternion(options: { bits?: number } = {}): Component<Quaternion> {
  const { bits = 10 } = options;
  const lanes = rotationLanes(bits);
  const most = lanes[1]!.max;
  const packed = new Float64Array(4);
  const numbers = new Float64Array(4);

  /** One number of the four, read alone; it has no lanes of its own. */
  function part(n: number): Component<number> {
    return new Component<number>({
      json: null,
      lanes: [],
      bind: (lane): Accessor<number> => ({
        get(this: RowView) {
          const { columns } = this[TABLE];
          for (let i = 0; i < 4; i++) packed[i] = columns[lane + i]!.values[this[ROW]]!;
          unpackRotation(packed, most, numbers);
          return numbers[n]!;
        },
        set(this: RowView) {
          throw new TypeError('a rotation is assigned as a whole');
        },
      }),
    });
  }

  return new Component<Quaternion>({
    json: { quaternion: bits },
    lanes,
    bind: (lane, parts) => {
      const view = compileView({ x: part(1), y: part(2), z: part(3), w: part(0) }, lane);
      const own = parts.push(view) - 1;
      return {
        get(this: RowView) {
          return this[PARTS][own]! as unknown as Quaternion;
        },
        set(this: RowView, { x, y, z, w }: Quaternion) {
          numbers[0] = w;
          numbers[1] = x;
          numbers[2] = y;
          numbers[3] = z;
          packRotation(numbers, most, packed);
          quantizeRotation(packed, most);
          const { columns } = this[TABLE];
          for (let i = 0; i < 4; i++) columns[lane + i]!.values[this[ROW]] = packed[i]!;
        },
      };
    },
  });
}
