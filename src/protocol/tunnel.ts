/**
 * The frames of a connection carried by HTTP requests: the shapes that server/sync-routes.ts and
 * client/http-transport.ts exchange. A text frame is a string, a binary one `{ "bin": base64url }`.
 * What the frames say is the affair of client-message.ts, server-message.ts and frame.ts, as on a socket.
 */
import { decodeBase64Url, encodeBase64Url } from '../base/base64url.ts';
import { isJsonObject } from '../base/json.ts';
import { type Infer, miss, type Shape, s, shape } from '../base/shape.ts';

export type Frame = string | Uint8Array;
export type FrameJson = string | { bin: string };

const frame: Shape<Frame> = shape({ oneOf: ['string', { bin: 'base64url' }] }, (value) => {
  if (typeof value === 'string') return value;
  if (!isJsonObject(value) || typeof value.bin !== 'string') return miss('a frame');
  return decodeBase64Url(value.bin);
});

/** Frames of the client, in requests numbered from 1: a number that was taken already is not taken again. */
export const tunnelPush = s.object({
  key: s.string(64),
  n: s.int(1),
  frames: s.array(frame),
  /** The client will not come back. */
  close: s.optional(s.bool()),
});
export type TunnelPush = Infer<typeof tunnelPush>;

/** Frames of the server behind number `ack`; those up to it are forgotten. Without a key: a new session. */
export const tunnelPull = s.object({
  key: s.optional(s.string(64)),
  ack: s.int(0),
  /** How long the server may wait for the first frame. */
  wait_ms: s.int(0),
});

export const tunnelClose = s.object({ code: s.int(1000, 4999), reason: s.string() });
export type TunnelClose = Infer<typeof tunnelClose>;

export const tunnelPulled = s.object({
  key: s.string(64),
  /** The number of the last of `frames`; the `ack` of the next pull. */
  to: s.int(0),
  frames: s.array(frame),
  close: s.optional(tunnelClose),
});

export const tunnelKey = s.object({ key: s.string(64) });

export function frameJson(message: Frame): FrameJson {
  return typeof message === 'string' ? message : { bin: encodeBase64Url(message) };
}
