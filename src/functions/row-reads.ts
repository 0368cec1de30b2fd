/**
 * Rows for callers from outside, without any function of the app: one by its id, or a page of a query. Used by
 * the REST routes. Policies decide; what is server-only neither leaves nor can be asked about, since an
 * answer to `secret > 'm'` is a piece of the secret. [P3] [S4]
 */
import { Fault } from '../base/fault.ts';
import type { JsonObject } from '../base/json.ts';
import type { Viewer } from '../policy/viewer.ts';
import type { AnyEntity, Schema } from '../schema/define-schema.ts';
import { fieldsOf } from '../schema/filter.ts';
import type { QuerySpec } from '../schema/query-spec.ts';
import type { Store } from '../store/store.ts';
import { DbReader } from './db-reader.ts';
import { type Page, type Pagination, RowQuery } from './row-query.ts';
import type { Decider, Sight } from './row-source.ts';

export interface RowReadsDeps {
  readonly schema: Schema;
  readonly store: Store;
  readonly access: Decider;
}

export class RowReads {
  readonly #deps: RowReadsDeps;

  constructor(deps: RowReadsDeps) {
    this.#deps = deps;
  }

  /** Throws `not_found`, also for a row that this viewer may not see. */
  async get(name: string, id: string, viewer: Viewer): Promise<JsonObject> {
    const entity = openEntity(this.#deps.schema, name);
    const row = await this.#deps.store.read((snapshot) =>
      new DbReader<Schema>(snapshot, this.#sight(viewer)).get(name, id),
    );
    if (!row) throw new Fault('not_found', `no ${name} ${id}`);
    return withoutSecrets(entity, row);
  }

  /** Throws `invalid`, `not_found` for an unknown entity, and what `paginate` throws. */
  async page(spec: QuerySpec, page: Pagination, viewer: Viewer): Promise<Page<JsonObject>> {
    const entity = openEntity(this.#deps.schema, spec.entity);
    const asked = [
      ...Object.keys(spec.where ?? {}),
      ...(spec.orderBy ?? []).map(({ field }) => field),
      ...(spec.filter ? fieldsOf(spec.filter) : []),
    ];
    refuseSecrets(entity, asked);
    const { rows, ...rest } = await this.#deps.store.read((source) => {
      const plan = { spec, index: undefined, include: [] };
      return new RowQuery({ source, sight: this.#sight(viewer) }, entity, plan).paginate(page);
    });
    return { rows: rows.map((row) => withoutSecrets(entity, row as JsonObject)), ...rest };
  }

  #sight(viewer: Viewer): Sight {
    const { schema, access } = this.#deps;
    return { schema, access, viewer, onElevated: () => {} };
  }
}

/** Throws `not_found` for what is no entity, and for one that only functions may touch. */
export function openEntity(schema: Schema, name: string): AnyEntity {
  const entity = schema.entities.find((known) => known.name === name);
  if (!entity || entity.sync === 'none') throw new Fault('not_found', `no entity ${JSON.stringify(name)}`);
  return entity;
}

/** Throws `invalid`, as for a field that is not there. */
export function refuseSecrets(entity: AnyEntity, fields: readonly string[]): void {
  const secret = fields.find((name) => entity.serverOnlyFields.includes(name));
  if (secret !== undefined) throw new Fault('invalid', `${entity.name} has no field "${secret}" for clients`);
}

function withoutSecrets(entity: AnyEntity, row: JsonObject): JsonObject {
  const hidden = entity.serverOnlyFields;
  if (hidden.length === 0) return row;
  return Object.fromEntries(Object.entries(row).filter(([key]) => !hidden.includes(key)));
}
