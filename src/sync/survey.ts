/**
 * What was to be seen around each commit, where read policies look at other rows (`exists`). Reads, at a
 * moment that is known, the rows that decide, and undoes later changes to have them as they were before and
 * after each commit; finds rows that a change of those rows shows or hides. Used by fan-out.ts inside each
 * transaction, for all viewers at once, and by replica.ts on the log, for one. [S4] [P4]
 */
import { canonicalJson, type Json, type JsonObject, jsonEquals } from '../base/json.ts';
import type { Access } from '../policy/access.ts';
import type { Dependency, WitnessSource } from '../policy/dependency.ts';
import type { Witnesses } from '../policy/evaluate.ts';
import type { Exists } from '../policy/expression.ts';
import type { Viewer } from '../policy/viewer.ts';
import type { Schema } from '../schema/define-schema.ts';
import type { Commit } from '../store/change-log.ts';
import type { Change } from '../store/transaction.ts';
import type { SurveyLimits } from './limits.ts';

/** A change, or a row that another row's change may show or hide (`before` and `after` are equal then). */
export interface Sight extends Change {
  readonly witnessesBefore?: Witnesses;
  readonly witnessesAfter?: Witnesses;
}

/** What one commit is to those who look. */
export interface Findings {
  readonly sights: readonly Sight[];
  /** Whether this viewer may see more or less than `sights` can tell. */
  unclear(viewer: Viewer): boolean;
}

export interface SurveyDeps {
  readonly schema: Schema;
  readonly access: Access;
}

/** Whose sight is looked into. */
export type Scope =
  /** Everybody's; rows are searched where a change concerns one of them, who are here now. */
  | { readonly name: 'all'; readonly viewers: () => Iterable<Viewer> }
  | { readonly name: 'one'; readonly viewer: Viewer };

/** A change of a row that decides, whose reach was not or could not be looked up. */
interface Doubt {
  readonly dependency: Dependency;
  readonly images: readonly JsonObject[];
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
    const past = new Past(source, this.#relevant, this.limits);
    for (const commit of later.toReversed()) past.undo(commit);
    for (const commit of commits.toReversed()) {
      if (this.concerns(commit)) found.set(commit, await this.#look(past, commit, scope));
      else past.undo(commit);
    }
    return found;
  }

  /** Undoes the commit. */
  async #look(past: Past, commit: Commit, scope: Scope): Promise<Findings> {
    const viewer = scope.name === 'one' ? scope.viewer : null;
    const { rows, doubts } = await this.#reached(past, commit, scope);
    const changes = [...commit.changes, ...rows];
    const after = [];
    for (const { entity, after: data } of changes)
      after.push(await this.#witnesses(past, { entity, data, viewer }));
    past.undo(commit);
    const sights: Sight[] = [];
    for (const [i, change] of changes.entries()) {
      const { entity, before: data } = change;
      const before = await this.#witnesses(past, { entity, data, viewer });
      const now = after[i];
      sights.push({
        ...change,
        ...(before && { witnessesBefore: before }),
        ...(now && { witnessesAfter: now }),
      });
    }
    const { exhausted } = past;
    return {
      sights,
      unclear: (one) =>
        exhausted ||
        doubts.some(({ dependency, images }) => images.some((row) => dependency.concerns(one, row))),
    };
  }

  /** The rows that the commit leaves as they are, and yet may show or hide. */
  async #reached(
    past: Past,
    { changes }: Commit,
    scope: Scope,
  ): Promise<{ rows: Change[]; doubts: Doubt[] }> {
    const changed = new Set(changes.map(({ entity, id }) => `${entity} ${id}`));
    const rows = new Map<string, Change>();
    const doubts: Doubt[] = [];
    for (const [entity, dependencies] of this.#dependencies) {
      for (const dependency of dependencies) {
        for (const turn of changes) {
          if (turn.entity !== dependency.entity || !dependency.turns(turn)) continue;
          const images = [turn.before, turn.after].filter((row) => row !== null);
          if (scope.name === 'one' && !images.some((row) => dependency.concerns(scope.viewer, row))) continue;
          const found = isAwaited(dependency, images, scope)
            ? await past.reached(entity, dependency, images)
            : undefined;
          if (!found) doubts.push({ dependency, images });
          for (const row of found ?? []) {
            const key = `${entity} ${row.id}`;
            if (!changed.has(key)) rows.set(key, { entity, id: String(row.id), before: row, after: row });
          }
        }
      }
    }
    return { rows: [...rows.values()], doubts };
  }

