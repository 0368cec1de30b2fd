/**
 * How one JSON value becomes another, as JSON. Watched queries are sent so: the server compares what it has told a
 * client with what is so now, the client applies it. What did not change stays the same object.
 *
 *   {"v": value}                            is this now
 *   {"o": {key: patch}, "d": [key]}         an object: keys that changed or are new, keys that are gone
 *   {"a": [[from, count] | {"i": at, "p": patch} | {"v": [item]}]}
 *                                           a list, from its beginning: items of the old one, each at most once, a
 *                                           changed item of the old one, new items
 */
import { Fault } from '../base/fault.ts';
import { isJsonObject, type Json, type JsonObject, jsonEquals } from '../base/json.ts';

export type JsonPatch = JsonObject;

/** What lies deeper is replaced as a whole: each level of a value is up to three of its patch. */
const MAX_DEPTH = 10;

/** Undefined when they are equal. A patch that is no smaller than the new value is that value. */
export function diff(a: Json, b: Json): JsonPatch | undefined {
  const patch = between(a, b);
  if (!patch || 'v' in patch) return patch;
  const value = { v: b };
  return JSON.stringify(patch).length < JSON.stringify(value).length ? patch : value;
}

/** Throws `bad_message` for what is no patch of `value`. Changes neither. */
export function applyPatch(value: Json, patch: Json): Json {
  if (!isJsonObject(patch)) return refuse();
  if ('v' in patch) return patch.v!;
  if ('o' in patch) return isJsonObject(value) ? applyToObject(value, patch) : refuse();
  if ('a' in patch) return Array.isArray(value) ? applyToList(value, patch.a) : refuse();
  return refuse();
}

/** `b` with what equals a part of `a` being that part. */
export function share(a: Json, b: Json): Json {
  const patch = between(a, b);
  return patch ? applyPatch(a, patch) : a;
}

function between(a: Json, b: Json, depth = 0): JsonPatch | undefined {
  if (a === b) return undefined;
  if (depth < MAX_DEPTH) {
    if (Array.isArray(a) && Array.isArray(b)) return betweenLists(a, b, depth + 1);
    if (isJsonObject(a) && isJsonObject(b)) return betweenObjects(a, b, depth + 1);
  }
  return jsonEquals(a, b) ? undefined : { v: b };
}

function betweenObjects(a: JsonObject, b: JsonObject, depth: number): JsonPatch | undefined {
  const changed: [string, Json][] = [];
  for (const [key, value] of Object.entries(b)) {
    if (key === '__proto__') return { v: b };
    const patch = Object.hasOwn(a, key) ? between(a[key]!, value, depth) : { v: value };
    if (patch) changed.push([key, patch]);
  }
  const gone = Object.keys(a).filter((key) => !Object.hasOwn(b, key));
  if (changed.length === 0 && gone.length === 0) return undefined;
  const patch = { o: Object.fromEntries(changed) };
  return gone.length > 0 ? { ...patch, d: gone } : patch;
}

function betweenLists(a: readonly Json[], b: readonly Json[], depth: number): JsonPatch | undefined {
  const steps = new Steps((old, item) => between(old, item, depth));
  const places = byId(a);
  if (places && byId(b)) {
    for (const item of b) {
      const at = places.get((item as JsonObject).id as string);
      if (at === undefined) steps.put(item);
      else steps.become(at, a[at]!, item);
    }
  } else betweenEnds(a, b, steps);
  return steps.areAll(a.length) ? undefined : { a: steps.list };
}

/** Lists without ids: what is equal at both ends stays; between them, item by item if there are as many. */
function betweenEnds(a: readonly Json[], b: readonly Json[], steps: Steps): void {
  const shorter = Math.min(a.length, b.length);
  let start = 0;
  while (start < shorter && jsonEquals(a[start], b[start])) start++;
  let end = 0;
  while (end < shorter - start && jsonEquals(a.at(-1 - end), b.at(-1 - end))) end++;
  for (let i = 0; i < b.length; i++) {
    const old = i >= b.length - end ? a.length - b.length + i : i;
    if (i < start || i >= b.length - end) steps.copy(old);
    else if (a.length === b.length) steps.become(i, a[i]!, b[i]!);
    else steps.put(b[i]!);
  }
}

/** The steps that make a list, each run of equal ones as one. */
class Steps {
  readonly list: Json[] = [];
  readonly #compare: (a: Json, b: Json) => JsonPatch | undefined;
  #copied: [from: number, count: number] | undefined;
  #made: Json[] | undefined;

  constructor(compare: (a: Json, b: Json) => JsonPatch | undefined) {
    this.#compare = compare;
  }

  become(at: number, old: Json, item: Json): void {
    const patch = this.#compare(old, item);
    if (!patch) return this.copy(at);
    this.#made = undefined;
    this.#copied = undefined;
    this.list.push({ i: at, p: patch });
  }

  copy(at: number): void {
    this.#made = undefined;
    if (this.#copied && this.#copied[0] + this.#copied[1] === at) this.#copied[1]++;
    else {
      this.#copied = [at, 1];
      this.list.push(this.#copied);
    }
  }

  put(item: Json): void {
    this.#copied = undefined;
    if (!this.#made) {
      this.#made = [];
      this.list.push({ v: this.#made });
    }
    this.#made.push(item);
  }

  /** They copy the whole list as it is. */
  areAll(length: number): boolean {
    if (length === 0) return this.list.length === 0;
    return this.list.length === 1 && this.#copied?.[0] === 0 && this.#copied[1] === length;
  }
}

/** The place of each item by its id; undefined unless all are objects with an id of their own. */
function byId(list: readonly Json[]): Map<string, number> | undefined {
  const places = new Map<string, number>();
  for (const [i, item] of list.entries()) {
    if (!isJsonObject(item) || typeof item.id !== 'string' || places.has(item.id)) return undefined;
    places.set(item.id, i);
  }
  return places;
}

function applyToObject(value: JsonObject, { o, d = [] }: JsonObject): JsonObject {
  if (!isJsonObject(o) || !Array.isArray(d)) return refuse();
  const made: Record<string, Json> = { ...value };
  for (const key of d) {
    if (typeof key !== 'string') return refuse();
    delete made[key];
  }
  for (const [key, patch] of Object.entries(o)) {
    if (key === '__proto__') return refuse();
    made[key] = applyPatch(Object.hasOwn(value, key) ? value[key]! : null, patch);
  }
  return made;
}

function applyToList(value: readonly Json[], steps: Json | undefined): Json[] {
  if (!Array.isArray(steps)) return refuse();
  const made: Json[] = [];
  let left = value.length; // so that a short patch makes no endless list
  const old = (from: Json | undefined, count: Json | undefined): readonly Json[] => {
    if (!isIndex(from) || !isIndex(count) || from + count > value.length) return refuse();
    left -= count;
    return left < 0 ? refuse() : value.slice(from, from + count);
  };
  for (const step of steps) {
    if (Array.isArray(step)) for (const item of old(step[0], step[1])) made.push(item);
    else if (!isJsonObject(step)) return refuse();
    else if (Array.isArray(step.v)) for (const item of step.v) made.push(item);
    else made.push(applyPatch(old(step.i, 1)[0]!, step.p ?? null));
  }
  return made;
}

function isIndex(value: Json | undefined): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function refuse(): never {
  throw new Fault('bad_message', 'a patch that does not fit its value');
}
