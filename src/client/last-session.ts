/**
 * Whom the server took this client for the last time, so that a page that starts offline may show that
 * user's rows. It holds for the same token only; of the token no more than a hash is kept. [S8]
 */
import { fnv1a64 } from '../base/hash.ts';
import { type Infer, parseShape, s } from '../base/shape.ts';
import { type SessionInfo, sessionInfo } from '../protocol/server-message.ts';
import type { KeyValueStorage } from './storage.ts';

const stored = s.object({ session: sessionInfo, token: s.string() });

export class LastSession {
  readonly #storage: KeyValueStorage;
  readonly #key: string;

  constructor(storage: KeyValueStorage, appName: string) {
    this.#storage = storage;
    this.#key = `ternion:${appName}:session`;
  }

  load(token: string | null): SessionInfo | null {
    try {
      const text = this.#storage.getItem(this.#key);
      if (text === null) return null;
      const last: Infer<typeof stored> = parseShape(stored, JSON.parse(text), 'session');
      return last.token === fingerprint(token) ? last.session : null;
    } catch {
      return null; // unreadable storage is no memory
    }
  }

  save(session: SessionInfo, token: string | null): void {
    try {
      this.#storage.setItem(this.#key, JSON.stringify({ session, token: fingerprint(token) }));
    } catch {
      // A full or forbidden storage costs only the offline start.
    }
  }
}

/** Whose copy of the rows this is. */
export function ownerOf(session: SessionInfo): string {
  return session.userId === null ? 'anonymous' : `user:${session.userId}`;
}

/** Not the token, but no other token has it. */
export function fingerprint(token: string | null): string {
  return token === null ? 'none' : fnv1a64(token);
}
