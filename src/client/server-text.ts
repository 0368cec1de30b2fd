/**
 * Parses the server's text frames. Rare messages go through their full shape; `batch` and `page`, which may
 * carry tens of thousands of rows, through a structural check that allocates nothing. [N1]
 */
import { Fault } from '../base/fault.ts';
import { isJsonObject, parseJson } from '../base/json.ts';
import { parseShape } from '../base/shape.ts';
import type { RowOp, SubscriptionPart } from '../protocol/row-batch.ts';
import { type ServerMessage, serverMessage } from '../protocol/server-message.ts';

export type Batch = Extract<ServerMessage, { t: 'batch' }>;
export type Page = Extract<ServerMessage, { t: 'page' }>;
export type Answer = Extract<ServerMessage, { t: 'answer' }>;
export type Dropped = Extract<ServerMessage, { t: 'dropped' }>;
export type Chunk = Extract<ServerMessage, { t: 'stream' }>;
export type Result = Extract<ServerMessage, { t: 'result' }>;
export type PageRow = Page['rows'][number];

/** Of one message from a server: a page of rows is far below it. */
const LIMITS = { maxChars: 64 << 20, maxDepth: 64 };

/** Throws Fault `bad_message` or `too_large`. */
export function parseServerText(text: string): ServerMessage {
  const json = parseJson(text, LIMITS);
  if (isJsonObject(json)) {
    if (json.t === 'batch') return isBatch(json) ? json : refuse('batch');
    if (json.t === 'page') return isPage(json) ? json : refuse('page');
  }
  return parseShape(serverMessage, json, 'message', 'bad_message');
}

function refuse(type: string): never {
  throw new Fault('bad_message', `malformed ${type}`);
}

function isSeq(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isBatch(value: object): value is Batch {
  const { from, to, ops, subs } = value as Partial<Batch>;
  if (!isSeq(from) || !isSeq(to) || from > to || !isListOf(ops, isRowOp)) return false;
  return subs === undefined || isListOf(subs, isPart);
}

function isPart(value: unknown): value is SubscriptionPart {
  if (!isJsonObject(value)) return false;
  const { id, rows, ops } = value;
  return (
    isSeq(id) &&
    (rows === undefined || isListOf(rows, isPageRow)) &&
    (ops === undefined || isListOf(ops, isRowOp))
  );
}

function isListOf<T>(value: unknown, is: (item: unknown) => item is T): value is T[] {
  return Array.isArray(value) && value.every(is);
}

function isRowOp(value: unknown): value is RowOp {
  if (!isJsonObject(value)) return false;
  const { seq, entity, row_id, kind, data } = value;
  return (
    isSeq(seq) &&
    typeof entity === 'string' &&
    typeof row_id === 'string' &&
    (kind === 'delete' || ((kind === 'insert' || kind === 'update') && isJsonObject(data)))
  );
}

function isPage(value: object): value is Page {
  const { entity, rows, last } = value as Partial<Page>;
  return (
    typeof last === 'boolean' &&
    Array.isArray(rows) &&
    (typeof entity === 'string' || (entity === null && rows.length === 0)) &&
    rows.every(isPageRow)
  );
}

function isPageRow(value: unknown): value is PageRow {
  return isJsonObject(value) && typeof value.row_id === 'string' && isJsonObject(value.data);
}
