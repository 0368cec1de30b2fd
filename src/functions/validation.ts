/**
 * Checks arguments and results against shapes of `v`, Standard Schemas, or a mixture, and says what types
 * follow from them. A Standard Schema may answer later; a mutation cannot wait for that. [Q4] [N1]
 */
import { Fault } from '../base/fault.ts';
import { isJsonObject, type Json } from '../base/json.ts';
import { isJson, type OptionalShape, parseShape, type Shape, s } from '../base/shape.ts';
import type { KnownArgs } from '../policy/call-rule.ts';
import type { NamedType } from '../policy/check.ts';
import {
  isStandardSchema,
  type StandardInput,
  type StandardOutput,
  type StandardResult,
  type StandardSchema,
} from '../schema/standard-schema.ts';

export type ArgFields = Record<string, Shape<unknown> | StandardSchema>;
/** One validator per argument, or one Standard Schema for all of them. */
export type ArgsSpec = ArgFields | StandardSchema;
export type ReturnsSpec<R> = Shape<R> | StandardSchema<R>;

type InputOf<V> = V extends StandardSchema ? StandardInput<V> : V extends Shape<infer T> ? T : never;
type OutputOf<V> = V extends StandardSchema ? StandardOutput<V> : V extends Shape<infer T> ? T : never;
type OptionalKeys<T> = { [K in keyof T]: undefined extends T[K] ? K : never }[keyof T];
type Flatten<T> = { [K in keyof T]: T[K] };
/** What may be undefined may be left out. */
type Loose<T> = Flatten<
  { [K in Exclude<keyof T, OptionalKeys<T>>]: T[K] } & {
    [K in OptionalKeys<T>]?: Exclude<T[K], undefined>;
  }
>;

/** What a caller gives. */
export type ArgsIn<A extends ArgsSpec> = A extends StandardSchema
  ? StandardInput<A>
  : Loose<{ -readonly [K in keyof A]: InputOf<A[K]> }>;
/** What the handler gets. */
export type ArgsOut<A extends ArgsSpec> = A extends StandardSchema
  ? StandardOutput<A>
  : Loose<{ -readonly [K in keyof A]: OutputOf<A[K]> }>;

/** The parsed value, or a promise of it. Throws Fault `invalid` that names the place. */
export type Check = (value: unknown) => unknown;

const MAX_ISSUES = 20;
/** Holds the place of a Standard Schema while the shapes are checked. */
const later: OptionalShape<unknown> = { json: 'standard', optional: true, parse: (value) => value };

export function checkArgs(spec: ArgsSpec): Check {
  if (isStandardSchema(spec)) return (value) => validate(spec, value, 'args');
  const standard: [string, StandardSchema][] = [];
  const shapes: Record<string, Shape<unknown>> = {};
  for (const [key, field] of Object.entries(spec)) {
    if (isStandardSchema(field)) standard.push([key, field]);
    shapes[key] = isStandardSchema(field) ? later : field;
  }
  const whole = s.object(shapes);
  if (standard.length === 0) return (value) => parseShape(whole, value, 'args');
  return (value) => {
    const args: Record<string, unknown> = parseShape(whole, value, 'args');
    const waits: Promise<void>[] = [];
    for (const [key, schema] of standard) {
      const put = (parsed: unknown) => {
        if (parsed === undefined) delete args[key];
        else args[key] = parsed;
      };
      const parsed = validate(schema, args[key], `args.${key}`);
      if (isPromise(parsed)) waits.push(parsed.then(put));
      else put(parsed);
    }
    return waits.length === 0 ? args : Promise.all(waits).then(() => args);
  };
}

export function checkReturns(spec: ReturnsSpec<unknown> | undefined): Check {
  if (spec === undefined) return (value) => value;
  if (isStandardSchema(spec)) return (value) => validate(spec, value, 'result');
  return (value) => parseShape(spec, value, 'result');
}

/** What a handler may return. Throws Fault `invalid`. */
export function toResult(value: unknown): Json | undefined {
  if (value !== undefined && !isJson(value)) throw new Fault('invalid', 'a function must return JSON');
  return value;
}

/** The arguments as auth expressions know them; null where a Standard Schema stands for all of them. */
export function argTypes(spec: ArgsSpec): KnownArgs {
  if (isStandardSchema(spec)) return null;
  return new Map(
    Object.entries(spec).map(([name, arg]): [string, NamedType] => [
      name,
      isStandardSchema(arg) ? { type: 'unknown' } : shapeType(arg.json),
    ]),
  );
}

/** What the description of a shape tells of its values. */
function shapeType(json: Json): NamedType {
  if (typeof json === 'string') {
    if (json.startsWith('string')) return { type: 'text' };
    if (json.startsWith('int') || json === 'number') return { type: 'number' };
    return { type: json === 'bool' ? 'boolean' : 'json' };
  }
  if (!isJsonObject(json)) return { type: 'unknown' };
  const inner = json.optional ?? json.nullable;
  if (inner !== undefined) return shapeType(inner);
  if (Array.isArray(json.oneOf)) return { type: 'text', values: json.oneOf.map(String) };
  if (typeof json.literal === 'string') return { type: 'text', values: [json.literal] };
  return { type: 'array' in json || 'object' in json ? 'json' : 'unknown' };
}

/** A value that is there already. Throws where a mutation would have to wait. */
export function atOnce(value: unknown, what: string): unknown {
  if (!isPromise(value)) return value;
  value.catch(() => {});
  throw new Error(`${what}: a schema that validates asynchronously, which a mutation cannot wait for`);
}

export function isPromise(value: unknown): value is Promise<unknown> {
  return value instanceof Promise;
}

function validate(schema: StandardSchema, value: unknown, name: string): unknown {
  const result = schema['~standard'].validate(value);
  return 'then' in result ? Promise.resolve(result).then((r) => settle(r, name)) : settle(result, name);
}

function settle(result: StandardResult<unknown>, name: string): unknown {
  if (!result.issues) return result.value;
  const issues = result.issues.slice(0, MAX_ISSUES).map(({ message, path = [] }) => {
    const keys = path.map((part) => String(typeof part === 'object' ? part.key : part));
    return { path: [name, ...keys].join('.'), message };
  });
  const [first = { path: name, message: 'not valid' }] = issues;
  throw new Fault('invalid', `${first.path}: ${first.message}`, { path: first.path, issues });
}
