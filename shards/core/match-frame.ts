/**
 * What travels in a channel of kind `match` (and over HTTP, see server/match-routes.ts): JSON in UTF-8, from the
 * server alone. Normative: docs/wire.md. To leave the queue a client closes the channel.
 */
import { Fault } from '../../src/base/fault.ts';
import { type Json, parseJson } from '../../src/base/json.ts';
import { type Infer, parseShape, s, tagged } from '../../src/base/shape.ts';
import { utf8Length, utf8Read, utf8Write } from '../../src/base/utf8.ts';

/** The `kind` of an `open` message for a queue. */
export const MATCH_CHANNEL = 'match';
/** Bytes of `data` of a wish, as JSON in UTF-8. */
export const MAX_WISH_BYTES = 2048;
const MAX_PAYLOAD_CHARS = 16 << 10;
const MAX_DEPTH = 32;

const wish = {
  /** Those who bring one id play together, once there are `size` of them. The id is their secret. */
  party: s.optional(s.object({ id: s.string(64), size: s.int(1, 64) })),
  /** For the matchmaker's `enter`. */
  data: s.optional(s.json()),
};
export const wishShape = s.object(wish);
export const matchParams = s.object({ queue: s.string(64), ...wish });

/** Where one plays: for the `open` of a channel of kind `shard`. */
export const invitation = {
  shard: s.string(64),
  id: s.string(64),
  ticket: s.string(),
  team: s.int(0),
};
const invitationShape = s.object(invitation);

const news = tagged({
  /** The party is not complete. */
  gathering: s.object({ here: s.int(1), of: s.int(1) }),
  /** In the queue, with so many players. */
  waiting: s.object({ players: s.int(0) }),
  /** The last one. */
  matched: invitationShape,
});

export type Wish = Infer<typeof wishShape>;
export type Invitation = Infer<typeof invitationShape>;
export type MatchNews = Infer<typeof news>;

/** Throws Fault `too_large`. */
export function checkWish({ data }: { readonly data?: Json | undefined }): void {
  if (data !== undefined && utf8Length(JSON.stringify(data)) > MAX_WISH_BYTES)
    throw new Fault('too_large', `more than ${MAX_WISH_BYTES} bytes of data`);
}

export function encodeNews(message: MatchNews): Uint8Array {
  const text = JSON.stringify(message);
  const bytes = new Uint8Array(utf8Length(text));
  utf8Write(text, bytes, 0);
  return bytes;
}

/** Throws Fault `bad_message` or `too_large`. */
export function decodeNews(payload: Uint8Array): MatchNews {
  if (payload.length > MAX_PAYLOAD_CHARS) throw new Fault('too_large', 'news that are too long');
  const json = parseJson(utf8Read(payload), { maxChars: MAX_PAYLOAD_CHARS, maxDepth: MAX_DEPTH });
  return parseShape(news, json, 'payload', 'bad_message');
}
