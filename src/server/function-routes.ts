/**
 * Functions over HTTP: `POST /api/fn/<name>`, the same door as a call on the socket [P3], and the routes of
 * the app. Host makes the list; http-app.ts mounts it.
 *
 *   POST /api/fn/notes.create  {"title":"x"}   ->  200 {"value":{"id":"..."},"seq":7}
 *   Accept: text/event-stream  answers with what an action streams as well (event-stream.ts)
 *   Idempotency-Key: <op id>   makes a mutation or an action run at most once, however often it is sent. [L3]
 */
import type { Env } from '../base/env.ts';
import { Fault } from '../base/fault.ts';
import { type Json, parseJson } from '../base/json.ts';
import { parseShape, s } from '../base/shape.ts';
import type { Functions } from '../functions/call.ts';
import type { RegisteredRoute } from '../functions/registry.ts';
import type { Route } from '../plugin/route.ts';
import type { Limits } from '../protocol/limits.ts';
import { eventStream } from './event-stream.ts';

/** As `op` in protocol/client-message.ts. */
const opIdShape = s.string(64);

interface FunctionRouteOptions {
  readonly limits: Limits;
  /** Bytes of a streamed answer that wait for a slow reader. */
  readonly streamBytes: number;
}

export function functionRoute(
  env: Env,
  functions: Functions,
  { limits, streamBytes }: FunctionRouteOptions,
): Route {
  return {
    method: 'POST',
    path: '/api/fn/:name',
    handle: async (request, { viewer, param }) => {
      const opId = readOpId(request);
      const args = await readBody(request, limits);
      const { signal } = request;
      const call = { name: param('name'), args, viewer, opId };
      if (takesEvents(request)) {
        return eventStream(env, {
          bufferBytes: streamBytes,
          pingMs: limits.pingMs,
          call: (onChunk, gone) =>
            functions.call({ ...call, onChunk, signal: AbortSignal.any([signal, gone]) }),
        });
      }
      const { value, seq } = await functions.call({ ...call, signal });
      return Response.json({ ...(value !== undefined && { value }), ...(seq !== null && { seq }) });
    },
  };
}

export function appRoute(functions: Functions, route: RegisteredRoute): Route {
  return {
    method: route.method,
    path: route.path,
    handle: (request, { viewer, address, param }) =>
      functions.route(route, { request, viewer, address, param }),
  };
}

/** What http-app.ts and ws-transport.ts answer themselves. */
const TAKEN: ReadonlySet<string> = new Set(['/health', '/ready', '/metrics', '/ws']);

/** Throws Fault `invalid` for a route that another one hides. */
export function assertDistinct(routes: readonly Route[]): void {
  const seen = new Set<string>();
  for (const { method, path } of routes) {
    if (!path.startsWith('/')) throw new Fault('invalid', `a route's path begins with "/": ${path}`);
    const name = `${method} ${path.replace(/:\w+/g, ':')}`;
    if (TAKEN.has(path) || seen.has(name)) throw new Fault('invalid', `two routes for ${method} ${path}`);
    seen.add(name);
  }
}

function takesEvents(request: Request): boolean {
  const types = (request.headers.get('Accept') ?? '').split(',');
  return types.some((type) => type.split(';')[0]!.trim().toLowerCase() === 'text/event-stream');
}

/** Undefined without the header. */
export function readOpId(request: Request): string | undefined {
  const key = request.headers.get('Idempotency-Key');
  return key ? parseShape(opIdShape, key, 'Idempotency-Key') : undefined;
}

/** No body is an empty object. The body's size was limited on its way in. */
export async function readBody(request: Request, { textBytes, jsonDepth }: Limits): Promise<Json> {
  const text = await request.text();
  return text.trim() === '' ? {} : parseJson(text, { maxChars: textBytes, maxDepth: jsonDepth });
}
