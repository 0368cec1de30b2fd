/** Types of rows by app and entity. Where the app is not known (`AppShape` itself), rows are plain JSON with an id. */
import type { JsonObject } from '../base/json.ts';
import type { AppShape } from '../schema/app-shape.ts';
import type { EntityName, Insert, Patch, Row } from '../schema/infer.ts';

export type EntityOf<App extends AppShape> = EntityName<App['schema']>;
type IsUntyped<App extends AppShape> = string extends EntityOf<App> ? true : false;

export type RowOf<App extends AppShape, E extends EntityOf<App>> =
  IsUntyped<App> extends true ? JsonObject & { id: string } : Row<App['schema'], E>;
export type InsertOf<App extends AppShape, E extends EntityOf<App>> =
  IsUntyped<App> extends true ? JsonObject : Insert<App['schema'], E>;
export type PatchOf<App extends AppShape, E extends EntityOf<App>> =
  IsUntyped<App> extends true ? JsonObject : Patch<App['schema'], E>;
