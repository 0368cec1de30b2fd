/**
 * What the transports over HTTP share: an end that comes once, frames to the server, and faults told as the
 * close codes that a socket would give. sse-transport.ts and poll-transport.ts bring the frames back.
 */
import { CODES } from '../base/codes.ts';
import type { Env } from '../base/env.ts';
import { type Fault, toFault } from '../base/fault.ts';
import { readSubprotocols } from '../protocol/handshake.ts';
import { type Fetch, type Post, post } from './http-post.ts';
import { HttpUplink } from './http-uplink.ts';
import type { ClientTransport, ClientTransportEvents } from './transport.ts';

export interface HttpConnectOptions {
  readonly env: Env;
  /** The origin of the server. */
  readonly url: string;
  readonly fetch: Fetch;
}

/** The other end is gone without a word (RFC 6455, section 7.1.5). */
const ABNORMAL = 1006;

export class HttpLink implements ClientTransport {
  readonly env: Env;
  readonly #post: Post;
  readonly #events: ClientTransportEvents;
  readonly #uplink: HttpUplink;
  /** Ends what brings frames; frames to the server may still leave. */
  readonly #down = new AbortController();
  readonly #up = new AbortController();
  #over = false;

  constructor({ env, url, fetch }: HttpConnectOptions, protocols: string[], events: ClientTransportEvents) {
    this.env = env;
    this.#post = { fetch, url, token: readSubprotocols(protocols).token };
    this.#events = events;
    this.#uplink = new HttpUplink({
      env,
      post: this.#post,
      signal: this.#up.signal,
      failed: (fault) => this.fail(fault),
    });
  }

  get over(): boolean {
    return this.#over;
  }

  /** Aborted when the link is over. */
  get signal(): AbortSignal {
    return this.#down.signal;
  }

  post(path: string, body: Parameters<typeof post>[2]['body'], signal = this.signal): Promise<Response> {
    return post(this.#post, path, { body, signal });
  }

  begin(key: string): void {
    this.#uplink.begin(key);
    if (!this.#over) this.#events.open();
  }

  receive(message: string | Uint8Array): void {
    if (!this.#over) this.#events.message(message);
  }

  send(message: string | Uint8Array): void {
    if (!this.#over) this.#uplink.send(message);
  }

  close(code: number, reason: string): void {
    this.#uplink.close();
    this.ended(code, reason);
  }

  /** The server has closed, or the client has. */
  ended(code: number, reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#down.abort();
    this.#events.close(code, reason);
  }

  fail(error: unknown): void {
    this.#up.abort();
    const fault: Fault = toFault(error);
    // No answer is what a cut socket is; `unavailable` as a close code would say that the server said so.
    const code = fault.code === 'unavailable' || fault.code === 'internal' ? null : CODES[fault.code].close;
    this.ended(code ?? ABNORMAL, fault.message);
  }
}
