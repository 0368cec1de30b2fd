/** What handlers receive. Mutations have no clock, chance or network but what is here. [Q4] */

import type { Viewer } from '../policy/viewer.ts';
import type { Schema } from '../schema/define-schema.ts';
import type { DbReader } from './db-reader.ts';
import type { DbWriter } from './db-writer.ts';

export interface QueryContext<S extends Schema> {
  readonly auth: Viewer;
  readonly db: DbReader<S>;
  /** ms since 1970; one value for the whole call. */
  now(): number;
}

export interface MutationContext<S extends Schema> {
  readonly auth: Viewer;
  readonly db: DbWriter<S>;
  /** ms since 1970; one value for the whole call. */
  now(): number;
  /** In [0, 1). */
  random(): number;
  /** A new row id. */
  id(): string;
}
