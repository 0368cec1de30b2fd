/** The binary envelope. */
import type { BinaryVector } from './vector.ts';

export interface Frame {
  channel: number;
  payload: Uint8Array;
}

export const vectors: readonly BinaryVector<Frame>[] = [
  {
    name: 'channel 1, payload aabb',
    value: { channel: 1, payload: new Uint8Array([0xaa, 0xbb]) },
    hex: '01 aabb',
  },
  { name: 'channel 127, no payload', value: { channel: 127, payload: new Uint8Array() }, hex: '7f' },
  { name: 'channel 300, payload 00', value: { channel: 300, payload: new Uint8Array([0]) }, hex: 'ac02 00' },
  {
    name: 'channel 4294967295, payload 01',
    value: { channel: 0xffff_ffff, payload: new Uint8Array([1]) },
    hex: 'ffffffff0f 01',
  },
];
