/**
 * Rows with the rows that belong to them: `.include({ author: 'authorId' })` follows an id, and
 * `.include({ comments: { entity: 'Comment', by: 'postId', take: 20 } })` finds the rows whose id names this one.
 * One statement for each relation and level. Policies apply to what is included, too. [S4]
 */
import { Fault } from '../base/fault.ts';
import type { JsonObject } from '../base/json.ts';
import type { AnyEntity, Schema } from '../schema/define-schema.ts';
import type { EntityName, IdField, IdTarget, Row } from '../schema/infer.ts';
import type { RowSource, Sight } from './row-source.ts';

/** Includes inside one another, the outermost included. */
export const MAX_INCLUDE_DEPTH = 4;
/** Rows that one query includes, of all its relations. */
export const MAX_INCLUDED_ROWS = 10_000;

/** Relations of entity `N` by the name that they are to have in the row. */
export type Include<S extends Schema, N> = {
  readonly [name: string]: IdField<S, N, EntityName<S>> | Back<S, N>;
};

/** What names `N` in a field. That field must be the first of an index. */
type Back<S extends Schema, N> = {
  [M in EntityName<S>]: {
    readonly entity: M;
    readonly by: IdField<S, M, N & string>;
    /** Of each row, so many. */
    readonly take: number;
    /** By id, which is by age. Default: `asc`. */
    readonly order?: 'asc' | 'desc';
    readonly include?: Include<S, M>;
  };
}[EntityName<S>];

/** The row with its relations. */
export type Included<S extends Schema, N extends EntityName<S>, I> = Row<S, N> & {
  -readonly [K in keyof I]: I[K] extends { readonly entity: infer M extends EntityName<S> }
    ? (I[K] extends { readonly include: infer J } ? Included<S, M, J> : Row<S, M>)[]
    : Row<S, IdTarget<S, N, I[K]>> | null;
};

interface RelationPlan {
  readonly name: string;
  /** The entity that is included. */
  readonly entity: string;
  /** The field that holds the id: of the row itself, or of the included one. */
  readonly by: string;
  readonly each: { readonly take: number; readonly direction: 'asc' | 'desc' } | undefined;
  readonly include: IncludePlan;
}

/** A checked include. */
export type IncludePlan = readonly RelationPlan[];

/** An Include as it is at run time. */
interface AnyInclude {
  readonly [name: string]: string | AnyBack;
}
interface AnyBack {
  readonly entity: string;
  readonly by: string;
  readonly take: number;
  readonly order?: 'asc' | 'desc';
  readonly include?: AnyInclude;
}

/** Throws `invalid` for what the schema does not know, and beyond the limits. */
export function planInclude(schema: Schema, entity: AnyEntity, include: AnyInclude, depth = 1): IncludePlan {
  if (depth > MAX_INCLUDE_DEPTH)
    throw new Fault('invalid', `an include is at most ${MAX_INCLUDE_DEPTH} levels deep`);
  return Object.entries(include).map(([name, relation]) => {
    const place = `${entity.name}.${name}`;
    if (name === 'id' || name === '__proto__' || Object.hasOwn(entity.fields, name))
      throw new Fault('invalid', `the include ${place} has the name of a field`);
    if (typeof relation === 'string') {
      const target = targetOf(entity, relation);
      if (target === undefined) throw new Fault('invalid', `${entity.name}.${relation} is no id`);
      const known = schema.entity(target).name;
      return { name, entity: known, by: relation, each: undefined, include: [] };
    }
    const { by, take, order: direction = 'asc' } = relation;
    const other = schema.entity(relation.entity);
    if (targetOf(other, by) !== entity.name)
      throw new Fault('invalid', `${other.name}.${by} is no id of ${entity.name}`);
    const indexed = other.fields[by]!.spec.unique || other.indexes.some(({ fields }) => fields[0] === by);
    if (!indexed)
      throw new Fault(
        'invalid',
        `the include ${place} needs an index of ${other.name} that begins with "${by}"`,
      );
    if (!Number.isInteger(take) || take < 1 || take > MAX_INCLUDED_ROWS)
      throw new Fault('invalid', `the include ${place} takes 1 to ${MAX_INCLUDED_ROWS} rows`);
    const inner = relation.include ? planInclude(schema, other, relation.include, depth + 1) : [];
    return { name, entity: other.name, by, each: { take, direction }, include: inner };
  });
}

function targetOf({ fields }: AnyEntity, key: string): string | undefined {
  return Object.hasOwn(fields, key) ? fields[key]!.spec.target : undefined;
}

/** Puts what they include into `rows`. Throws `too_large`. */
export async function loadIncluded(
  from: { source: RowSource; sight: Sight },
  rows: readonly JsonObject[],
  plan: IncludePlan,
): Promise<void> {
  let left = MAX_INCLUDED_ROWS;
  const load = async (parents: readonly JsonObject[], relations: IncludePlan): Promise<void> => {
    for (const relation of relations) {
      const key = relation.each ? 'id' : relation.by;
      const values = new Set<string>();
      for (const row of parents) if (typeof row[key] === 'string') values.add(row[key]);
      // SQL leaves out hidden rows, so that `take` counts visible ones; who may see them is decided here.
      const filter = from.sight.access.reads(relation.entity, from.sight.viewer);
      const found = await from.source.related({
        entity: relation.entity,
        field: relation.each ? relation.by : 'id',
        values: [...values],
        each: relation.each,
        filter: filter.clause,
        limit: left + 1,
      });
      left -= found.length;
      if (left < 0) throw new Fault('too_large', `a query includes at most ${MAX_INCLUDED_ROWS} rows`);
      const visible = found.filter((row) => filter.allows(row));
      attach(parents, relation, visible);
      await load(visible, relation.include);
    }
  };
  await load(rows, plan);
}

function attach(parents: readonly JsonObject[], { name, by, each }: RelationPlan, found: JsonObject[]): void {
  if (!each) {
    const byId = new Map(found.map((row) => [row.id, row]));
    for (const row of parents) row[name] = byId.get(row[by]!) ?? null;
    return;
  }
  const lists = new Map(parents.map((row) => [row.id, [] as JsonObject[]]));
  for (const row of found) lists.get(row[by]!)?.push(row);
  for (const row of parents) row[name] = lists.get(row.id!)!;
}
