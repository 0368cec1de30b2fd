/**
 * Sync over HTTP: the connection of /ws carried by requests, for those who have no WebSocket, and pull and
 * push without a connection, for tools and rendering. Shapes: protocol/tunnel.ts, protocol/sync-http.ts.
 *
 *   POST /api/sync/events {}                    a session, and its frames as events (frame-stream.ts)
 *   POST /api/sync/pull   {"ack":0,"wait_ms":0} a session and its key; with the key, frames behind `ack`
 *   POST /api/sync/push   {"key":..,"n":1,"frames":[..]}     frames of the client
 *   POST /api/sync/push   {"ops":[..]}                       row writes without a session
 *   GET  /api/sync/pull?epoch=..&seq=..         what came after a cursor, or 410 `stale_cursor`
 *   GET  /api/sync/pull?entities=A,B&after=..   a page of a copy
 *
 * Bodies must be `application/json`, which a page of another origin cannot send unasked; identity comes from
 * the Authorization header alone, which no browser adds by itself. [P6]
 */
import { Fault } from '../base/fault.ts';
import { isJsonObject, type Json, parseJson } from '../base/json.ts';
import { parseShape, s } from '../base/shape.ts';
import type { Route, RouteContext } from '../plugin/route.ts';
import { sessionInfoOf } from '../plugin/session.ts';
import type { Limits } from '../protocol/limits.ts';
import { cursorShape } from '../protocol/row-batch.ts';
import { pushRequest } from '../protocol/sync-http.ts';
import { frameJson, tunnelPull, tunnelPush } from '../protocol/tunnel.ts';
import { copyPage, type PullDeps, pull } from '../sync/pull.ts';
import { bearerOf } from './bearer.ts';
import { frameStream } from './frame-stream.ts';
import { type HttpLimits, pushBytes } from './http-limits.ts';
import type { HttpSessions } from './http-sessions.ts';
import { type PushDeps, pushRows } from './push-rows.ts';

export interface SyncRouteDeps {
  readonly sessions: HttpSessions;
  readonly pull: PullDeps;
  readonly push: PushDeps;
  readonly limits: Limits;
  readonly http: HttpLimits;
}

const PULL_PARAMS: ReadonlySet<string> = new Set(['epoch', 'seq', 'entities', 'after']);
/** Of a push without a session: `{"ops":[{"data":{..}}]}` stands around the rows. */
const PUSH_DEPTH = 3;
const nothing = s.object({});

export function syncRoutes(deps: SyncRouteDeps): Route[] {
  const { limits } = deps;
  const read = (request: Request) => readJson(request, limits);
  return [
    {
      method: 'POST',
      path: '/api/sync/events',
      handle: async (request) => {
        parseShape(nothing, await read(request), 'body', 'bad_message');
        return openStream(deps.sessions, bearerOf(request.headers));
      },
    },
    {
      method: 'POST',
      path: '/api/sync/pull',
      handle: async (request) => poll(deps, request, await read(request)),
    },
    {
      method: 'POST',
      path: '/api/sync/push',
      handle: async (request, { viewer }) => {
        const body = await read(request);
        if (isJsonObject(body) && 'key' in body) return receive(deps.sessions, request, body);
        const { ops } = parseShape(pushRequest, body, 'body');
        return Response.json({ outcomes: await pushRows(deps.push, ops, viewer) });
      },
    },
    { method: 'GET', path: '/api/sync/pull', handle: (request, context) => readRows(deps, request, context) },
  ];
}

function openStream(sessions: HttpSessions, token: string | null): Response {
  const session = sessions.open(token);
  sessions.hold(session.key, token);
  let over = false;
  return frameStream(session, () => {
    if (over) return;
    over = true;
    sessions.end(session.key, token);
  });
}

async function poll({ sessions, http }: SyncRouteDeps, request: Request, body: Json): Promise<Response> {
  const { key: given, ack, wait_ms } = parseShape(tunnelPull, body, 'body', 'bad_message');
  const token = bearerOf(request.headers);
  if (given === undefined) return Response.json({ key: sessions.open(token).key, to: 0, frames: [] });
  const transport = sessions.get(given, token);
  const release = sessions.hold(given, token);
  try {
    const { to, frames, close } = await transport.fetch(ack, Math.min(wait_ms, http.longPollMs));
    return Response.json({ key: given, to, frames: frames.map(frameJson), ...(close && { close }) });
  } finally {
    release();
  }
}

async function receive(sessions: HttpSessions, request: Request, body: Json): Promise<Response> {
  const { key, n, frames, close } = parseShape(tunnelPush, body, 'body', 'bad_message');
  const token = bearerOf(request.headers);
  const release = sessions.hold(key, token); // and begins the wait anew
  try {
    sessions.get(key, token).receive(n, frames);
  } finally {
    release();
  }
  if (close) sessions.end(key, token);
  return Response.json({ n });
}

async function readRows(deps: SyncRouteDeps, request: Request, { viewer }: RouteContext): Promise<Response> {
  const params = new URL(request.url).searchParams;
  const unknown = [...params.keys()].find((key) => !PULL_PARAMS.has(key));
  if (unknown !== undefined) throw new Fault('invalid', `unknown parameter ${JSON.stringify(unknown)}`);
  const seq = params.get('seq');
  if (seq !== null) {
    const cursor = { epoch: params.get('epoch'), seq: seq === '' ? Number.NaN : Number(seq) };
    return Response.json(await pull(deps.pull, parseShape(cursorShape, cursor, 'cursor'), viewer));
  }
  const copy = await copyPage(
    deps.pull,
    {
      entities: params.get('entities')?.split(','),
      after: params.get('after'),
      size: deps.http.copyRows,
    },
    viewer,
  );
  return Response.json({ session: sessionInfoOf(viewer), copy });
}

async function readJson(request: Request, limits: Limits): Promise<Json> {
  const type = request.headers.get('Content-Type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') throw new Fault('invalid', 'the Content-Type must be application/json');
  const text = await request.text();
  return parseJson(text, { maxChars: pushBytes(limits), maxDepth: limits.jsonDepth + PUSH_DEPTH });
}