  async #witnesses(
    past: Past,
    { entity, data, viewer }: { entity: string; data: JsonObject | null; viewer: Viewer | null },
  ): Promise<Witnesses | undefined> {
    const dependencies = data && this.#dependencies.get(entity);
    if (!dependencies) return undefined;
    const found = new Map<Exists, (viewer: Viewer) => readonly JsonObject[]>();
    for (const dependency of dependencies)
      found.set(dependency.exists, await past.witnesses(dependency, data, viewer));
    return (exists, one) => found.get(exists)!(one);
  }
}

/** Whether somebody waits to hear what such a change shows or hides. */
function isAwaited(dependency: Dependency, images: readonly JsonObject[], scope: Scope): boolean {
  if (dependency.joins.length === 0) return false;
  if (scope.name === 'one') return true;
  for (const viewer of scope.viewers())
    if (images.some((row) => dependency.concerns(viewer, row))) return true;
  return false;
}

const NONE: readonly JsonObject[] = [];

/** The rows of some moment: those that `source` shows, without what came later. */
class Past {
  readonly #source: WitnessSource;
  readonly #entities: ReadonlySet<string>;
  readonly #limits: SurveyLimits;
  /** By entity and id, the row as it was; null where there was none. */
  readonly #old = new Map<string, Map<string, JsonObject | null>>();
  readonly #answers = new Map<string, readonly JsonObject[] | undefined>();
  /** By what was asked, until something is undone. */
  readonly #found = new Map<string, (viewer: Viewer) => readonly JsonObject[]>();
  /** Reads, and rows that they found. */
  #spent = 0;
  #exhausted = false;

  constructor(source: WitnessSource, entities: ReadonlySet<string>, limits: SurveyLimits) {
    this.#source = source;
    this.#entities = entities;
    this.#limits = limits;
  }

  /** Something was too much to read: what was found is not all. */
  get exhausted(): boolean {
    return this.#exhausted;
  }

  undo({ changes }: Commit): void {
    this.#found.clear();
    for (const { entity, id, before } of changes) {
      if (!this.#entities.has(entity)) continue;
      const rows = this.#old.get(entity) ?? new Map<string, JsonObject | null>();
      this.#old.set(entity, rows.set(id, before));
    }
  }

  /** Rows that may meet the `exists` for `data`: for one viewer, or for each. */
  async witnesses(dependency: Dependency, data: JsonObject, viewer: Viewer | null) {
    const spec = dependency.near(data, viewer, this.#limits.maxWitnesses + 1);
    const key = canonicalJson(spec);
    let found = this.#found.get(`${dependency.owner} ${key}`);
    if (!found) {
      const rows = (await this.#select(spec)) ?? NONE;
      if (rows.length > this.#limits.maxWitnesses) this.#exhausted = true;
      found = byOwner(dependency, this.#then(spec, rows));
      this.#found.set(`${dependency.owner} ${key}`, found);
    }
    return found;
  }

  /** Rows of `entity` that these rows of the dependency are joined with; undefined when they are too many. */
  async reached(entity: string, { joins }: Dependency, images: readonly JsonObject[]) {
    const found: JsonObject[] = [];
    for (const image of images) {
      const where = Object.fromEntries(joins.map(({ row, data }) => [data, image[row] ?? null]));
      const spec = { entity, where, limit: this.#limits.maxReached + 1 };
      const rows = await this.#select(spec);
      if (!rows || rows.length > this.#limits.maxReached) return undefined;
      found.push(...this.#then(spec, rows));
    }
    return found;
  }

  async #select(spec: { entity: string; where?: JsonObject; limit?: number }) {
    const key = canonicalJson(spec);
    if (this.#answers.has(key)) return this.#answers.get(key);
    if (this.#spent >= this.#limits.maxRead) {
      this.#exhausted = true;
      return undefined;
    }
    const rows = await this.#source.select(spec);
    this.#spent += 1 + rows.length;
    this.#answers.set(key, rows);
    return rows;
  }

  /** What the same question would have found then. */
  #then({ entity, where = {} }: { entity: string; where?: JsonObject }, rows: readonly JsonObject[]) {
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
  return (viewer: Viewer) => groups.get(viewer.userId) ?? NONE;
}
