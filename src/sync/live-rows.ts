/**
 * All sets of rows that subscriptions follow, by query and audience. FanOut asks it at each COMMIT what has
 * become of them; an index of their conditions finds those that a change touches, so a commit costs what it
 * matches and not how many subscriptions there are. [S4] [S10] Sets, and rows held for them, are bounded.
 */
import type { Env } from '../base/env.ts';
import { Fault } from '../base/fault.ts';
import { canonicalJson, type Json, type JsonObject } from '../base/json.ts';
import type { Access } from '../policy/access.ts';
import type { WitnessSource } from '../policy/dependency.ts';
import type { Viewer } from '../policy/viewer.ts';
import { encodeBatch, encodePart, type RowOp, withParts } from '../protocol/row-batch.ts';
import type { Schema } from '../schema/define-schema.ts';
import type { QuerySpec } from '../schema/query-spec.ts';
import type { Commit } from '../store/change-log.ts';
import type { Store } from '../store/store.ts';
import { ConditionIndex } from './condition-index.ts';
import type { LiveLimits } from './limits.ts';
import { LiveSet, type LiveSetDeps, type Touch, tooLarge } from './live-set.ts';
import type { Member } from './member.ts';
import { readSubscription, typedSpec } from './subscription-spec.ts';
import { type Findings, type Sight, type Surveyor, UNKNOWN } from './survey.ts';
import type { Visibility } from './visibility.ts';

export interface LiveRowsDeps {
  readonly env: Env;
  readonly schema: Schema;
  readonly store: Pick<Store, 'read' | 'seq'>;
  readonly access: Access;
  readonly visibility: Visibility;
  /** Of the entities that are followed by subscriptions. */
  readonly surveyor: Surveyor;
}

/** What a COMMIT is to subscriptions. */
export interface LiveNews {
  /** For each member that is told something: what becomes of its subscriptions, encoded. */
  readonly parts: Map<Member, string[]>;
  /** What these saw change is not known; they are to start over. */
  readonly lost: ReadonlySet<Member>;
}

/** Sets of one audience about whose rows other rows decide. */
interface Group {
  readonly viewer: Viewer;
  readonly sets: Set<LiveSet>;
}

export class LiveRows {
  readonly limits: LiveLimits;
  readonly #deps: LiveRowsDeps;
  readonly #setDeps: LiveSetDeps;
  readonly #sets = new Map<string, LiveSet>();
  readonly #index = new ConditionIndex<LiveSet>();
  readonly #groups = new Map<string, Group>();
  readonly #findings = new WeakMap<Commit, Findings>();
  #seq: number;
  #heldRows = 0;

