/** For tests: the other end of a replica. */
import { expect } from 'vitest';
import type { Fault } from '../../base/fault.ts';
import type { JsonObject } from '../../base/json.ts';
import type { ServerMessage } from '../../protocol/server-message.ts';

/** A client's end: keeps what it is sent, and may be slow. */
export class Reader {
  readonly messages: ServerMessage[] = [];
  /** Messages it takes before its lane is full. */
  room = Number.POSITIVE_INFINITY;

  send(text: string): boolean {
    if (this.room <= 0) return false;
    this.room--;
    this.messages.push(JSON.parse(text));
    return true;
  }

  dropped(id: number, { code, message }: Fault): void {
    this.messages.push({ t: 'dropped', id, error: { code, message } });
  }

  /** The rows of one subscription, as a client that follows the rules holds them. */
  subscribed(id: number): Map<string, JsonObject> {
    const rows = new Map<string, JsonObject>();
    for (const part of this.batches().flatMap(({ subs = [] }) => subs)) {
      if (part.id !== id) continue;
      if (part.rows) rows.clear();
      for (const { row_id, data } of part.rows ?? []) rows.set(row_id, data);
      for (const { row_id, kind, data = {} } of part.ops ?? []) {
        expect([row_id, rows.has(row_id)]).toEqual([row_id, kind !== 'insert']);
        if (kind === 'delete') rows.delete(row_id);
        else rows.set(row_id, data);
      }
    }
    return rows;
  }

  batches() {
    return this.messages.flatMap((m) => (m.t === 'batch' ? [m] : []));
  }

  ops() {
    return this.batches().flatMap(({ ops }) =>
      ops.map(({ kind, row_id, data }) => [kind, row_id, data?.title]),
    );
  }

  /** What a client that follows the rules holds now. [S2] */
  rows(): Record<string, unknown> {
    const rows = new Map<string, unknown>();
    let cursor: number | undefined;
    for (const message of this.messages) {
      if (message.t === 'reset') {
        rows.clear();
        cursor = message.cursor.seq;
      } else if (message.t === 'page') {
        for (const { row_id, data } of message.rows) rows.set(row_id, data.title);
      } else if (message.t === 'batch') {
        if (cursor !== undefined) expect(message.from).toBe(cursor);
        cursor = message.to;
        for (const op of message.ops) {
          if (op.kind === 'delete') rows.delete(op.row_id);
          else rows.set(op.row_id, op.data?.title);
        }
      }
    }
    return Object.fromEntries(rows);
  }
}
