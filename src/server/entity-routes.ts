/**
 * Rows over HTTP, for scripts and other languages: the same policies and the same ledger as pushes on the
 * socket. [P3] Entities with `sync: 'none'` and server-only fields are not there.
 *
 *   GET    /api/entities/Note?where={"done":false}&filter={..}&order=at:desc,title&size=50&cursor=..
 *          -> 200 {"rows":[..],"cursor":"..."|null,"done":false}
 *   POST   /api/entities/Note       {"title":"x"}    -> 201 {"id":"..","seq":7}    (`id` may be given)
 *   GET    /api/entities/Note/:id                    -> 200 {"row":{..}}
 *   PATCH  /api/entities/Note/:id   {"title":"y"}    -> 200 {"seq":8}
 *   DELETE /api/entities/Note/:id                    -> 200 {"seq":9}
 *
 * Writes take an `Idempotency-Key`. [L3]
 */
import { Fault } from '../base/fault.ts';
import { type JsonObject, parseJson } from '../base/json.ts';
import { parseShape, s } from '../base/shape.ts';
import type { Functions, RowWrite } from '../functions/call.ts';
import type { RowReads } from '../functions/row-reads.ts';
import type { Route, RouteContext } from '../plugin/route.ts';
import type { Limits } from '../protocol/limits.ts';
import { querySpec } from '../schema/query-spec.ts';
import { v } from '../schema/validator.ts';
import { readBody, readOpId } from './function-routes.ts';

/** Rows of a page when the caller does not say. */
export const DEFAULT_PAGE_ROWS = 100;

const PARAMS: ReadonlySet<string> = new Set(['where', 'filter', 'order', 'size', 'cursor']);
const dataShape = s.jsonObject();

interface Deps {
  readonly functions: Functions;
  readonly reads: RowReads;
  readonly limits: Limits;
}

export function entityRoutes({ functions, reads, limits }: Deps): Route[] {
  const one = '/api/entities/:entity/:id';
  const write = async (kind: RowWrite['kind'], request: Request, { viewer, param }: RouteContext) => {
    const op = { opId: readOpId(request), kind, entity: param('entity'), rowId: param('id') };
    const data = kind === 'delete' ? undefined : await readData(request, limits);
    const { seq } = await functions.write({ ...op, data }, viewer);
    return Response.json({ seq });
  };
  return [
    {
      method: 'GET',
      path: '/api/entities/:entity',
      handle: async (request, { viewer, param }) => {
        const { spec, page } = readQuery(param('entity'), new URL(request.url).searchParams, limits);
        return Response.json(await reads.page(spec, page, viewer));
      },
    },
    {
      method: 'POST',
      path: '/api/entities/:entity',
      handle: async (request, { viewer, param }) => {
        const { id: rowId, ...data } = await readData(request, limits);
        if (rowId !== undefined && typeof rowId !== 'string') throw new Fault('invalid', 'id must be a text');
        const op = { opId: readOpId(request), kind: 'insert', entity: param('entity'), data } as const;
        const { value: id, seq } = await functions.write(rowId === undefined ? op : { ...op, rowId }, viewer);
        return Response.json({ id, seq }, { status: 201 });
      },
    },
    {
      method: 'GET',
      path: one,
      handle: async (_, { viewer, param }) =>
        Response.json({ row: await reads.get(param('entity'), param('id'), viewer) }),
    },
    { method: 'PATCH', path: one, handle: (request, context) => write('update', request, context) },
    { method: 'DELETE', path: one, handle: (request, context) => write('delete', request, context) },
  ];
}

async function readData(request: Request, limits: Limits): Promise<JsonObject> {
  return parseShape(dataShape, await readBody(request, limits), 'body');
}

/** Throws `invalid` for what it does not know: a misspelt condition must not give all rows. */
function readQuery(entity: string, params: URLSearchParams, limits: Limits) {
  const unknown = [...params.keys()].find((key) => !PARAMS.has(key));
  if (unknown !== undefined) throw new Fault('invalid', `unknown parameter ${JSON.stringify(unknown)}`);
  const json = (key: string) => {
    const text = params.get(key);
    if (text === null) return {};
    return { [key]: parseJson(text, { maxChars: limits.textBytes, maxDepth: limits.jsonDepth }) };
  };
  const keys = params.get('order')?.split(',') ?? [];
  const orderBy = keys.map((key) => {
    const [field, direction = 'asc'] = key.split(':');
    return { field, direction };
  });
  const size = Number(params.get('size') ?? DEFAULT_PAGE_ROWS);
  return {
    spec: parseShape(querySpec, { entity, ...json('where'), ...json('filter'), orderBy }, 'query'),
    page: parseShape(v.pagination(), { cursor: params.get('cursor'), size }, 'query'),
  };
}
