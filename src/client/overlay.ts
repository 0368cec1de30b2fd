/**
 * The user's own writes that the log does not cover yet, per row and in order. The view is always
 * base(seq) + these. [S7]
 */
import type { JsonObject } from '../base/json.ts';
import type { PushOp } from '../protocol/client-message.ts';

export class Overlay {
  readonly #layers = new Map<string, Map<string, PushOp[]>>();

  /** The layers of one row, oldest first. */
  of(entity: string, id: string): readonly PushOp[] | undefined {
    return this.#layers.get(entity)?.get(id);
  }

  /** The rows of an entity that have layers. */
  idsOf(entity: string): Iterable<string> {
    return this.#layers.get(entity)?.keys() ?? [];
  }

  clear(): void {
    this.#layers.clear();
  }

  add(op: PushOp): void {
    let rows = this.#layers.get(op.entity);
    if (!rows) {
      rows = new Map();
      this.#layers.set(op.entity, rows);
    }
    const layers = rows.get(op.row_id);
    if (layers) layers.push(op);
    else rows.set(op.row_id, [op]);
  }

  remove(op: PushOp): void {
    const rows = this.#layers.get(op.entity);
    const layers = rows?.get(op.row_id)?.filter((other) => other.op_id !== op.op_id);
    if (!rows || !layers) return;
    if (layers.length > 0) rows.set(op.row_id, layers);
    else rows.delete(op.row_id);
  }
}

/** A row with layers over it; undefined when there is none. `projected`: see RowViewDeps. */
export function replay(
  base: JsonObject | undefined,
  layers: readonly PushOp[],
  projected: (entity: string) => JsonObject,
): JsonObject | undefined {
  let row = base;
  for (const { entity, kind, data, row_id } of layers) {
    if (kind === 'delete') row = undefined;
    // An insert over an existing row has arrived already: the server's row says more.
    else if (kind === 'insert') row ??= { ...projected(entity), ...data, id: row_id };
    // An update of a row that is gone stays without effect: deletes win. [S5]
    else if (row) row = { ...row, ...data };
  }
  return row;
}
