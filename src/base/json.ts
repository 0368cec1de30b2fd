/**
 * JSON at the edge: text from a peer is bounded in size and depth, and carries neither a `__proto__` key
 * nor the same key twice, which another parser might read otherwise. [N1]
 */
import { Fault } from './fault.ts';
import type { Json, JsonObject } from './json-value.ts';

export type { Json, JsonObject } from './json-value.ts';

export interface JsonLimits {
  /** UTF-16 units of text. */
  maxChars: number;
  /** Nesting of arrays and objects. */
  maxDepth: number;
}

/** Parses foreign text. Throws Fault `too_large` or `bad_message`; never anything else. */
export function parseJson(text: string, limits: JsonLimits): Json {
  if (text.length > limits.maxChars)
    throw new Fault('too_large', `message of more than ${limits.maxChars} characters`);
  const { depth, keys } = measure(text);
  if (depth > limits.maxDepth) throw new Fault('bad_message', `JSON nested deeper than ${limits.maxDepth}`);
  let value: Json;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Fault('bad_message', 'text is not JSON');
  }
  if (countKeys(value) !== keys) throw new Fault('bad_message', 'a key appears twice in one object');
  return value;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Deep equality of JSON values; the order of keys does not matter. */
export function jsonEquals(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => jsonEquals(item, b[i]));
  }
  if (!isJsonObject(a) || !isJsonObject(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && jsonEquals(a[key], b[key]))
  );
}

/** One text per value: keys sorted at every level. For hashes and cache keys. */
export function canonicalJson(value: Json | undefined): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (isJsonObject(value)) {
    const fields = Object.keys(value)
      .sort()
      .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key])}`);
    return `{${fields.join(',')}}`;
  }
  return JSON.stringify(value ?? null);
}

const QUOTE = 34;
const BACKSLASH = 92;
const COLON = 58;

/** Nesting, and how many keys are written: in JSON every colon outside a string belongs to one. */
function measure(text: string): { depth: number; keys: number } {
  let open = 0;
  let depth = 0;
  let keys = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === QUOTE) {
      for (i++; i < text.length; i++) {
        const d = text.charCodeAt(i);
        if (d === BACKSLASH) i++;
        else if (d === QUOTE) break;
      }
    } else if (c === COLON) {
      keys++;
    } else if (c === 123 || c === 91) {
      if (++open > depth) depth = open;
    } else if (c === 125 || c === 93) {
      open--;
    }
  }
  return { depth, keys };
}

/** Keys of all objects inside; of keys that were written twice one is left. Refuses `__proto__`. */
function countKeys(value: Json): number {
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object') count += countKeys(item);
  } else if (isJsonObject(value)) {
    for (const key in value) {
      if (key === '__proto__') throw new Fault('bad_message', 'the key __proto__ is not allowed');
      const item = value[key]!;
      count += typeof item === 'object' ? 1 + countKeys(item) : 1;
    }
  }
  return count;
}
