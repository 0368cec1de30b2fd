/**
 * Conditions, asked for those that a row meets. Commits ask it which watched queries and subscriptions they
 * touch. [Q1] Conditions of one shape (the same fields equal, the same one between bounds) share a map from
 * values to those that ask for them, and in it a tree of their bounds; so a question costs what it finds and one
 * look for each shape, however many conditions there are. What no index can use is asked one by one.
 */
import { canonicalJson, type Json, type JsonObject } from '../base/json.ts';
import { matches } from '../schema/match.ts';
import { type Condition, type ConditionPlan, keyOf, planCondition } from './condition-plan.ts';
import { IntervalTree, type Place } from './interval-tree.ts';

export type { Condition } from './condition-plan.ts';

/** Equal conditions, and all that asked for them. */
interface Entry<T> {
  readonly condition: Condition;
  readonly plan: ConditionPlan;
  readonly items: Set<T>;
  /** Of its bounds, in the bucket of each of its keys. */
  readonly places: Map<string, Place[]>;
}

interface Bucket<T> {
  readonly unbounded: Set<Entry<T>>;
  readonly bounded: IntervalTree<Entry<T>>;
}

/** Conditions of one shape. */
interface Group<T> {
  readonly fields: readonly string[];
  readonly bounded: string | undefined;
  readonly buckets: Map<string, Bucket<T>>;
}

interface EntityConditions<T> {
  /** By the text of the condition. */
  readonly entries: Map<string, Entry<T>>;
  /** By the text of the shape. */
  readonly groups: Map<string, Group<T>>;
}

export class ConditionIndex<T> {
  readonly #entities = new Map<string, EntityConditions<T>>();
  #size = 0;

  /** Pairs of a condition and an item. */
  get size(): number {
    return this.#size;
  }

  /** The same pair twice is one. */
  add(condition: Condition, item: T): void {
    const of = this.#of(condition.entity);
    const text = textOf(condition);
    let entry = of.entries.get(text);
    if (!entry) {
      const { entity, where, range, filter } = condition;
      const plan = planCondition(condition);
      entry = { condition: { entity, where, range, filter }, plan, items: new Set(), places: new Map() };
      of.entries.set(text, entry);
      insert(of.groups, entry);
    }
    if (entry.items.has(item)) return;
    entry.items.add(item);
    this.#size++;
  }

  /** Does nothing for a pair that is not there. */
  remove(condition: Condition, item: T): void {
    const of = this.#entities.get(condition.entity);
    const text = textOf(condition);
    const entry = of?.entries.get(text);
    if (!of || !entry?.items.delete(item)) return;
    this.#size--;
    if (entry.items.size > 0) return;
    of.entries.delete(text);
    erase(of.groups, entry);
    if (of.entries.size === 0) this.#entities.delete(condition.entity);
  }

  /** The items whose condition the row meets, each once. */
  find(entity: string, row: JsonObject): Set<T> {
    const found = new Set<T>();
    for (const group of this.#entities.get(entity)?.groups.values() ?? []) {
      const bucket = group.buckets.get(keyOf(group.fields.map((name) => valueAt(row, name))));
      if (!bucket) continue;
      for (const entry of candidates(bucket, group, row))
        if (matches(entry.condition, row)) for (const item of entry.items) found.add(item);
    }
    return found;
  }

  #of(entity: string): EntityConditions<T> {
    let of = this.#entities.get(entity);
    if (!of) {
      of = { entries: new Map(), groups: new Map() };
      this.#entities.set(entity, of);
    }
    return of;
  }
}

function* candidates<T>(bucket: Bucket<T>, group: Group<T>, row: JsonObject): Generator<Entry<T>> {
  yield* bucket.unbounded;
  if (group.bounded === undefined) return;
  const value = valueAt(row, group.bounded);
  // A list or an object has no place in the order, so bounds say nothing about it.
  if (typeof value === 'object' && value !== null) yield* bucket.bounded.all();
  else yield* bucket.bounded.holding(value);
}

function insert<T>(groups: Map<string, Group<T>>, entry: Entry<T>): void {
  const { fields, keys, bounds } = entry.plan;
  const shape = shapeOf(entry.plan);
  let group = groups.get(shape);
  if (!group) {
    group = { fields, bounded: bounds?.field, buckets: new Map() };
    groups.set(shape, group);
  }
  for (const key of keys) {
    let bucket = group.buckets.get(key);
    if (!bucket) {
      bucket = { unbounded: new Set(), bounded: new IntervalTree() };
      group.buckets.set(key, bucket);
    }
    if (!bounds) bucket.unbounded.add(entry);
    else {
      const { bounded } = bucket;
      entry.places.set(
        key,
        bounds.intervals.map((interval) => bounded.add(interval, entry)),
      );
    }
  }
}

function erase<T>(groups: Map<string, Group<T>>, entry: Entry<T>): void {
  const shape = shapeOf(entry.plan);
  const { buckets } = groups.get(shape) ?? { buckets: new Map<string, Bucket<T>>() };
  for (const key of entry.plan.keys) {
    const bucket = buckets.get(key);
    if (!bucket) continue; // of conditions that no row meets: the last one to stand in it took it along
    bucket.unbounded.delete(entry);
    for (const place of entry.places.get(key) ?? []) bucket.bounded.remove(place);
    if (bucket.unbounded.size === 0 && bucket.bounded.size === 0) buckets.delete(key);
  }
  if (buckets.size === 0) groups.delete(shape);
}

function shapeOf({ fields, bounds }: ConditionPlan): string {
  return JSON.stringify([fields, bounds?.field ?? null]);
}

function textOf({ where, range, filter }: Condition): string {
  return canonicalJson([where ?? null, range ?? null, filter ?? null] as Json);
}

function valueAt(row: JsonObject, name: string): Json {
  return (Object.hasOwn(row, name) ? row[name] : null) ?? null;
}
