/** What the schema makes of a write before it is sent: checked, with defaults. Without a schema it goes as it is. */
import type { JsonObject } from '../base/json.ts';
import type { Schema } from '../schema/define-schema.ts';
import { buildManifest } from '../schema/manifest.ts';
import type { TypedSpec } from '../schema/match.ts';
import type { QuerySpec } from '../schema/query-spec.ts';

export class RowDrafts {
  /** Of the manifest; '' without a schema. */
  readonly hash: string;
  readonly #schema: Schema | undefined;
  /** Fields that documents fill, as they are before, by entity. */
  readonly #projected: ReadonlyMap<string, JsonObject>;

  constructor(schema: Schema | undefined) {
    this.#schema = schema;
    this.hash = schema ? buildManifest(schema).hash : '';
    this.#projected = new Map(
      schema?.entities.map(({ name, fields, projectedFields }) => [
        name,
        Object.fromEntries(projectedFields.map((key) => [key, fields[key]!.spec.default ?? null])),
      ]),
    );
  }

  /** The fields of an insert. Throws `invalid`, and `not_found` for an unknown entity. */
  insert(entity: string, id: string, data: JsonObject): JsonObject {
    if (!this.#schema) return data;
    const row = this.#schema.entity(entity).parseInsert(id, data);
    const projected = this.projected(entity);
    return Object.fromEntries(
      Object.entries(row).filter(([key]) => key !== 'id' && !Object.hasOwn(projected, key)),
    );
  }

  update(entity: string, patch: JsonObject): JsonObject {
    return this.#schema?.entity(entity).parsePatch(patch) ?? patch;
  }

  /** Entities whose rows come by live queries alone; undefined without a schema. */
  get queried(): readonly string[] | undefined {
    return this.#schema?.entities.filter(({ sync }) => sync === 'query').map(({ name }) => name);
  }

  /** The query with its entity's fields, so that it is ordered as SQL orders it. */
  typed(spec: QuerySpec): TypedSpec {
    const entity = this.#schema?.entities.find(({ name }) => name === spec.entity);
    return entity ? { ...spec, fields: entity.fields } : spec;
  }

  /** What a new row holds besides the fields of its insert. */
  projected(entity: string): JsonObject {
    return this.#projected.get(entity) ?? {};
  }
}
