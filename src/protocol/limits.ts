/**
 * What one peer may ask of the other. Every limit is a setting of the server (server/config.ts) with the
 * default below; `welcome` tells the client. [N3]
 */
import { type Infer, s } from '../base/shape.ts';

export const limitsShape = s.object({
  /** Bytes of one text message (UTF-8) from a client. */
  textBytes: s.int(1),
  /** Bytes of one binary message from a client, channel number included. */
  binaryBytes: s.int(1),
  /** Nesting of JSON in a text message. */
  jsonDepth: s.int(1),
  /** Channels open at once on one connection. */
  channels: s.int(1),
  /** Operations in one push. */
  pushOps: s.int(1),
  /** Calls and pushes of one connection that wait for their result. */
  callsInFlight: s.int(1),
  /** Subscriptions of one connection. */
  subscriptions: s.int(0),
  /** Milliseconds between two pings; twice that without a word ends a connection. */
  pingMs: s.int(1),
});

export type Limits = Infer<typeof limitsShape>;

export const DEFAULT_LIMITS: Limits = {
  textBytes: 1 << 20,
  binaryBytes: 1 << 20,
  jsonDepth: 32,
  channels: 64,
  pushOps: 256,
  callsInFlight: 1000,
  subscriptions: 200,
  pingMs: 15_000,
};
