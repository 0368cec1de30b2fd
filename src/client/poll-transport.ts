/**
 * Connects by requests alone, where not even streams pass: each asks for the frames behind the last one that
 * came, and the server holds it until there are some, or for `intervalMs`. An answer that is lost is asked
 * for again, and what was not acknowledged comes again. [S9]
 */
import { backoffMs } from '../base/backoff.ts';
import { parseJson } from '../base/json.ts';
import { parseShape } from '../base/shape.ts';
import { tunnelPulled } from '../protocol/tunnel.ts';
import { type HttpConnectOptions, HttpLink } from './http-link.ts';
import { mayRetry } from './http-uplink.ts';
import type { Connect } from './transport.ts';

export interface PollConnectOptions extends HttpConnectOptions {
  /** How long a request waits at the server when there is nothing to tell. */
  readonly intervalMs: number;
}

/** Of an answer: more than the outbox of any server hands over at once. */
const LIMITS = { maxChars: 256 << 20, maxDepth: 8 };
const TRIES = 4;
const RETRY = { baseMs: 100, capMs: 2000 };
/** Beyond what the server waits. */
const GRACE_MS = 10_000;

export function pollConnect(options: PollConnectOptions): Connect {
  return (protocols, events) => {
    const link = new HttpLink(options, protocols, events);
    run(link, options.intervalMs).catch((error: unknown) => link.fail(error));
    return link;
  };
}

async function run(link: HttpLink, intervalMs: number): Promise<void> {
  const { key } = await pull(link, { ack: 0, wait_ms: 0 });
  link.begin(key);
  let ack = 0;
  while (!link.over) {
    const { to, frames, close } = await retried(link, { key, ack, wait_ms: intervalMs });
    ack = to;
    for (const frame of frames) link.receive(frame);
    if (close) return link.ended(close.code, close.reason);
  }
}

type Ask = { key?: string; ack: number; wait_ms: number };

async function retried(link: HttpLink, ask: Ask) {
  const { clock, random } = link.env;
  for (let attempt = 0; ; attempt++) {
    try {
      return await pull(link, ask);
    } catch (error) {
      if (!mayRetry(error) || attempt + 1 >= TRIES || link.over) throw error;
    }
    await new Promise<void>((resolve) => clock.after(backoffMs(attempt, random, RETRY), resolve));
  }
}

async function pull(link: HttpLink, ask: Ask) {
  const late = new AbortController();
  const cancel = link.env.clock.after(ask.wait_ms + GRACE_MS, () => late.abort());
  try {
    const response = await link.post('/api/sync/pull', ask, AbortSignal.any([link.signal, late.signal]));
    const text = await response.text();
    return parseShape(tunnelPulled, parseJson(text, LIMITS), 'answer', 'bad_message');
  } finally {
    cancel();
  }
}
