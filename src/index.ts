/** `ternion`: what an app's schema is written with. Runs everywhere. */
export { decodeBase64Url, encodeBase64Url } from './base/base64url.ts';
export { Fault, isFault } from './base/fault.ts';
export type { Json, JsonObject } from './base/json.ts';
export type { Viewer } from './policy/viewer.ts';
export { type AnyEntity, defineSchema, type Schema } from './schema/define-schema.ts';
export { type Entity, entity } from './schema/entity.ts';
export { field } from './schema/field.ts';
export type { Filter } from './schema/filter.ts';
export type { EntityName, Insert, Patch, Row } from './schema/infer.ts';
export { buildManifest } from './schema/manifest.ts';
export { type PolicySpec, policy } from './schema/policy-spec.ts';
export type { QuerySpec } from './schema/query-spec.ts';
export type { StandardSchema } from './schema/standard-schema.ts';
export { v } from './schema/validator.ts';
