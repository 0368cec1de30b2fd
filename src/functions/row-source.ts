/** What `ctx.db` reads through, and whose eyes it sees with. */
import type { JsonObject } from '../base/json.ts';
import type { Access } from '../policy/access.ts';
import { ALL_ROWS, type SqlClause } from '../policy/to-sql.ts';
import type { Viewer } from '../policy/viewer.ts';
import type { Schema } from '../schema/define-schema.ts';
import type { QuerySpec } from '../schema/query-spec.ts';
import type { Relation } from '../store/related.ts';
import type { PageAfter, ScanPage } from '../store/scan.ts';

/** What a Snapshot and a Transaction have in common. Rows for which `filter` is not true do not count. */
export interface RowSource {
  get(entity: string, id: string): Promise<JsonObject | null>;
  select(spec: QuerySpec, filter: SqlClause): Promise<JsonObject[]>;
  scan(spec: QuerySpec, filter: SqlClause, page: PageAfter): Promise<ScanPage>;
  count(spec: QuerySpec, filter: SqlClause): Promise<number>;
  related(relation: Relation): Promise<JsonObject[]>;
}

/** Who decides about rows: the policies, or nobody. */
export type Decider = Pick<Access, 'decide' | 'reads'>;

export interface Sight {
  readonly schema: Schema;
  readonly access: Decider;
  readonly viewer: Viewer;
  /** Told of each `ctx.db.elevated(reason)`. */
  readonly onElevated: (reason: string) => void;
}

/** Sees and may do everything. Only `ctx.db.elevated` gives it away. */
export const ELEVATED: Decider = {
  decide: () => true,
  reads: () => ({ clause: ALL_ROWS, allows: () => true }),
};