  constructor(deps: LiveRowsDeps, limits: LiveLimits) {
    this.#deps = deps;
    this.limits = limits;
    this.#seq = deps.store.seq;
    this.#setDeps = {
      ...deps,
      limits,
      seq: () => this.#seq,
      tell: (set, ops) => this.#tell(set, ops),
      left: (set) => this.#remove(set),
    };
  }

  get sets(): number {
    return this.#sets.size;
  }

  /** Throws `not_found`, `invalid` and `too_large`. */
  read(query: JsonObject): QuerySpec {
    return readSubscription(query, this.#deps.schema, this.limits);
  }

  /** Throws `overloaded`. */
  open(spec: QuerySpec, viewer: Viewer): LiveSet {
    const audience = this.#deps.access.audienceKey(viewer);
    const key = canonicalJson([audience, spec as Json]);
    const known = this.#sets.get(key);
    if (known) return known;
    const { maxSets, maxHeldRows } = this.limits;
    if (this.#sets.size >= maxSets) throw new Fault('overloaded', `more than ${maxSets} live queries`);
    const set = new LiveSet(key, { spec: typedSpec(spec, this.#deps.schema), viewer }, this.#setDeps);
    if (this.#heldRows + set.capacity > maxHeldRows)
      throw new Fault('overloaded', `live queries may hold ${maxHeldRows} rows`);
    this.#heldRows += set.capacity;
    this.#sets.set(key, set);
    this.#index.add(spec, set);
    if (this.#deps.surveyor.covers(spec.entity)) {
      const group = this.#groups.get(audience);
      if (group) group.sets.add(set);
      else this.#groups.set(audience, { viewer, sets: new Set([set]) });
    }
    return set;
  }

  /** Reads what `commit` will need, inside the transaction that becomes it. */
  survey(source: WitnessSource, commit: Commit): Promise<void> | undefined {
    if (this.#groups.size === 0 || !this.#deps.surveyor.concerns(commit)) return undefined;
    return this.#survey(source, commit);
  }

  commit(commits: readonly Commit[]): LiveNews {
    this.#seq = commits.at(-1)!.seq;
    const touched = new Map<LiveSet, Touch[]>();
    const lost = new Set<LiveSet>();
    for (const commit of this.#sets.size > 0 ? commits : []) {
      this.#touchPlainly(commit, touched);
      if (this.#groups.size > 0 && this.#deps.surveyor.concerns(commit))
        this.#touchByAudience(commit, touched, lost);
    }
    const parts = new Map<Member, string[]>();
    for (const [set, touches] of touched) {
      if (lost.has(set)) continue;
      this.#spread(set, set.change(touches), parts);
      if (set.tooLarge) set.end(tooLarge(this.limits));
    }
    const restarts = new Set<Member>();
    for (const set of lost) {
      for (const { member } of set.members) restarts.add(member);
      set.lose();
    }
    return { parts, lost: restarts };
  }

  async #survey(source: WitnessSource, commit: Commit): Promise<void> {
    const { surveyor } = this.#deps;
    const viewers = [...this.#groups.values()].map(({ viewer }) => viewer);
    const found = await surveyor.survey(source, { commits: [commit] }, { name: 'all', viewers });
    this.#findings.set(commit, found.get(commit) ?? UNKNOWN);
  }

  /** Where a row alone tells who sees it. */
  #touchPlainly(commit: Commit, touched: Map<LiveSet, Touch[]>): void {
    for (const sight of commit.changes) {
      if (this.#deps.surveyor.covers(sight.entity)) continue;
      for (const set of this.#touchedBy(sight)) touch(touched, set, { commit, sight });
    }
  }

  /** Where other rows decide: each audience has its own sights. */
  #touchByAudience(commit: Commit, touched: Map<LiveSet, Touch[]>, lost: Set<LiveSet>): void {
    const findings = this.#findings.get(commit) ?? UNKNOWN;
    const found = new Map<Sight, Set<LiveSet>>();
    for (const { viewer, sets } of this.#groups.values()) {
      const sights = findings.sights(viewer);
      if (!sights) {
        for (const set of sets) lost.add(set);
        continue;
      }
      for (const sight of sights) {
        if (!this.#deps.surveyor.covers(sight.entity)) continue;
        let all = found.get(sight);
        if (!all) {
          all = this.#touchedBy(sight);
          found.set(sight, all);
        }
        const [few, many] = all.size < sets.size ? [all, sets] : [sets, all];
        for (const set of few) if (many.has(set)) touch(touched, set, { commit, sight });
      }
    }
  }

  #touchedBy({ entity, before, after }: Sight): Set<LiveSet> {
    const found = before ? this.#index.find(entity, before) : new Set<LiveSet>();
    if (after && after !== before) for (const set of this.#index.find(entity, after)) found.add(set);
    return found;
  }

  #spread(set: LiveSet, ops: readonly RowOp[], parts: Map<Member, string[]>): void {
    if (ops.length === 0) return;
    const text = JSON.stringify(ops);
    for (const { id, member } of set.members) {
      const part = encodePart(id, 'ops', text);
      const others = parts.get(member);
      if (others) others.push(part);
      else parts.set(member, [part]);
    }
  }

  #tell(set: LiveSet, ops: readonly RowOp[]): void {
    const parts = new Map<Member, string[]>();
    this.#spread(set, ops, parts);
    for (const [member, own] of parts)
      member.deliver(encodeBatch(member.cursor, this.#seq, withParts('[]', own)), this.#seq);
  }

  #remove(set: LiveSet): void {
    this.#sets.delete(set.key);
    this.#heldRows -= set.capacity;
    this.#index.remove(set.spec, set);
    const audience = this.#deps.access.audienceKey(set.viewer);
    const group = this.#groups.get(audience);
    if (group?.sets.delete(set) && group.sets.size === 0) this.#groups.delete(audience);
  }
}

function touch(touched: Map<LiveSet, Touch[]>, set: LiveSet, one: Touch): void {
  const touches = touched.get(set);
  if (touches) touches.push(one);
  else touched.set(set, [one]);
}
