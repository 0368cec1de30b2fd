/**
 * The rows of some moment of the past: those that a snapshot or a transaction shows, without what came later.
 * Used by survey.ts, which undoes one commit after the other. [S10] What it reads is bounded.
 */
import { canonicalJson, type Json, type JsonObject, jsonEquals } from '../base/json.ts';
import type { Dependency, Near, WitnessSource } from '../policy/dependency.ts';
import { authValue } from '../policy/evaluate.ts';
import type { SqlClause } from '../policy/to-sql.ts';
import type { Viewer } from '../policy/viewer.ts';
import type { Commit } from '../store/change-log.ts';
import type { Change } from '../store/transaction.ts';
import type { SurveyLimits } from './limits.ts';

/** Whose sight is looked into. */
export type Scope =
  /** Everybody's; rows are searched where a change concerns one of those who are here now. */
  | { readonly name: 'all'; readonly viewers: readonly Viewer[] }
  | { readonly name: 'one'; readonly viewer: Viewer };

/** A change of a row that decides about others. */
export interface Turn {
  readonly dependency: Dependency;
  readonly images: readonly JsonObject[];
}

const NONE: readonly JsonObject[] = [];
/** So many rows are read without asking whose they are. */
const FEW = 100;

interface PastOptions {
  readonly entities: ReadonlySet<string>;
  readonly limits: SurveyLimits;
  readonly scope: Scope;
}

export class Past {
  /** Those for whom it is looked into. */
  readonly here: readonly Viewer[];
  readonly #source: WitnessSource;
  readonly #options: PastOptions;
  /** The users among them, once rows of others have been left out. */
  #users: ReadonlySet<string | null> | undefined;
  /** By entity and id, the row as it was; null where there was none. */
  readonly #old = new Map<string, Map<string, JsonObject | null>>();
  readonly #answers = new Map<string, readonly JsonObject[] | undefined>();
  /** By what was asked, until something is undone. */
  readonly #found = new Map<string, (viewer: Viewer) => readonly JsonObject[]>();
  /** Reads, and rows that they found. */
  #spent = 0;
  #exhausted = false;

  constructor(source: WitnessSource, options: PastOptions) {
    const { scope } = options;
    this.here = scope.name === 'one' ? [scope.viewer] : scope.viewers;
    this.#source = source;
    this.#options = options;
  }

  /** False: somebody who came later, and whose rows were left out. */
  knows(viewer: Viewer): boolean {
    return this.#users?.has(viewer.userId) ?? true;
  }

  /** Something was too much to read: what was found is not all. */
  get exhausted(): boolean {
    return this.#exhausted;
  }

  undo({ changes }: Commit): void {
    this.#found.clear();
    for (const { entity, id, before } of changes) {
      if (!this.#options.entities.has(entity)) continue;
      const rows = this.#old.get(entity) ?? new Map<string, JsonObject | null>();
      this.#old.set(entity, rows.set(id, before));
    }
  }

  /** Rows that may meet the `exists` for `data`, for each viewer. */
  async witnesses(dependency: Dependency, data: JsonObject) {
    const { scope, limits } = this.#options;
    const spec = dependency.near(data, scope.name === 'one' ? scope.viewer : null, limits.maxWitnesses + 1);
    const key = `${dependency.owner} ${canonicalJson(spec)}`;
    let found = this.#found.get(key);
    if (!found) {
      const few = Math.min(FEW, limits.maxWitnesses) + 1;
      let rows = (await this.#select({ ...spec, limit: few })) ?? NONE;
      if (rows.length === few) rows = (await this.#select(spec, this.#ofThoseHere(dependency))) ?? NONE;
      if (rows.length > limits.maxWitnesses) this.#exhausted = true;
      found = byOwner(dependency, this.#then(spec, rows));
      this.#found.set(key, found);
    }
    return found;
  }

  /** Of a room of thousands, the members who are here. */
  #ofThoseHere(dependency: Dependency): SqlClause | undefined {
    if (this.#options.scope.name === 'one' || dependency.owner === undefined) return undefined;
    this.#users ??= new Set(this.here.map(({ userId }) => userId));
    return dependency.ownedBy([...this.#users].filter((userId) => userId !== null));
  }

  /** Rows of `entity` that these rows of the dependency are joined with; undefined when they are too many. */
  async reached(entity: string, { dependency: { joins }, images }: Turn): Promise<Change[] | undefined> {
    if (joins.length === 0) return undefined;
    const found: Change[] = [];
    for (const image of images) {
      const where = Object.fromEntries(joins.map(({ row, data }) => [data, image[row] ?? null]));
      const { maxReached } = this.#options.limits;
      const spec = { entity, where, limit: maxReached + 1 };
      const rows = await this.#select(spec);
      if (!rows || rows.length > maxReached) return undefined;
      this.#spent += rows.length; // also those that another change had reached before
      for (const row of this.#then(spec, rows))
        found.push({ entity, id: String(row.id), before: row, after: row });
    }
    return found;
  }

  async #select(spec: Near, filter?: SqlClause) {
    if (this.#spent >= this.#options.limits.maxRead) {
      this.#exhausted = true;
      return undefined;
    }
    const key = `${filter?.sql} ${canonicalJson(spec)}`;
    if (this.#answers.has(key)) return this.#answers.get(key);
    const rows = await this.#source.select(spec, filter);
    this.#spent += 1 + rows.length;
    this.#answers.set(key, rows);
    return rows;
  }

  /** What the same question would have found then. */
  #then({ entity, where }: Near, rows: readonly JsonObject[]) {
    const old = this.#old.get(entity);
    if (!old) return rows;
    const fits = (row: JsonObject) =>
      Object.entries(where).every(([name, value]) => jsonEquals(row[name] ?? null, value));
    const gone = [...old.values()].filter((row) => row !== null).filter(fits);
    return [...rows.filter((row) => !old.has(String(row.id))), ...gone];
  }
}

/** So that a thousand viewers do not each look through a thousand rows. */
function byOwner({ owner }: Dependency, rows: readonly JsonObject[]) {
  if (owner === undefined) return () => rows;
  const groups = new Map<Json, JsonObject[]>();
  for (const row of rows) {
    const key = row[owner] ?? null;
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return (viewer: Viewer) => groups.get(authValue(viewer, 'userId')) ?? NONE;
}
