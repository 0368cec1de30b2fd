/**
 * What an `exists` makes of its entity: a table on whose rows the decision depends. Found once per policy;
 * tells which of those rows to read for a decision, and which decisions a change of one may turn.
 */
import { type Json, type JsonObject, jsonEquals } from '../base/json.ts';
import type { AnyEntity, Schema } from '../schema/define-schema.ts';
import type { QuerySpec } from '../schema/query-spec.ts';
import { authValue, compileExpression, compileValue, type Facts, NO_ROW, NO_WITNESSES } from './evaluate.ts';
import { type Exists, type Expression, reads, walk } from './expression.ts';
import { compileWitnessSql, type SqlClause } from './to-sql.ts';
import { fieldType } from './value-type.ts';
import type { Viewer } from './viewer.ts';

/** Where rows are read: a Snapshot, a Transaction, `ctx.db`'s source. */
export interface WitnessSource {
  /** Rows for which `filter` is not true do not count to the limit. */
  select(spec: QuerySpec, filter?: SqlClause): Promise<JsonObject[]>;
}

/** A QuerySpec by equal fields. */
export type Near = { entity: string; where: JsonObject; limit: number };

/** A condition `row.field == other` that every witness meets. */
interface Equality {
  readonly field: string;
  readonly other: Expression;
  readonly value: (facts: Facts) => Json;
}

/** What a change of one row of the dependency looks like. */
export interface Turn {
  readonly before: JsonObject | null;
  readonly after: JsonObject | null;
}

export class Dependency {
  readonly exists: Exists;
  /** Pairs of a field of the dependency's row and one of the policy's own row, which are equal. */
  readonly joins: readonly { row: string; data: string }[];
  /** The field of its row that is `auth.userId`, if there is one. */
  readonly owner: string | undefined;
  readonly #equalities: readonly Equality[];
  readonly #fields: ReadonlySet<string>;
  readonly #clause: (facts: Facts) => SqlClause;
  readonly #concerns: (facts: Facts) => boolean;

