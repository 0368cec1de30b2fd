/** Writes an app of many functions and clients that use each of them, right and wrong. For large-app.test.ts. */

export const ENTITIES = 20;
export const FUNCTIONS_EACH = 15;

/** Name -> content of each file of the app. */
export function largeApp(): Record<string, string> {
  const indices = Array.from({ length: ENTITIES }, (_, i) => i);
  return {
    'schema.ts': schema(indices),
    ...Object.fromEntries(indices.map((i) => [`entity-${i}.ts`, functionsOf(i)])),
    'app.ts': app(indices),
    'client.ts': client(indices),
    'strictness.ts': strictness(indices),
  };
}

function schema(indices: number[]): string {
  const entities = indices.map(
    (i) => `entity('Entity${i}', {
      title: field.string(), body${i}: field.string().optional(), likes: field.int().default(0), done: field.bool(),
      at: field.datetime(), status: field.enum('draft', 'live${i}').default('draft'), parentId: field.id('Entity0'),
    }, { indexes: [{ name: 'by_title', fields: ['title', 'at'] }] })`,
  );
  return `import { defineSchema, entity, field } from 'ternion';
import { functions } from 'ternion/server';
export const schema = defineSchema({ entities: [${entities.join(',\n')}] });
export const { query, mutation, action } = functions(schema);
`;
}

/** Results are inferred from what handlers do: that is the part that costs. */
function functionsOf(i: number): string {
  const trios = Array.from({ length: FUNCTIONS_EACH / 3 }, (_, n) => {
    const body =
      n % 2 === 0 ? `ctx.db.get('Entity${i}', id)` : `ctx.db.query('Entity${i}').order('title').take(limit)`;
    return `
export const read${n} = query({
  args: { id: v.id('Entity${i}'), limit: v.int(1, 100), of${n}: v.optional(v.oneOf('a', 'b${i}')) },
  async handler(ctx, { id, limit }) {
    return { found${n}: await ${body}, id, limit };
  },
});
export const write${n} = mutation({
  args: { title: v.string(200), likes: v.optional(v.int()), tags: v.array(v.object({ tag${n}: v.string() })) },
  async handler(ctx, { title, likes = 0, tags }) {
    const at = ctx.now();
    const row = { title, likes, at, done: true, parentId: '' };
    const id = await ctx.db.insert('Entity${i}', row);
    return { id${n}: id, first: tags[0]?.tag${n} ?? null, at };
  },
});
export const act${n} = action({
  args: { title: v.string(), often${n}: v.number() },
  async handler(ctx, { title, often${n} }) {
    const { id${n} } = await ctx.runMutation(write${n}, { title, tags: [] });
    const { found${n} } = await ctx.runQuery(read${n}, { id: id${n}, limit: 1 });
    return { id: id${n}, twice: often${n} * 2, found${n} };
  },
});`;
  });
  return `import { v } from 'ternion';
import { action, mutation, query } from './schema.ts';
${trios.join('\n')}
`;
}

function app(indices: number[]): string {
  return `import { defineApp } from 'ternion/server';
import { schema } from './schema.ts';
${indices.map((i) => `import * as entity${i} from './entity-${i}.ts';`).join('\n')}
export const app = defineApp({ schema, functions: { ${indices.map((i) => `entity${i}`).join(', ')} } });
export type App = typeof app;
`;
}

/** Each function is called, and its result used. */
function client(indices: number[]): string {
  return `${CLIENT}${each(indices, ({ i, n, read, write, act }) => {
    return `
{
  const { found${n}, limit } = await engine.query(${read}, { id: 'x', limit: 1, of${n}: 'b${i}' });
  const row = ${n % 2 === 0 ? `found${n}` : `found${n}[0]`};
  const text: string | undefined = row?.title;
  const status: 'draft' | 'live${i}' | undefined = row?.status;
  const { id${n}, first } = await engine.call(${write}, { title: 'x', tags: [{ tag${n}: 'y' }] });
  const id: string = id${n} + (first ?? '');
  const { twice } = await engine.call(${act}, { title: 'x', often${n}: 2 });
  const number: number = twice + limit;
  use(text, status, id, number);
}`;
  })}`;
}

/** Of each function: wrong arguments and wrong uses of the result are errors, and its types hold no any. */
function strictness(indices: number[]): string {
  return `import type { FunctionRef } from 'ternion/client';
${CLIENT}
type IsAny<T> = 0 extends 1 & T ? true : false;
/** 'any' where there is one at any depth. */
type Anys<T> = IsAny<T> extends true
  ? 'any'
  : T extends readonly (infer Item)[]
    ? Anys<Item>
    : T extends object
      ? { [K in keyof T]-?: Anys<T[K]> }[keyof T]
      : never;
type NoAny<Ref> = Ref extends FunctionRef<infer Args, infer Result>
  ? [Anys<Args> | Anys<Result>] extends [never] ? true : false
  : false;

// The check itself sees an any.
true satisfies NoAny<FunctionRef<{ a: string }, { b: { c: number }[] } | null>>;
false satisfies NoAny<FunctionRef<any, string>>;
false satisfies NoAny<FunctionRef<{ a?: any }, string>>;
false satisfies NoAny<FunctionRef<{ a: string }, { b: { c: any }[] } | null>>;
${each(indices, ({ n, read, write, act }) => {
  return `
{
  // @ts-expect-error another value of the enum
  const { limit } = await engine.query(${read}, { id: 'x', limit: 1, of${n}: 'c' });
  // @ts-expect-error a number
  const text: string = limit;
  // @ts-expect-error no such argument inside
  const { first } = await engine.call(${write}, { title: 'x', tags: [{ tag: 'y' }] });
  // @ts-expect-error may be null
  const second: string = first;
  // @ts-expect-error an argument is missing
  const result = await engine.call(${act}, { title: 'x' });
  // @ts-expect-error no such part of the result
  use(text, second, result.thrice);
}
true satisfies NoAny<typeof ${read}>;
true satisfies NoAny<typeof ${write}>;
true satisfies NoAny<typeof ${act}>;`;
})}
`;
}

const CLIENT = `import { createApi, createSyncEngine } from 'ternion/client';
import type { App } from './app.ts';

const engine = createSyncEngine<App>('http://localhost');
const api = createApi<App>();
const use = (..._values: unknown[]) => {};
`;

interface Trio {
  readonly i: number;
  readonly n: number;
  readonly read: string;
  readonly write: string;
  readonly act: string;
}

function each(indices: number[], text: (trio: Trio) => string): string {
  const trios = indices.flatMap((i) =>
    Array.from({ length: FUNCTIONS_EACH / 3 }, (_, n) => {
      const name = (kind: string) => `api.entity${i}.${kind}${n}`;
      return text({ i, n, read: name('read'), write: name('write'), act: name('act') });
    }),
  );
  return trios.join('\n');
}
