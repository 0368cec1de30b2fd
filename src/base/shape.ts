/**
 * Shapes: small parsers that describe themselves. A value from outside is parsed once, into a type.
 * Used for wire messages (protocol), for function arguments and rows (schema/validator.ts), for settings.
 * `json` is the description from which the wire and the schema hashes are made. Unknown keys are refused.
 */
import { Fault } from './fault.ts';
import { isJsonObject, type Json, type JsonObject } from './json.ts';

export interface Shape<T> {
  readonly json: Json;
  /** Returns the value as T, or throws a Miss that callers of `parseShape` never see. */
  parse(value: unknown): T;
}

export interface OptionalShape<T> extends Shape<T | undefined> {
  readonly optional: true;
}

export type Infer<S> = S extends Shape<infer T> ? T : never;
export type Fields = Record<string, Shape<unknown>>;
type OptionalKeys<F extends Fields> = {
  [K in keyof F]: F[K] extends OptionalShape<unknown> ? K : never;
}[keyof F];
type Flatten<T> = { [K in keyof T]: T[K] };
export type InferFields<F extends Fields> = Flatten<
  { [K in Exclude<keyof F, OptionalKeys<F>>]: Infer<F[K]> } & {
    [K in OptionalKeys<F>]?: Exclude<Infer<F[K]>, undefined>;
  }
>;

/** A mismatch on its way up; each level adds the key it was at. */
class Miss {
  readonly path: (string | number)[] = [];
  readonly expected: string;
  constructor(expected: string) {
    this.expected = expected;
  }
}

export function miss(expected: string): never {
  throw new Miss(expected);
}

function parseAt<T>(shape: Shape<T>, value: unknown, key: string | number): T {
  try {
    return shape.parse(value);
  } catch (error) {
    if (error instanceof Miss) error.path.unshift(key);
    throw error;
  }
}

/** Parses, or throws Fault `code` with a message that names the place (`args.user.name must be a string`). */
export function parseShape<T>(
  shape: Shape<T>,
  value: unknown,
  name: string,
  code: 'invalid' | 'bad_message' = 'invalid',
): T {
  try {
    return shape.parse(value);
  } catch (error) {
    if (!(error instanceof Miss)) throw error;
    const path = [name, ...error.path].join('.');
    throw new Fault(code, `${path} must be ${error.expected}`, { path });
  }
}

export function shape<T>(json: Json, parse: (value: unknown) => T): Shape<T> {
  return { json, parse };
}

const textOf = (max: number): Shape<string> =>
  shape(max === Number.MAX_SAFE_INTEGER ? 'string' : `string<=${max}`, (value) => {
    if (typeof value !== 'string') return miss('a string');
    return value.length <= max ? value : miss(`at most ${max} characters long`);
  });

export const s = {
  string: (maxChars = Number.MAX_SAFE_INTEGER) => textOf(maxChars),
  int: (min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER): Shape<number> =>
    shape(
      min === Number.MIN_SAFE_INTEGER && max === Number.MAX_SAFE_INTEGER ? 'int' : `int ${min}..${max}`,
      (value) =>
        Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max
          ? (value as number)
          : miss(`a whole number in ${min}..${max}`),
    ),
  number: (): Shape<number> =>
    shape('number', (value) =>
      typeof value === 'number' && Number.isFinite(value) ? value : miss('a finite number'),
    ),
  bool: (): Shape<boolean> =>
    shape('bool', (value) => (typeof value === 'boolean' ? value : miss('true or false'))),
  json: (): Shape<Json> => shape('json', (value) => (isJson(value) ? value : miss('JSON'))),
  jsonObject: (): Shape<JsonObject> =>
    shape('object', (value) => (isJsonObject(value) && isJson(value) ? value : miss('a JSON object'))),
  literal: <const L extends string | number | boolean | null>(literal: L): Shape<L> =>
    shape({ literal }, (value) => (value === literal ? literal : miss(JSON.stringify(literal)))),
  oneOf: <const L extends readonly string[]>(...values: L): Shape<L[number]> =>
    shape({ oneOf: [...values] }, (value) =>
      values.includes(value as string) ? (value as L[number]) : miss(`one of ${values.join(', ')}`),
    ),
  nullable: <T>(inner: Shape<T>): Shape<T | null> =>
    shape({ nullable: inner.json }, (value) => (value === null ? null : inner.parse(value))),
  optional: <T>(inner: Shape<T>): OptionalShape<T> => ({
    json: { optional: inner.json },
    optional: true,
    parse: (value) => (value === undefined ? undefined : inner.parse(value)),
  }),
  array: <T>(item: Shape<T>, maxItems = Number.MAX_SAFE_INTEGER): Shape<T[]> =>
    shape(
      maxItems === Number.MAX_SAFE_INTEGER ? { array: item.json } : { array: item.json, max: maxItems },
      (value) => {
        if (!Array.isArray(value)) return miss('a list');
        if (value.length > maxItems) return miss(`a list of at most ${maxItems}`);
        return value.map((element, i) => parseAt(item, element, i));
      },
    ),
  object: <F extends Fields>(fields: F): Shape<InferFields<F>> => {
    const entries = Object.entries(fields);
    const json = Object.fromEntries(entries.map(([key, field]) => [key, field.json]));
    return shape({ object: json }, (value) => {
      if (!isJsonObject(value)) return miss('an object');
      const result: Record<string, unknown> = {};
      for (const [key, field] of entries) {
        const parsed = parseAt(field, Object.hasOwn(value, key) ? value[key] : undefined, key);
        if (parsed !== undefined) result[key] = parsed;
      }
      for (const key in value) {
        if (!Object.hasOwn(fields, key)) return miss(`without the unknown key ${JSON.stringify(key)}`);
      }
      return result as InferFields<F>;
    });
  },
};

/** Shapes told apart by the value of `t`. */
export function tagged<M extends Record<string, Shape<object>>>(
  shapes: M,
): Shape<{ [K in keyof M & string]: { t: K } & Infer<M[K]> }[keyof M & string]> {
  type Union = { [K in keyof M & string]: { t: K } & Infer<M[K]> }[keyof M & string];
  const json = Object.fromEntries(Object.entries(shapes).map(([t, inner]) => [t, inner.json]));
  return shape({ tagged: json }, (value) => {
    if (!isJsonObject(value)) return miss('an object');
    const { t, ...rest } = value;
    if (typeof t !== 'string' || !Object.hasOwn(shapes, t)) return miss('of a known type "t"');
    return Object.assign({ t }, parseAt(shapes[t]!, rest, t)) as Union;
  });
}

/** True for what JSON text can say: no NaN, no undefined inside, no class instances. */
export function isJson(value: unknown, depth = 0): value is Json {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || depth > 64) return false;
  if (Array.isArray(value)) return value.every((item) => isJson(item, depth + 1));
  const proto = Object.getPrototypeOf(value);
  if (proto !== Object.prototype && proto !== null) return false;
  return !Object.hasOwn(value, '__proto__') && Object.values(value).every((item) => isJson(item, depth + 1));
}