  constructor(exists: Exists, entity: AnyEntity, schema: Schema) {
    this.exists = exists;
    const conjuncts = split(exists.where);
    this.#equalities = conjuncts.flatMap((e) => equality(e, schema.entity(exists.entity)));
    this.joins = this.#equalities.flatMap(({ field, other }) =>
      other.kind === 'path' && other.scope === 'data' ? [{ row: field, data: other.name }] : [],
    );
    this.owner = this.#equalities.find(
      ({ other }) => other.kind === 'path' && other.scope === 'auth' && other.name === 'userId',
    )?.field;
    this.#fields = fieldsOf(exists.where);
    this.#clause = compileWitnessSql(exists, entity, schema);
    const own = conjuncts.filter((e) => !reads(e, 'data', 'existing') && !readsClock(e));
    const holds = own.map(compileExpression);
    this.#concerns = (facts) => holds.every((held) => held(facts));
  }

  get entity(): string {
    return this.exists.entity;
  }

  /** Up to `limit` rows that meet it for one viewer and one row of the policy. */
  find(source: WitnessSource, facts: Facts, limit: number): Promise<JsonObject[]> {
    // The equalities alone find the index; the clause says all of it.
    return source.select(this.#spec(this.#equalities, facts, limit), this.#clause(facts));
  }

  /**
   * What asks for the rows that may meet it for a row of the policy: for this viewer, or for all. Rows that
   * do not meet it are among them.
   */
  near(data: JsonObject, viewer: Viewer | null, limit: number): Near {
    const usable = this.#equalities.filter(
      ({ other }) =>
        other.kind === 'literal' ||
        (other.kind === 'path' && (other.scope === 'data' || (viewer !== null && other.scope === 'auth'))),
    );
    return this.#spec(usable, factsOf(viewer, data, NO_ROW), limit);
  }

  /**
   * As `near`, for all rows of the policy that have these values, whatever else they have. Only literals, the
   * viewer and `fixed` narrow it.
   */
  nearAll(fixed: JsonObject, viewer: Viewer): Omit<Near, 'limit'> {
    const usable = this.#equalities.filter(
      ({ other }) =>
        other.kind === 'literal' ||
        (other.kind === 'path' &&
          (other.scope === 'auth' || (other.scope === 'data' && Object.hasOwn(fixed, other.name)))),
    );
    const { entity, where } = this.#spec(usable, factsOf(viewer, fixed, NO_ROW), 0);
    return { entity, where };
  }

  /** For `near`: leaves out rows that count for none of these users; undefined where no field tells. */
  ownedBy(userIds: readonly string[]): SqlClause | undefined {
    if (this.owner === undefined) return undefined;
    const column = `"${this.entity}"."${this.owner}"`;
    // The plus keeps the index on what is joined: the users who are here may be more than the rows.
    const sql = `(+${column} IN (SELECT value FROM json_each(?)) OR ${column} IS NULL)`;
    return { sql, params: [JSON.stringify(userIds)] };
  }

  /** Whether a change of a row can turn any decision at all. */
  turns({ before, after }: Turn): boolean {
    if (!before || !after) return true;
    return [...this.#fields].some((name) => !jsonEquals(before[name] ?? null, after[name] ?? null));
  }

  /** Whether that row counts for this viewer, with some row of the policy at some time. */
  concerns(viewer: Viewer, row: JsonObject): boolean {
    // Asked of many viewers about the same row: most are told by the owner.
    if (this.owner !== undefined && (row[this.owner] ?? null) !== authValue(viewer, 'userId')) return false;
    return this.#concerns(factsOf(viewer, NO_ROW, row));
  }

  /** Whether a change of a row can turn the decision about `data`. */
  reaches(data: JsonObject, turn: Turn): boolean {
    if (!this.turns(turn)) return false;
    return [turn.before, turn.after].some(
      (row) => row && this.joins.every((join) => jsonEquals(row[join.row] ?? null, data[join.data] ?? null)),
    );
  }

  #spec(equalities: readonly Equality[], facts: Facts, limit: number): Near {
    const where = Object.fromEntries(equalities.map(({ field, value }) => [field, value(facts)]));
    return { entity: this.entity, where, limit };
  }
}

export function dependenciesOf(expression: Expression, entity: AnyEntity, schema: Schema): Dependency[] {
  const found: Dependency[] = [];
  walk(expression, (e) => {
    if (e.kind === 'exists') found.push(new Dependency(e, entity, schema));
  });
  return found;
}

const NOBODY: Viewer = { userId: null, kind: 'anonymous', roles: [], name: null };

function factsOf(viewer: Viewer | null, data: JsonObject, row: JsonObject): Facts {
  const auth = viewer ?? NOBODY;
  return { auth, data, row, existing: NO_ROW, input: NO_ROW, now: 0, witnesses: NO_WITNESSES };
}

/** The parts that must all hold. */
function split(e: Expression): Expression[] {
  return e.kind === 'and' ? [...split(e.left), ...split(e.right)] : [e];
}

/** Json is left out: what is no text, number or boolean is compared by the clause alone. */
function equality(e: Expression, entity: AnyEntity): Equality[] {
  if (e.kind !== 'compare' || e.op !== '==') return [];
  for (const [mine, other] of [
    [e.left, e.right],
    [e.right, e.left],
  ] as const) {
    const plain = other.kind === 'literal' || (other.kind === 'path' && other.scope !== 'row');
    if (mine.kind !== 'path' || mine.scope !== 'row' || !plain) continue;
    if (fieldType(entity, mine.name) === 'json') continue;
    return [{ field: mine.name, other, value: compileValue(other) }];
  }
  return [];
}

function fieldsOf(expression: Expression): Set<string> {
  const names = new Set<string>();
  walk(expression, (e) => {
    if (e.kind === 'path' && e.scope === 'row') names.add(e.name);
  });
  return names;
}

function readsClock(expression: Expression): boolean {
  let found = false;
  walk(expression, (e) => {
    if (e.kind === 'now') found = true;
  });
  return found;
}
