/**
 * What a change is to one viewer: a put, a removal, or nothing. Decided from the images before and after,
 * so a row that leaves his sight is a delete, one that enters is an insert with the whole row, and a row
 * that he could never see is never named. [S4]
 */
import { type JsonObject, jsonEquals } from '../base/json.ts';
import type { Access } from '../policy/access.ts';
import { NO_ROWS, type SqlClause } from '../policy/to-sql.ts';
import type { Viewer } from '../policy/viewer.ts';
import type { RowOp } from '../protocol/row-batch.ts';
import type { AnyEntity, Schema } from '../schema/define-schema.ts';
import type { Commit } from '../store/change-log.ts';

export class Visibility {
  readonly #access: Access;
  readonly #entities: ReadonlyMap<string, AnyEntity>;

  constructor(schema: Schema, access: Access) {
    this.#access = access;
    this.#entities = new Map(schema.entities.filter((e) => e.sync === 'all').map((e) => [e.name, e]));
  }

  /** The entities whose rows are part of a replica. */
  get entities(): readonly string[] {
    return [...this.#entities.keys()];
  }

  /** The operations of `commits` that this viewer may see, in order. */
  ops(commits: readonly Commit[], viewer: Viewer): RowOp[] {
    const ops: RowOp[] = [];
    for (const { seq, at, changes } of commits) {
      for (const { entity, id, before, after } of changes) {
        const old = this.row(entity, before, viewer);
        const now = this.row(entity, after, viewer);
        if (now ? jsonEquals(old, now) : !old) continue;
        const op = { seq, entity, row_id: id, timestamp: at };
        if (now) ops.push({ ...op, kind: old ? 'update' : 'insert', data: now });
        else ops.push({ ...op, kind: 'delete' });
      }
    }
    return ops;
  }

  /** Leaves out, where rows are read in number, those for which `row` says undefined. */
  filter(name: string, viewer: Viewer): SqlClause {
    return this.#entities.has(name) ? this.#access.reads(name, viewer).clause : NO_ROWS;
  }

  /** The row as this viewer may have it: undefined when he may not, and without server-only fields. */
  row(name: string, data: JsonObject | null, viewer: Viewer): JsonObject | undefined {
    const entity = this.#entities.get(name);
    if (!entity || !data || !this.#access.may('read', name, viewer, { data })) return undefined;
    const hidden = entity.serverOnlyFields;
    if (hidden.length === 0) return data;
    return Object.fromEntries(Object.entries(data).filter(([key]) => !hidden.includes(key)));
  }
}
