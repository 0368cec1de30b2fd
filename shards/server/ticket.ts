/**
 * Tickets into shards: `s1.<claims as base64url JSON>.<HMAC-SHA-256 of what is before>`. Whoever made one has
 * decided that its bearer may join; the claims say where, who, as what and until when. They hold no secret, but
 * the whole is one until it is used. Compared in constant time. [P5] Kept and spent by ticket-book.ts.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { Fault } from '../../src/base/fault.ts';
import { type Json, parseJson } from '../../src/base/json.ts';
import { type Infer, parseShape, s } from '../../src/base/shape.ts';

const claimsShape = s.object({
  /** Tells tickets apart. */
  id: s.string(64),
  /** The definition's name, and which shard of it. */
  shard: s.string(64),
  at: s.string(64),
  /** Who may use it; null: whoever brings it. */
  user: s.nullable(s.string(64)),
  role: s.oneOf('player', 'spectator'),
  /** What the maker says to the shard. */
  data: s.optional(s.json()),
  /** End of validity, ms since 1970. */
  exp: s.int(0),
});
export type TicketClaims = Infer<typeof claimsShape>;

const PREFIX = 's1';
/** Bytes of a ticket's data as JSON. */
export const MAX_TICKET_DATA_BYTES = 2048;
export const MAX_TICKET_CHARS = 4096;

/** Throws Fault `too_large`. */
export function checkTicketData(data: Json | undefined): void {
  if (Buffer.byteLength(JSON.stringify(data ?? null)) > MAX_TICKET_DATA_BYTES)
    throw new Fault('too_large', `a ticket with more than ${MAX_TICKET_DATA_BYTES} bytes of data`);
}

/** Throws Fault `too_large` when the data is. */
export function signTicket(claims: TicketClaims, key: Uint8Array): string {
  checkTicketData(claims.data);
  const body = `${PREFIX}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  return `${body}.${mac(body, key).toString('base64url')}`;
}

/** Undefined for anything but a ticket of ours; it may be over, or of another shard. */
export function readTicket(text: string, key: Uint8Array): TicketClaims | undefined {
  if (text.length > MAX_TICKET_CHARS) return undefined;
  const cut = text.lastIndexOf('.');
  const body = text.slice(0, Math.max(cut, 0));
  const wanted = mac(body, key);
  // As text: other bits at the end of base64url would be the same bytes, and another ticket.
  const [given, own] = [Buffer.from(text.slice(cut + 1)), Buffer.from(wanted.toString('base64url'))];
  if (given.length !== own.length || !timingSafeEqual(given, own)) return undefined;
  const [prefix, json] = body.split('.');
  if (prefix !== PREFIX || json === undefined) return undefined;
  const claims = parseJson(Buffer.from(json, 'base64url').toString('utf8'), {
    maxChars: MAX_TICKET_CHARS,
    maxDepth: 64,
  });
  return parseShape(claimsShape, claims, 'ticket');
}

function mac(body: string, key: Uint8Array): Buffer {
  return createHmac('sha256', key).update(body).digest();
}
