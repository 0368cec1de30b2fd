/**
 * The schema as JSON; its hash names the schema in the handshake, and the store keeps it beside the rows so that
 * the next start can tell what has changed (diff.ts). Policies are not part of it: clients never see them.
 * Rename hints are beside the JSON: to take one away again is no change.
 */
import { fnv1a64 } from '../base/hash.ts';
import { canonicalJson, isJsonObject, type Json } from '../base/json.ts';
import { parseShape, s } from '../base/shape.ts';
import type { AnyEntity, Schema } from './define-schema.ts';
import { CONTAINERS, type ContainerKind, FIELD_KINDS, type FieldKind, type FieldSpec } from './field.ts';

export type FieldManifest = {
  readonly kind: FieldKind;
  /** What a value must be when it is not null. */
  readonly shape: Json;
  readonly optional: boolean;
  readonly unique: boolean;
  readonly readonly: boolean;
  readonly serverOnly: boolean;
  /** Null: none. */
  readonly default: Json;
  readonly target: string | null;
  readonly values: string[] | null;
  /** What it is in the row's document, where that is not its text. */
  readonly container?: ContainerKind;
};

export type IndexManifest = { readonly name: string; readonly fields: string[]; readonly unique: boolean };

export type EntityManifest = {
  readonly name: string;
  readonly sync: 'all' | 'query' | 'none';
  /** Those the schema names, and `unique_<field>` for each unique field. */
  readonly indexes: IndexManifest[];
  readonly fields: { readonly [name: string]: FieldManifest };
};

/** New names with the names before, where a hint was given. */
export interface Renames {
  readonly entities: Readonly<Record<string, string>>;
  /** By new name of the entity. */
  readonly fields: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export interface Manifest {
  readonly entities: readonly EntityManifest[];
  readonly renames: Renames;
  readonly json: Json;
  readonly hash: string;
}

export function buildManifest(schema: Schema): Manifest {
  const entities = Object.fromEntries(
    schema.entities.flatMap(({ name, renamedFrom }) =>
      renamedFrom === undefined ? [] : [[name, renamedFrom]],
    ),
  );
  const fields = Object.fromEntries(schema.entities.map((entity) => [entity.name, fieldRenames(entity)]));
  return manifestOf(schema.entities.map(describeEntity), { entities, fields });
}

export function manifestOf(
  entities: readonly EntityManifest[],
  renames: Renames = { entities: {}, fields: {} },
): Manifest {
  const json: Json = [...entities];
  return { entities, renames, json, hash: fnv1a64(canonicalJson(json)) };
}

/** What `json` of a manifest was, read back. Throws `invalid`. */
export function parseManifest(json: unknown): Manifest {
  const entities = parseShape(s.array(entityShape), json, 'manifest');
  return manifestOf(
    entities.map(({ fields, ...entity }) => ({
      ...entity,
      fields: Object.fromEntries(
        Object.entries(fields).map(([key, value]) => [
          key,
          parseShape(fieldShape, value, `manifest.${entity.name}.${key}`),
        ]),
      ),
    })),
  );
}

export function describeField(spec: FieldSpec): FieldManifest {
  const { json } = spec.shape;
  return {
    kind: spec.kind,
    shape: spec.optional && isJsonObject(json) && 'nullable' in json ? json.nullable! : json,
    optional: spec.optional ?? false,
    unique: spec.unique ?? false,
    readonly: spec.readonly ?? false,
    serverOnly: spec.serverOnly ?? false,
    default: spec.default ?? null,
    target: spec.target ?? null,
    values: spec.values ? [...spec.values] : null,
    ...(spec.container !== undefined && spec.container !== 'text' && { container: spec.container }),
  };
}

function describeEntity(entity: AnyEntity): EntityManifest {
  const fields = Object.entries(entity.fields);
  const unique = fields.filter(([, { spec }]) => spec.unique);
  return {
    name: entity.name,
    sync: entity.sync,
    indexes: [
      ...entity.indexes.map((index) => ({
        name: index.name,
        fields: [...index.fields],
        unique: index.unique ?? false,
      })),
      ...unique.map(([key]) => ({ name: `unique_${key}`, fields: [key], unique: true })),
    ],
    fields: Object.fromEntries(fields.map(([key, { spec }]) => [key, describeField(spec)])),
  };
}

function fieldRenames(entity: AnyEntity): Record<string, string> {
  return Object.fromEntries(
    Object.entries(entity.fields).flatMap(([key, { spec }]) =>
      spec.renamedFrom === undefined ? [] : [[key, spec.renamedFrom]],
    ),
  );
}

const fieldShape = s.object({
  kind: s.oneOf(...FIELD_KINDS),
  shape: s.json(),
  optional: s.bool(),
  unique: s.bool(),
  readonly: s.bool(),
  serverOnly: s.bool(),
  default: s.json(),
  target: s.nullable(s.string()),
  values: s.nullable(s.array(s.string())),
  container: s.optional(s.oneOf(...CONTAINERS)),
});

const entityShape = s.object({
  name: s.string(),
  sync: s.oneOf('all', 'query', 'none'),
  indexes: s.array(s.object({ name: s.string(), fields: s.array(s.string()), unique: s.bool() })),
  fields: s.jsonObject(),
});
