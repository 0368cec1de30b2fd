/**
 * Every error code of Ternion, on one page. HTTP status, WebSocket close code and retry advice are
 * derived from here and nowhere else.
 *
 * `close`: the close code when a fault ends a connection (4000-4999 is the private range of RFC 6455
 * section 7.4.2); null when the code only ever ends a call or a channel.
 * `retry`: `never` (the same request will fail again), `now` (ask again at once, with fresh state),
 * `after_auth` (with another identity), `backoff` (later, with jitter).
 */

export type Retry = 'never' | 'now' | 'after_auth' | 'backoff';

export interface CodeInfo {
  readonly http: number;
  readonly close: number | null;
  readonly retry: Retry;
}

export const CODES = {
  bad_message: { http: 400, close: 4400, retry: 'never' }, // the peer broke the protocol
  invalid: { http: 400, close: null, retry: 'never' }, // arguments or a row do not fit their schema
  unauthorized: { http: 401, close: 4401, retry: 'after_auth' }, // no identity, or a bad or expired token
  forbidden: { http: 403, close: 4403, retry: 'never' }, // a policy or the origin check said no
  not_found: { http: 404, close: null, retry: 'never' },
  timeout: { http: 408, close: 4408, retry: 'backoff' }, // a deadline passed, or a peer fell silent
  conflict: { http: 409, close: null, retry: 'never' }, // a unique value is taken, an op id was reused
  stale_cursor: { http: 410, close: null, retry: 'now' }, // below the horizon: ask for a reset
  too_large: { http: 413, close: 4413, retry: 'never' }, // over a documented size limit
  unsupported: { http: 426, close: 4426, retry: 'never' }, // another protocol number: reload the page
  rate_limited: { http: 429, close: 4429, retry: 'backoff' },
  cancelled: { http: 499, close: null, retry: 'never' }, // the caller went away
  internal: { http: 500, close: 4500, retry: 'backoff' }, // a bug; the cause is in the server's log
  unavailable: { http: 503, close: 4501, retry: 'backoff' }, // draining, offline, or not started yet
  overloaded: { http: 503, close: 4503, retry: 'backoff' }, // a bounded queue is full
  storage: { http: 507, close: null, retry: 'backoff' }, // disk full, read-only or damaged
} as const satisfies Record<string, CodeInfo>;

export type Code = keyof typeof CODES;

export function isCode(value: unknown): value is Code {
  return typeof value === 'string' && Object.hasOwn(CODES, value);
}

/** The code that a WebSocket close number stands for, if it is one of ours. */
export function codeOfClose(close: number): Code | undefined {
  return (Object.keys(CODES) as Code[]).find((code) => CODES[code].close === close);
}
