/**
 * What was to be seen around each commit, where read policies look at other rows (`exists`). Reads, at a
 * moment that is known, the rows that decide, and undoes later changes to have them as they were before and
 * after each commit; finds rows that a change of those rows shows or hides. Used by fan-out.ts inside each
 * transaction, for all viewers at once, and by replica.ts on the log, for one. [S4] [P4]
 */
import { canonicalJson, type Json, type JsonObject, jsonEquals } from '../base/json.ts';
import type { Access } from '../policy/access.ts';
import type { Dependency, WitnessSource } from '../policy/dependency.ts';
import { authValue, type Witnesses } from '../policy/evaluate.ts';
import type { Exists } from '../policy/expression.ts';
import type { SqlClause } from '../policy/to-sql.ts';
import type { Viewer } from '../policy/viewer.ts';
import type { Schema } from '../schema/define-schema.ts';
import type { QuerySpec } from '../schema/query-spec.ts';
import type { Commit } from '../store/change-log.ts';
import type { Change } from '../store/transaction.ts';
import type { SurveyLimits } from './limits.ts';

/** A change, or a row that another row's change may show or hide (`before` and `after` are equal then). */
export interface Sight extends Change {
  readonly witnessesBefore?: Witnesses | undefined;
  readonly witnessesAfter?: Witnesses | undefined;
}

/** What one commit is to those who look. */
export interface Findings {
  /** What this viewer may see change; undefined when that is not known. */
  sights(viewer: Viewer): readonly Sight[] | undefined;
}

export interface SurveyDeps {
  readonly schema: Schema;
  readonly access: Access;
}

/** Whose sight is looked into. */
export type Scope =
  /** Everybody's; rows are searched where a change concerns one of those who are here now. */
  | { readonly name: 'all'; readonly viewers: readonly Viewer[] }
  | { readonly name: 'one'; readonly viewer: Viewer };

/** A change of a row that decides about others. */
interface Turn {
  readonly dependency: Dependency;
  readonly images: readonly JsonObject[];
}

/** A turn and the rows that it may show or hide; without them when they were not or could not be found. */
interface Reach extends Turn {
  readonly rows: readonly Change[] | undefined;
}

export class Surveyor {
  /** Of the entities whose read policy has an `exists`. */
  readonly #dependencies = new Map<string, readonly Dependency[]>();
  readonly #relevant = new Set<string>();
  readonly limits: SurveyLimits;

  constructor({ schema, access }: SurveyDeps, limits: SurveyLimits) {
    this.limits = limits;
    for (const { name, sync } of schema.entities) {
      const dependencies = sync === 'all' ? access.dependencies('read', name) : [];
      if (dependencies.length === 0) continue;
      this.#dependencies.set(name, dependencies);
      for (const each of [name, ...dependencies.map(({ entity }) => entity)]) this.#relevant.add(each);
    }
  }

  /** False: its changes alone tell who sees what. */
  concerns(commit: Commit): boolean {
    return this.#relevant.size > 0 && commit.changes.some(({ entity }) => this.#relevant.has(entity));
  }

  /**
   * Findings for each of `commits` that needs some. `source` shows the rows as they are after `commits` and
   * the commits of `later`.
   */
  async survey(
    source: WitnessSource,
    { commits, later = [] }: { commits: readonly Commit[]; later?: readonly Commit[] },
    scope: Scope,
  ): Promise<Map<Commit, Findings>> {
    const found = new Map<Commit, Findings>();
    if (!commits.some((commit) => this.concerns(commit))) return found;
    const past = new Past(source, { entities: this.#relevant, limits: this.limits, scope });
    for (const commit of later.toReversed()) past.undo(commit);
    for (const commit of commits.toReversed()) {
      if (this.concerns(commit)) found.set(commit, await this.#look(past, commit));
      else past.undo(commit);
    }
    return found;
  }

  /** Undoes the commit. */
  async #look(past: Past, commit: Commit): Promise<Findings> {
    const reaches = await this.#reaches(past, commit);
    const reached = new Map(reaches.flatMap(({ rows = [] }) => rows.map((row) => [keyOf(row), row])));
    for (const change of commit.changes) reached.delete(keyOf(change));
    const changes = [...commit.changes, ...reached.values()];
    const after: (Witnesses | undefined)[] = [];
    for (const change of changes) after.push(await this.#witnesses(past, change));
    past.undo(commit);
    const sights = new Map<string, Sight>();
    for (const [i, change] of changes.entries()) {
      const witnessesBefore = await this.#witnesses(past, { ...change, after: change.before });
      sights.set(keyOf(change), { ...change, witnessesBefore, witnessesAfter: after[i] });
    }
    if (past.exhausted) return UNKNOWN;
    const own = commit.changes.map((change) => sights.get(keyOf(change))!);
    return {
      sights: (one) => {
        if (!past.knows(one)) return undefined;
        const mine = reaches.filter((turn) => turnsFor(one, turn));
        if (mine.length === 0) return own;
        if (mine.some(({ rows }) => !rows)) return undefined;
        return [
          ...new Set([
            ...own,
            ...mine.flatMap(({ rows = [] }) => rows.map((row) => sights.get(keyOf(row))!)),
          ]),
        ];
      },
    };
  }

  /** What the commit's changes may show or hide beyond the rows that it changes. */
  async #reaches(past: Past, { changes }: Commit): Promise<Reach[]> {
    const reaches: Reach[] = [];
    for (const [entity, dependencies] of this.#dependencies) {
      for (const dependency of dependencies) {
        for (const change of changes) {
          if (change.entity !== dependency.entity || !dependency.turns(change)) continue;
          const turn = { dependency, images: [change.before, change.after].filter((row) => row !== null) };
          const awaited = past.here.some((viewer) => turnsFor(viewer, turn));
          // Nobody is here to hear it: if somebody comes before the commit, he reads the log.
          reaches.push({ ...turn, rows: awaited ? await past.reached(entity, turn) : undefined });
        }
      }
    }
    return reaches;
  }

  /** For the image after the change. */
  async #witnesses(past: Past, { entity, after }: Change): Promise<Witnesses | undefined> {
    const dependencies = after && this.#dependencies.get(entity);
    if (!dependencies) return undefined;
    const found = new Map<Exists, (viewer: Viewer) => readonly JsonObject[]>();
    for (const dependency of dependencies)
      found.set(dependency.exists, await past.witnesses(dependency, after));
    return (exists, one) => found.get(exists)!(one);
  }
}

/** Whether a turn counts for that viewer. */
function turnsFor(viewer: Viewer, { dependency, images }: Turn): boolean {
  return images.some((row) => dependency.concerns(viewer, row));
}

function keyOf({ entity, id }: Change): string {
  return `${entity} ${id}`;
}

const NONE: readonly JsonObject[] = [];
/** Of a commit that was too much to look into, or that nobody looked into. */
export const UNKNOWN: Findings = { sights: () => undefined };

/** So many rows are read without asking whose they are. */
const FEW = 100;

interface PastOptions {
  readonly entities: ReadonlySet<string>;
  readonly limits: SurveyLimits;
  readonly scope: Scope;
}

/** The rows of some moment: those that `source` shows, without what came later. */
class Past {
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

  async #select(spec: QuerySpec, filter?: SqlClause) {
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
  #then({ entity, where = {} }: QuerySpec, rows: readonly JsonObject[]) {
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
