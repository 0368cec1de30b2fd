/**
 * What was to be seen around each commit, where read policies look at other rows (`exists`). Reads, at a
 * moment that is known, the rows that decide, and undoes later changes to have them as they were before and
 * after each commit; finds rows that a change of those rows shows or hides. Used by fan-out.ts inside each
 * transaction, for all viewers at once, and by replica.ts on the log, for one. [S4] [P4]
 */
import type { JsonObject } from '../base/json.ts';
import type { Access } from '../policy/access.ts';
import type { Dependency, WitnessSource } from '../policy/dependency.ts';
import type { Witnesses } from '../policy/evaluate.ts';
import type { Exists } from '../policy/expression.ts';
import type { Viewer } from '../policy/viewer.ts';
import type { Schema } from '../schema/define-schema.ts';
import type { Commit } from '../store/change-log.ts';
import type { Change } from '../store/transaction.ts';
import type { SurveyLimits } from './limits.ts';
import { Past, type Scope, type Turn } from './past.ts';

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
  /** Whose rows it looks after: those of replicas (the default), or those of subscriptions. */
  readonly sync?: 'all' | 'query';
}

/** A turn and the rows that it may show or hide; without them when they were not or could not be found. */
interface Reach extends Turn {
  readonly rows: readonly Change[] | undefined;
}

/** Of a commit that was too much to look into, or that nobody looked into. */
export const UNKNOWN: Findings = { sights: () => undefined };

export class Surveyor {
  /** Of the entities whose read policy has an `exists`. */
  readonly #dependencies = new Map<string, readonly Dependency[]>();
  readonly #relevant = new Set<string>();
  readonly limits: SurveyLimits;

  constructor({ schema, access, sync = 'all' }: SurveyDeps, limits: SurveyLimits) {
    this.limits = limits;
    for (const { name, sync: of } of schema.entities) {
      const dependencies = of === sync ? access.dependencies('read', name) : [];
      if (dependencies.length === 0) continue;
      this.#dependencies.set(name, dependencies);
      for (const each of [name, ...dependencies.map(({ entity }) => entity)]) this.#relevant.add(each);
    }
  }

  /** Whether other rows decide who sees a row of this entity. */
  covers(entity: string): boolean {
    return this.#dependencies.has(entity);
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
