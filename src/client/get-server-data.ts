/**
 * Reads the rows for one render on a server: pages of a copy, then what came after the cursor of the first, so
 * that all are of one moment. [S6]
 */
import { Fault, isFault } from '../base/fault.ts';
import { parseShape } from '../base/shape.ts';
import { type CopyPage, copyAnswer, pulled } from '../protocol/sync-http.ts';
import { httpJson } from './http-json.ts';
import { fingerprint } from './last-session.ts';
import type { ServerData } from './server-data.ts';

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
