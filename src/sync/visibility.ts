/**
 * What a change is to one viewer: a put, a removal, or nothing. Decided from the images before and after,
 * so a row that leaves his sight is a delete, one that enters is an insert with the whole row, and a row
 * that he could never see is never named. [S4]
 */
import { type JsonObject, jsonEquals } from '../base/json.ts';
import type { Access } from '../policy/access.ts';
import type { Witnesses } from '../policy/evaluate.ts';
import { NO_ROWS, type SqlClause } from '../policy/to-sql.ts';
import type { Viewer } from '../policy/viewer.ts';
import type { RowOp } from '../protocol/row-batch.ts';
import type { AnyEntity, Schema } from '../schema/define-schema.ts';
import type { Commit } from '../store/change-log.ts';
import type { Findings, Sight } from './survey.ts';

interface Image {
  readonly data: JsonObject | null;
  readonly witnesses: Witnesses | undefined;
}

export interface RowReader {
  readonly clause: SqlClause;
  /** Undefined when he may not have it. */
  row(data: JsonObject): JsonObject | undefined;
}

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

  /**
   * The operations of `commits` that this viewer may see, in order; undefined when `findings`, of the commits
   * that need some, cannot tell.
   */
  ops(commits: readonly Commit[], findings: ReadonlyMap<Commit, Findings>, viewer: Viewer) {
    const ops: RowOp[] = [];
    for (const commit of commits) {
      const { seq, at } = commit;
      const found = findings.get(commit);
      const sights: readonly Sight[] | undefined = found ? found.sights(viewer) : commit.changes;
      if (!sights) return undefined;
      for (const { entity, id, before, after, witnessesBefore, witnessesAfter } of sights) {
        const old = this.#seen(entity, { data: before, witnesses: witnessesBefore }, viewer);
        const now = this.#seen(entity, { data: after, witnesses: witnessesAfter }, viewer);
        if (now ? jsonEquals(old, now) : !old) continue;
        const op = { seq, entity, row_id: id, timestamp: at };
        if (now) ops.push({ ...op, kind: old ? 'update' : 'insert', data: now });
        else ops.push({ ...op, kind: 'delete' });
      }
    }
    return ops;
  }

  /** For reading in number what this viewer may see: `clause` leaves the rest out, `row` makes it presentable. */
  reader(name: string, viewer: Viewer): RowReader {
    const entity = this.#entities.get(name);
    if (!entity) return { clause: NO_ROWS, row: () => undefined };
    const { clause, allows } = this.#access.reads(name, viewer);
    return { clause, row: (data) => (allows(data) ? shown(entity, data) : undefined) };
  }

  #seen(name: string, image: Image, viewer: Viewer): JsonObject | undefined {
    const { data, witnesses } = image;
    const entity = this.#entities.get(name);
    if (!entity || !data || !this.#access.may('read', name, viewer, { data, witnesses })) return undefined;
    return shown(entity, data);
  }
}

/** A row as those may have it who may read it: without server-only fields. */
function shown(entity: AnyEntity, data: JsonObject): JsonObject {
  const hidden = entity.serverOnlyFields;
  if (hidden.length === 0) return data;
  return Object.fromEntries(Object.entries(data).filter(([key]) => !hidden.includes(key)));
}
