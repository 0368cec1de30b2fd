/**
 * Queues over HTTP, for those without a socket: one search per user and queue, so nothing secret is in a path.
 *
 *   POST   /api/match/:queue  {"party":{"id":..,"size":..},"data":..}   begins a search (anew): its state
 *   GET    /api/match/:queue?wait=20    its state, when it is found or over, or after so many seconds
 *   DELETE /api/match/:queue            ends it
 *
 * A state is what travels in a channel (core/match-frame.ts). A search that is over is an error with its status. One
 * that nobody asks about for `matchIdleMs` is over. [N3] Added by plugin.ts.
 */
import type { Cancel, Env } from '../../src/base/env.ts';
import { Fault } from '../../src/base/fault.ts';
import { parseJson } from '../../src/base/json.ts';
import { parseShape } from '../../src/base/shape.ts';
import type { Route, RouteContext } from '../../src/plugin/route.ts';
import { wishShape } from '../core/match-frame.ts';
import type { MatchQueue, Search, SearchState } from './match-queue.ts';
import type { ShardsOptions } from './options.ts';

const PATH = '/api/match/:queue';
const BODY = { maxChars: 8192, maxDepth: 32 };
const MAX_WAIT_SECONDS = 30;

interface Asked {
  state: SearchState | undefined;
  search: Search | undefined;
  /** Requests that wait for the next state. */
  readonly waiting: Set<() => void>;
  idle: Cancel;
}

export class MatchRequests {
  readonly routes: readonly Route[];
  readonly #env: Env;
  readonly #queues: ReadonlyMap<string, MatchQueue>;
  readonly #idleMs: number;
  readonly #asked = new Map<string, Asked>();

  constructor(env: Env, queues: ReadonlyMap<string, MatchQueue>, options: ShardsOptions) {
    this.#env = env;
    this.#queues = queues;
    this.#idleMs = options.matchIdleMs;
    this.routes =
      queues.size === 0
        ? []
        : [
            { method: 'POST', path: PATH, handle: (request, context) => this.#enter(request, context) },
            { method: 'GET', path: PATH, handle: (request, context) => this.#look(request, context) },
            { method: 'DELETE', path: PATH, handle: (_, context) => this.#leave(context) },
          ];
  }

  close(): void {
    for (const [key, asked] of [...this.#asked]) this.#drop(key, asked);
  }

  async #enter(request: Request, context: RouteContext): Promise<Response> {
    const { queue, key } = this.#place(context);
    const text = await request.text();
    const wish = parseShape(wishShape, text.trim() === '' ? {} : parseJson(text, BODY), 'body');
    const asked: Asked = { state: undefined, search: undefined, waiting: new Set(), idle: () => {} };
    asked.search = await queue.enter(context.viewer, wish, (state) => {
      asked.state = state;
      for (const tell of [...asked.waiting]) tell();
    });
    const earlier = this.#asked.get(key);
    if (earlier) this.#drop(key, earlier);
    this.#asked.set(key, asked);
    return this.#answer(key, asked);
  }

  async #look(request: Request, context: RouteContext): Promise<Response> {
    const { key } = this.#place(context);
    const asked = this.#asked.get(key);
    if (!asked) throw new Fault('not_found', 'no search: begin one');
    const seconds = Number(new URL(request.url).searchParams.get('wait') ?? 0);
    if (!(seconds >= 0 && seconds <= MAX_WAIT_SECONDS))
      throw new Fault('invalid', `wait is 0 to ${MAX_WAIT_SECONDS} seconds`);
    if (!isEnd(asked.state) && seconds > 0) await this.#end(asked, seconds * 1000, request.signal);
    return this.#answer(key, asked);
  }

  #leave(context: RouteContext): Response {
    const { key } = this.#place(context);
    const asked = this.#asked.get(key);
    if (asked) this.#drop(key, asked);
    return Response.json({ left: asked !== undefined });
  }

  /** Resolves at the end of the search, or of the time, or when nobody listens any more. */
  #end(asked: Asked, waitMs: number, signal: AbortSignal): Promise<void> {
    asked.idle();
    return new Promise((resolve) => {
      const done = () => {
        asked.waiting.delete(tell);
        signal.removeEventListener('abort', done);
        cancel();
        resolve();
      };
      const tell = () => {
        if (isEnd(asked.state)) done();
      };
      const cancel = this.#env.clock.after(waitMs, done);
      asked.waiting.add(tell);
      signal.addEventListener('abort', done);
    });
  }

  #answer(key: string, asked: Asked): Response {
    asked.idle();
    asked.idle = this.#env.clock.after(this.#idleMs, () => {
      if (asked.waiting.size === 0) this.#drop(key, asked); // else the one that waits answers, and comes here again
    });
    if (asked.state?.t === 'over') throw asked.state.fault;
    return Response.json(asked.state);
  }

  #drop(key: string, asked: Asked): void {
    asked.idle();
    if (this.#asked.get(key) === asked) this.#asked.delete(key);
    const queue = this.#queues.get(key.slice(0, key.indexOf('/')));
    if (asked.search) queue?.leave(asked.search);
  }

  #place({ viewer, param }: RouteContext): { queue: MatchQueue; key: string } {
    const name = param('queue');
    const queue = this.#queues.get(name);
    if (!queue) throw new Fault('not_found', `no queue ${name}`);
    if (viewer.userId === null) throw new Fault('unauthorized', 'sign in to play');
    return { queue, key: `${name}/${viewer.userId}` };
  }
}

function isEnd(state: SearchState | undefined): boolean {
  return state?.t === 'matched' || state?.t === 'over';
}
