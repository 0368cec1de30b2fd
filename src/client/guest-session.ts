/** Sessions over HTTP: whom a token stands for, and guests, who need no account. */
import type { JsonObject } from '../base/json.ts';
import { parseShape, s } from '../base/shape.ts';
import { type SessionInfo, sessionInfo } from '../protocol/server-message.ts';
import { defaultStorage } from './browser-env.ts';
import { httpJson } from './http-json.ts';
import type { KeyValueStorage } from './storage.ts';

export interface GuestOptions {
  /** Keeps the token: the same guest comes back. localStorage by default. */
  readonly storage?: KeyValueStorage | undefined;
  readonly name?: string | undefined;
  /** A token that the server did not take: it is forgotten, and another guest made. */
  readonly refused?: string | null | undefined;
}

const meAnswer = s.object({ session: sessionInfo });
const guestAnswer = s.object({ token: s.string(4096), session: sessionInfo });

/** GET /api/auth/me. */
export async function fetchSession(url: string, token: string | null): Promise<SessionInfo> {
  const answer = await httpJson(new URL('/api/auth/me', url).href, { method: 'GET', token });
  return parseShape(meAnswer, answer, 'me').session;
}

/**
 * The token of this browser's guest, made on the first call. As the engine's token:
 * `token: (refused) => guestToken(url, { name, refused })`.
 */
export async function guestToken(url: string, options: GuestOptions = {}): Promise<string> {
  const storage = options.storage ?? defaultStorage();
  const key = `ternion:guest:${new URL(url).origin}`;
  const kept = storage.getItem(key);
  if (kept !== null && kept !== options.refused) return kept;
  const body: JsonObject = options.name === undefined ? {} : { name: options.name };
  const answer = await httpJson(new URL('/api/auth/guest', url).href, { method: 'POST', body });
  const { token } = parseShape(guestAnswer, answer, 'guest');
  try {
    storage.setItem(key, token);
  } catch {
    // A full storage only means another guest next time.
  }
  return token;
}
