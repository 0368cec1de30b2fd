/**
 * The connections that live in HTTP requests, by the key that the server gave each. A key is good only with
 * the token it was made for; both are kept as one hash, so that neither is looked up, nor kept, as it is. [P5]
 * A session that no request asks about ends after a while; there are never more than a limit. [N3]
 */
import { createHash } from 'node:crypto';
import type { Cancel, Env } from '../base/env.ts';
import { Fault } from '../base/fault.ts';
import type { Transport } from '../plugin/transport.ts';
import type { HttpLimits } from './http-limits.ts';
import { HttpTransport } from './http-transport.ts';

const KEY_BYTES = 32;

export interface HttpSession {
  readonly key: string;
  readonly transport: HttpTransport;
}

interface Entry {
  readonly transport: HttpTransport;
  /** Requests that are being answered. */
  held: number;
  idle: Cancel;
}

export class HttpSessions {
  readonly #env: Env;
  readonly #limits: HttpLimits;
  readonly #accept: (transport: Transport, token: string | null) => void;
  readonly #entries = new Map<string, Entry>();

  constructor(env: Env, limits: HttpLimits, accept: (transport: Transport, token: string | null) => void) {
    this.#env = env;
    this.#limits = limits;
    this.#accept = accept;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Throws `overloaded`, and what `accept` throws. */
  open(token: string | null): HttpSession {
    const { sessions } = this.#limits;
    if (this.#entries.size >= sessions)
      throw new Fault('overloaded', `more than ${sessions} sessions over HTTP`);
    const key = Buffer.from(this.#env.random.fill(new Uint8Array(KEY_BYTES))).toString('base64url');
    const transport = new HttpTransport(this.#env.clock);
    this.#accept(transport, token);
    const name = nameOf(key, token);
    const entry: Entry = { transport, held: 0, idle: () => {} };
    this.#entries.set(name, entry);
    this.#watch(name, entry);
    return { key, transport };
  }

  /** Throws `not_found` for a key that is wrong, over, or another token's. */
  get(key: string, token: string | null): HttpTransport {
    return this.#entry(key, token).entry.transport;
  }

  /** The session does not end while something holds it. */
  hold(key: string, token: string | null): Cancel {
    const { name, entry } = this.#entry(key, token);
    entry.held++;
    entry.idle();
    let released = false;
    return () => {
      if (released) return;
      released = true;
      entry.held--;
      if (entry.held === 0 && this.#entries.get(name) === entry) this.#watch(name, entry);
    };
  }

  /** The client is gone, or has heard that it is over. Nothing, when it ended before. */
  end(key: string, token: string | null): void {
    const name = nameOf(key, token);
    const entry = this.#entries.get(name);
    if (entry) this.#drop(name, entry);
  }

  close(): void {
    for (const [name, entry] of [...this.#entries]) this.#drop(name, entry);
  }

  #entry(key: string, token: string | null) {
    const name = nameOf(key, token);
    const entry = this.#entries.get(name);
    if (!entry) throw new Fault('not_found', 'no such session: begin another');
    return { name, entry };
  }

  #watch(name: string, entry: Entry): void {
    entry.idle();
    entry.idle = this.#env.clock.after(this.#limits.idleMs, () => this.#drop(name, entry));
  }

  #drop(name: string, entry: Entry): void {
    entry.idle();
    this.#entries.delete(name);
    entry.transport.terminate();
  }
}

function nameOf(key: string, token: string | null): string {
  return createHash('sha256')
    .update(`${key}\n${token ?? ''}`)
    .digest('base64');
}
