/** The schema as JSON; its hash names the schema in the handshake. Policies are not part of it: clients never see them. */
import { fnv1a64 } from '../base/hash.ts';
import { canonicalJson, type Json } from '../base/json.ts';
import type { Schema } from './define-schema.ts';

export interface Manifest {
  readonly json: Json;
  readonly hash: string;
}

export function buildManifest(schema: Schema): Manifest {
  const json: Json = schema.entities.map((entity) => ({
    name: entity.name,
    sync: entity.sync,
    indexes: entity.indexes.map(({ name, fields, unique }) => ({
      name,
      fields: [...fields],
      unique: unique ?? false,
    })),
    fields: Object.fromEntries(
      Object.entries(entity.fields).map(([key, { spec }]) => {
        const { shape, values, ...rest } = spec;
        return [key, { ...rest, values: values ? [...values] : null, shape: shape.json }];
      }),
    ),
  }));
  return { json, hash: fnv1a64(canonicalJson(json)) };
}
