/**
 * What a client keeps across reloads. Implementations: idb-persistence.ts (browser), MemoryPersistence
 * (tests, Node). Contract: rows are durable before the cursor that covers them. [S3] All of it belongs
 * to one owner (an identity); opening it for another owner empties it. [S8]
 */
import type { Json, JsonObject } from '../base/json.ts';
import type { PushOp } from '../protocol/client-message.ts';
import type { Cursor } from '../protocol/row-batch.ts';

export interface StoredRow {
  entity: string;
  id: string;
  data: JsonObject;
}

/** A queued call of a mutation that has an optimistic part. */
export interface CallOp {
  op_id: string;
  kind: 'call';
  fn: string;
  args: Json;
  /** When it was called, ms since 1970: its replays are told this time. */
  now: number;
}

export type Change = PushOp | CallOp;

/** A queued row write or call: `pending` until acknowledged, `failed` until retried or removed. */
export interface StoredOp {
  /** The op id; ids of one client grow in order of time. */
  id: string;
  change: Change;
  status: 'pending' | 'failed';
  error?: { code: string; message: string };
}

export interface RowChanges {
  put: StoredRow[];
  delete: { entity: string; id: string }[];
  /** True: forget all rows before writing these. */
  clear: boolean;
}

export interface StoredState {
  cursor: Cursor | null;
  rows: StoredRow[];
  ops: StoredOp[];
}

/**
 * What `change` makes of what stands under the keys that were asked for: the records to write, null for those to
 * delete. It is called at most once, within the transaction, and must not write to the bytes it was given.
 */
export type DocChange = (found: readonly (Uint8Array | null)[]) => ReadonlyMap<string, Uint8Array | null>;

/** What the planes keep: copies of documents, and edits that the server has not called durable yet. [D2] */
export interface DocPersistence {
  loadDoc(key: string): Promise<Uint8Array | null>;
  /** One transaction: no other page comes between the reading and the writing. All is written, or nothing. */
  changeDocs(keys: readonly string[], change: DocChange): Promise<void>;
}

export interface Persistence extends DocPersistence {
  load(owner: string): Promise<StoredState>;
  /** One transaction: the rows first, then the cursor. */
  saveRows(changes: RowChanges, cursor: Cursor | null): Promise<void>;
  saveOp(op: StoredOp): Promise<void>;
  deleteOp(id: string): Promise<void>;
  close(): void;
}
