/**
 * One request each, without an engine: rows and functions for scripts, servers and forms, typed by the app.
 * The token travels in the Authorization header. Errors are the server's Faults, or `unavailable` for no answer.
 */
import { isJsonObject, type Json } from '../base/json.ts';
import { parseShape, s } from '../base/shape.ts';
import type { AppShape, FunctionRef } from '../schema/app-shape.ts';
import type { QuerySpec } from '../schema/query-spec.ts';
import type { EntityOf, InsertOf, PatchOf, RowOf } from './app-rows.ts';
import { type HttpRequest, httpJson } from './http-json.ts';

export interface DirectOptions {
  readonly token?: string | null | undefined;
  /** An op id: however often the same write is sent, it is done once. [L3] */
  readonly idempotencyKey?: string | undefined;
}

export interface ListOptions extends Omit<QuerySpec, 'entity' | 'limit' | 'range'> {
  /** Rows of the page; 100 by default. */
  readonly size?: number;
  /** Of the page before; null for the first. */
  readonly cursor?: string | null;
}

export interface ListPage<R> {
  readonly rows: R[];
  readonly cursor: string | null;
  readonly done: boolean;
}

const listAnswer = s.object({
  rows: s.array(s.jsonObject()),
  cursor: s.nullable(s.string()),
  done: s.bool(),
});
const rowAnswer = s.object({ row: s.jsonObject() });
const insertAnswer = s.object({ id: s.string(64), seq: s.optional(s.nullable(s.int(0))) });

/** The calls of one server: `const direct = directCalls<App>(url, { token })`. */
export interface DirectCalls<App extends AppShape> {
  fetchList<E extends EntityOf<App>>(entity: E, options?: ListOptions): Promise<ListPage<RowOf<App, E>>>;
  /** Throws `not_found`, also for a row that this identity may not see. */
  fetchById<E extends EntityOf<App>>(entity: E, id: string): Promise<RowOf<App, E>>;
  /** The id of the new row. */
  insert<E extends EntityOf<App>>(
    entity: E,
    data: InsertOf<App, E>,
    options?: DirectOptions,
  ): Promise<string>;
  update<E extends EntityOf<App>>(
    entity: E,
    id: string,
    patch: PatchOf<App, E>,
    options?: DirectOptions,
  ): Promise<void>;
  remove(entity: EntityOf<App>, id: string, options?: DirectOptions): Promise<void>;
  callFn<Args, Result>(fn: FunctionRef<Args, Result>, args: Args, options?: DirectOptions): Promise<Result>;
}

/** `url` is the origin of the server. */
export function directCalls<App extends AppShape>(
  url: string,
  { token }: DirectOptions = {},
): DirectCalls<App> {
  const send = (path: string, request: HttpRequest, options: DirectOptions = {}): Promise<unknown> => {
    const key = options.idempotencyKey;
    const headers: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key };
    const by = options.token === undefined ? token : options.token;
    return httpJson(new URL(`/api/${path}`, url).href, {
      ...request,
      headers,
      ...(by != null && { token: by }),
    });
  };
  const pathOf = (entity: string, id?: string) =>
    ['entities', entity, ...(id === undefined ? [] : [id])].map(encodeURIComponent).join('/');
  const calls = {
    fetchList: async (entity: string, options?: ListOptions) => {
      const query = new URLSearchParams(listParams(options)).toString();
      return parseShape(listAnswer, await send(`${pathOf(entity)}?${query}`, { method: 'GET' }), 'answer');
    },
    fetchById: async (entity: string, id: string) =>
      parseShape(rowAnswer, await send(pathOf(entity, id), { method: 'GET' }), 'answer').row,
    insert: async (entity: string, body: Json, options?: DirectOptions) =>
      parseShape(insertAnswer, await send(pathOf(entity), { method: 'POST', body }, options), 'answer').id,
    update: async (entity: string, id: string, body: Json, options?: DirectOptions) =>
      void (await send(pathOf(entity, id), { method: 'PATCH', body }, options)),
    remove: async (entity: string, id: string, options?: DirectOptions) =>
      void (await send(pathOf(entity, id), { method: 'DELETE' }, options)),
    callFn: async (fn: { name: string }, args: Json, options?: DirectOptions) => {
      const request = { method: 'POST', body: args ?? {} } as const;
      const answer = await send(`fn/${encodeURIComponent(fn.name)}`, request, options);
      return isJsonObject(answer) ? answer.value : undefined;
    },
  };
  // The one door between JSON and what the app's types say of it.
  return calls as unknown as DirectCalls<App>;
}

function listParams({ where, filter, orderBy = [], size, cursor }: ListOptions = {}): Record<string, string> {
  const order = orderBy.map(({ field, direction }) => `${field}:${direction}`).join(',');
  return {
    ...(where && { where: JSON.stringify(where) }),
    ...(filter && { filter: JSON.stringify(filter) }),
    ...(order && { order }),
    ...(size !== undefined && { size: String(size) }),
    ...(cursor != null && { cursor }),
  };
}
