/** The binary envelope. */
import type { BinaryVector } from './vector.ts';

export interface Frame {
  channel: number;
  payload: Uint8Array;
}

export const vectors: readonly BinaryVector<Frame>[] = [
  {
    name: 'frame of channel 1',
    value: { channel: 1, payload: new Uint8Array([0xaa, 0xbb]) },
    hex: '01 aabb',
  },
  { name: 'frame with an empty payload', value: { channel: 127, payload: new Uint8Array() }, hex: '7f' },
  { name: 'frame of channel 300', value: { channel: 300, payload: new Uint8Array([0]) }, hex: 'ac02 00' },
  {
    name: 'frame of the last channel',
    value: { channel: 0xffff_ffff, payload: new Uint8Array([1]) },
    hex: 'ffffffff0f 01',
  },
];
