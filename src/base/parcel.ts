/**
 * Bytes on their way to a socket with room in front of them: what carries them writes its head there, so they are
 * never copied. A channel adds its number (protocol/frame.ts), a WebSocket the head of its frame
 * (server/socket-frames.ts). The room is nobody else's, and neither is written again once a socket has them. [T5]
 */

/** The longest number of a channel, and the longest head of a WebSocket frame that is not masked. */
export const HEAD_ROOM = 5 + 10;

export interface Parcel {
  readonly bytes: Uint8Array;
  /** Where the parcel begins and ends in `bytes`; at first there are HEAD_ROOM bytes before it. */
  readonly from: number;
  readonly to: number;
}

/** What is in it, as a view. */
export function contentOf({ bytes, from, to }: Parcel): Uint8Array {
  return bytes.subarray(from, to);
}

/** The same with the room, as a view. */
export function withRoom({ bytes, from, to }: Parcel): Uint8Array {
  return bytes.subarray(from - HEAD_ROOM, to);
}

/** A parcel of `bytes`, whose first HEAD_ROOM bytes are the room. */
export function parcelBehindRoom(bytes: Uint8Array): Parcel {
  return { bytes, from: HEAD_ROOM, to: bytes.length };
}
