/** The opening of a connection: which subprotocols are offered, and which token they carry. */
import { Fault } from '../base/fault.ts';
import { BEARER_PREFIX, SUBPROTOCOL } from './version.ts';

/** What a client offers. The token travels percent-encoded as a subprotocol, never in a URL. */
export function offerSubprotocols(token: string | null): string[] {
  return token === null ? [SUBPROTOCOL] : [SUBPROTOCOL, BEARER_PREFIX + encodeToken(token)];
}

/** encodeURIComponent leaves `(` and `)` as they are, which are no token characters (RFC 9110 section 5.6.2). */
function encodeToken(token: string): string {
  return encodeURIComponent(token).replaceAll('(', '%28').replaceAll(')', '%29');
}

/** Reads what a client offers. Throws `unsupported` for another protocol number, `unauthorized` for a broken token. */
export function readSubprotocols(offered: Iterable<string>): { token: string | null } {
  let known = false;
  let token: string | null = null;
  for (const name of offered) {
    if (name === SUBPROTOCOL) known = true;
    if (name.startsWith(BEARER_PREFIX)) {
      try {
        token = decodeURIComponent(name.slice(BEARER_PREFIX.length));
      } catch {
        throw new Fault('unauthorized', 'the token is not percent-encoded');
      }
    }
  }
  if (!known) throw new Fault('unsupported', `this server speaks ${SUBPROTOCOL}`);
  return { token };
}
