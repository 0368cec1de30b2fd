/** A copy of a leading tab's rows in the messages in which a server sends one. Used by tab-relay.ts. [S2] */
import type { JsonObject } from '../base/json.ts';
import type { Cursor, SubscriptionPart } from '../protocol/row-batch.ts';
import type { ServerMessage } from '../protocol/server-message.ts';

/** The rows as the server confirmed them, without the user's own writes over them. */
export interface ConfirmedRows {
  readonly cursor: Cursor | null;
  entities(): Iterable<[string, ReadonlyMap<string, JsonObject>]>;
}

export interface TabCopy {
  readonly rows: ConfirmedRows;
  /** Where the rows stand. */
  readonly cursor: Cursor;
  /** Entities whose rows are those of the leader's own subscriptions: no part of a copy. */
  readonly queried: readonly string[];
  /** What comes with the batch that ends it. */
  readonly subs: SubscriptionPart[];
}

const PAGE_ROWS = 500;

export function* copyOf({ rows, cursor, queried, subs }: TabCopy): Iterable<ServerMessage> {
  yield { t: 'reset', cursor };
  for (const [entity, table] of rows.entities()) {
    if (queried.includes(entity)) continue;
    let page: { row_id: string; data: JsonObject }[] = [];
    for (const [row_id, data] of table) {
      page.push({ row_id, data });
      if (page.length < PAGE_ROWS) continue;
      yield { t: 'page', entity, rows: page, last: false };
      page = [];
    }
    if (page.length > 0) yield { t: 'page', entity, rows: page, last: false };
  }
  yield { t: 'page', entity: null, rows: [], last: true };
  yield { t: 'batch', from: cursor.seq, to: cursor.seq, ops: [], ...(subs.length > 0 && { subs }) };
}
