/**
 * Row operations on the wire. A batch holds all that a session may see of the transactions in (from, to].
 * The list of operations is encoded once per audience; each distinct `from` costs only a new prefix.
 */
import type { Json } from '../base/json.ts';
import { type Infer, parseShape, s } from '../base/shape.ts';

export const cursorShape = s.object({ epoch: s.string(64), seq: s.int(0) });
export type Cursor = Infer<typeof cursorShape>;

/** The cursor that a client says it has; null when what it says is none. */
export function readCursor(value: Json): Cursor | null {
  try {
    return parseShape(cursorShape, value, 'cursor');
  } catch {
    return null;
  }
}

export const rowOp = s.object({
  seq: s.int(1),
  entity: s.string(),
  row_id: s.string(64),
  kind: s.oneOf('insert', 'update', 'delete'),
  /** The whole row as this session sees it; absent for `delete`. */
  data: s.optional(s.jsonObject()),
  /** Wall time of the commit on the server, ms since 1970. */
  timestamp: s.int(0),
});
export type RowOp = Infer<typeof rowOp>;

/** A row as this session sees it. */
export const sentRow = s.object({ row_id: s.string(64), data: s.jsonObject() });

/** What becomes of one subscription: all its rows anew, or what has changed in them. At most one op a row. */
export const subscriptionPart = s.object({
  id: s.int(0),
  rows: s.optional(s.array(sentRow)),
  ops: s.optional(s.array(rowOp)),
});
export type SubscriptionPart = Infer<typeof subscriptionPart>;

export const batchFields = {
  from: s.int(0),
  to: s.int(0),
  ops: s.array(rowOp),
  subs: s.optional(s.array(subscriptionPart)),
};

/** A `batch` text frame from operations that are encoded already. */
export function encodeBatch(from: number, to: number, opsJson: string): string {
  return `{"t":"batch","from":${from},"to":${to},"ops":${opsJson}}`;
}

/** For `encodeBatch`: operations and the parts of subscriptions. */
export function withParts(opsJson: string, parts: readonly string[]): string {
  return parts.length > 0 ? `${opsJson},"subs":[${parts.join(',')}]` : opsJson;
}

/** `text`: a list of rows or of ops, encoded once for all who share it. */
export function encodePart(id: number, kind: 'rows' | 'ops', text: string): string {
  return `{"id":${id},"${kind}":${text}}`;
}
