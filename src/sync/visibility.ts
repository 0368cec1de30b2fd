/**
 * What a change is to one viewer: a put, a removal, or nothing. Decided from the images before and after,
 * so a row that leaves his sight is a delete, one that enters is an insert with the whole row, and a row
 * that he could never see is never named. [S4] For replicas here, for subscriptions in live-set.ts.
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

/** A row to somebody, around a change. */
export interface Turn {
  readonly old: JsonObject | undefined;
  readonly now: JsonObject | undefined;
}

export interface RowReader {
  readonly clause: SqlClause;
  /** Undefined when he may not have it. */
  row(data: JsonObject): JsonObject | undefined;
}

export class Visibility {
  readonly #access: Access;
  /** Of replicas and of subscriptions. */
  readonly #entities: ReadonlyMap<string, AnyEntity>;
  readonly #replicated: ReadonlySet<string>;

  constructor(schema: Schema, access: Access) {
    this.#access = access;
    const open = schema.entities.filter(({ sync }) => sync !== 'none');
    this.#entities = new Map(open.map((e) => [e.name, e]));
    this.#replicated = new Set(open.filter(({ sync }) => sync === 'all').map(({ name }) => name));
  }

  /** The entities whose rows are part of a replica. */
  get entities(): readonly string[] {
    return [...this.#replicated];
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
      for (const sight of sights) {
        if (!this.#replicated.has(sight.entity)) continue;
        const op = opOf(sight, this.turn(sight, viewer), { seq, at });
        if (op) ops.push(op);
      }
    }
    return ops;
  }

  /** A row as this viewer saw it before and as he sees it after; undefined where he does not. */
  turn({ entity, before, after, witnessesBefore, witnessesAfter }: Sight, viewer: Viewer): Turn {
    return {
      old: this.#seen(entity, { data: before, witnesses: witnessesBefore }, viewer),
      now: this.#seen(entity, { data: after, witnesses: witnessesAfter }, viewer),
    };
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

/** Undefined when nothing is to be told. */
export function opOf(
  { entity, id }: { readonly entity: string; readonly id: string },
  { old, now }: Turn,
  { seq, at }: Pick<Commit, 'seq' | 'at'>,
): RowOp | undefined {
  if (now ? jsonEquals(old, now) : !old) return undefined;
  const op = { seq, entity, row_id: id, timestamp: at };
  return now ? { ...op, kind: old ? 'update' : 'insert', data: now } : { ...op, kind: 'delete' };
}

/** A row as those may have it who may read it: without server-only fields. */
function shown(entity: AnyEntity, data: JsonObject): JsonObject {
  const hidden = entity.serverOnlyFields;
  if (hidden.length === 0) return data;
  return Object.fromEntries(Object.entries(data).filter(([key]) => !hidden.includes(key)));
}
