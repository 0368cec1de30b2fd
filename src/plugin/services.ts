/** What the server lends to its plugins. */
import type { Env } from '../base/env.ts';
import type { Access } from '../policy/access.ts';
import type { Schema } from '../schema/define-schema.ts';
import type { Store } from '../store/store.ts';

export interface Services {
  readonly env: Env;
  readonly schema: Schema;
  readonly store: Store;
  /** The one decision that guards every door. */
  readonly access: Access;
}
