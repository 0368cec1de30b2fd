/**
 * Signed tokens: `t1.<claims as base64url JSON>.<HMAC-SHA-256 of what is before>`. They hold no secret and
 * need no table; changing the secret ends them all. Compared in constant time. [P5]
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { Fault } from '../base/fault.ts';
import { type Infer, parseShape, s } from '../base/shape.ts';

const claimsShape = s.object({
  /** User id. */
  sub: s.string(64),
  name: s.nullable(s.string(64)),
  kind: s.oneOf('guest', 'user'),
  /** End of validity, ms since 1970. */
  exp: s.int(0),
});
export type Claims = Infer<typeof claimsShape>;

const PREFIX = 't1';
const MAX_TOKEN_CHARS = 1024;

export function signToken(claims: Claims, secret: Uint8Array): string {
  const body = `${PREFIX}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  return `${body}.${mac(body, secret).toString('base64url')}`;
}

/** Throws Fault `unauthorized` for anything but a token of ours that is still valid at `now`. */
export function verifyToken(token: string, secret: Uint8Array, now: number): Claims {
  const refused = new Fault('unauthorized', 'bad or expired token');
  if (token.length > MAX_TOKEN_CHARS) throw refused;
  const cut = token.lastIndexOf('.');
  const body = token.slice(0, Math.max(cut, 0));
  const given = Buffer.from(token.slice(cut + 1), 'base64url');
  const wanted = mac(body, secret);
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) throw refused;
  const [prefix, json] = body.split('.');
  if (prefix !== PREFIX || json === undefined) throw refused;
  const claims = parseShape(
    claimsShape,
    JSON.parse(Buffer.from(json, 'base64url').toString('utf8')),
    'token',
  );
  if (claims.exp <= now) throw refused;
  return claims;
}

function mac(body: string, secret: Uint8Array): Buffer {
  return createHmac('sha256', secret).update(body).digest();
}
