/**
 * Rows read on a server and put into the page that it renders: `getServerData` makes them, `engine.hydrate`
 * shows them. They are of one moment and one identity, and say so. [S6] [S8]
 */
import { Fault, isFault } from '../base/fault.ts';
import { type Infer, parseShape, s } from '../base/shape.ts';
import { cursorShape } from '../protocol/row-batch.ts';
import { sessionInfo } from '../protocol/server-message.ts';
import { type CopyPage, copyAnswer, pulled } from '../protocol/sync-http.ts';
import { httpJson } from './http-json.ts';
import { fingerprint } from './last-session.ts';

export const serverData = s.object({
  /** Whose rows they are. */
  session: sessionInfo,
  /** A hash of the token that they were read with: a page with the same one may show them at once. */
  token: s.string(64),
  cursor: cursorShape,
  /** All that a replica holds: the engine goes on from the cursor. Else it makes a copy of its own. */
  whole: s.bool(),
  rows: s.array(s.object({ entity: s.string(64), id: s.string(64), data: s.jsonObject() })),
});
/** JSON-safe; `serializeServerData` makes it a text for a page. */
export type ServerData = Infer<typeof serverData>;

export interface ServerDataOptions {
  readonly token?: string | null;
  /** More rows than this are refused with `too_large`; 10,000 by default. */
  readonly maxRows?: number;
}

const DEFAULT_MAX_ROWS = 10_000;
/** Copies that are begun anew when the log is trimmed, or says nothing, meanwhile. */
const TRIES = 3;

/**
 * The rows of these entities (of all with `sync: 'all'`, without a list) that the token's identity may see,
 * for one render. Throws the server's Fault, `unavailable`, or `too_large`.
 */
export async function getServerData(
  url: string,
  entities: readonly string[] | undefined,
  { token = null, maxRows = DEFAULT_MAX_ROWS }: ServerDataOptions = {},
): Promise<ServerData> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await read({ url, token, maxRows }, entities);
    } catch (error) {
      if (!isFault(error, 'stale_cursor') || attempt >= TRIES) throw error;
    }
  }
}

/** Text for a `<script type="application/json">`, or for any script: it ends no element. */
export function serializeServerData(data: ServerData): string {
  return JSON.stringify(data)
    .replaceAll('<', '\\u003c')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');
}

/** Throws Fault `invalid` for what is no server data. */
export function parseServerData(value: unknown): ServerData {
  return parseShape(serverData, value, 'server data');
}

interface Source {
  readonly url: string;
  readonly token: string | null;
  readonly maxRows: number;
}

async function read(source: Source, entities: readonly string[] | undefined): Promise<ServerData> {
  const { token, maxRows } = source;
  const rows = new Map<string, ServerData['rows'][number]>();
  const put = (entity: string, id: string, data: CopyPage['rows'][number]['data']) => {
    rows.set(`${entity}:${id}`, { entity, id, data: { ...data, id } });
    if (rows.size > maxRows) throw new Fault('too_large', `more than ${maxRows} rows`);
  };
  const named: Record<string, string> = entities ? { entities: entities.join(',') } : {};
  const first = parseShape(copyAnswer, await ask(source, named), 'answer');
  const { cursor, whole } = first.copy;
  for (let { copy } = first; ; ) {
    for (const { entity, row_id, data } of copy.rows) put(entity, row_id, data);
    if (copy.next === null) break;
    ({ copy } = parseShape(copyAnswer, await ask(source, { ...named, after: copy.next }), 'answer'));
  }
  // Pages may be newer than their cursor; with what came after it, they are one moment.
  let { seq } = cursor;
  for (let more = true; more; ) {
    const answer = parseShape(pulled, await ask(source, { epoch: cursor.epoch, seq: String(seq) }), 'answer');
    for (const { entity, row_id, data } of answer.ops) {
      if (entities && !entities.includes(entity)) continue;
      if (data) put(entity, row_id, data);
      else rows.delete(`${entity}:${row_id}`);
    }
    ({ to: seq, more } = answer);
  }
  const { session } = first;
  return { session, token: fingerprint(token), cursor: { ...cursor, seq }, whole, rows: [...rows.values()] };
}

function ask({ url, token }: Source, params: Record<string, string>): Promise<unknown> {
  const target = new URL('/api/sync/pull', url);
  target.search = new URLSearchParams(params).toString();
  return httpJson(target.href, { method: 'GET', token });
}
