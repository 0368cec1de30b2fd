/** Row types from a schema: `Row<typeof schema, 'Note'>`. No code generation. */
import type { Schema } from './define-schema.ts';
import type { Entity, EntityFields } from './entity.ts';
import type { Field, Mode } from './field.ts';

type Flatten<T> = { [K in keyof T]: T[K] };
type Keys<F extends EntityFields, M extends Mode> = {
  [K in keyof F]: F[K] extends Field<infer _T, infer X> ? (X extends M ? K : never) : never;
}[keyof F];
type Values<F extends EntityFields> = { [K in keyof F]: F[K]['type'] };

export type EntityName<S> = S extends Schema<infer E> ? E['name'] : never;
export type FieldsOf<S, N> =
  S extends Schema<infer E>
    ? E extends Entity<infer M, infer F>
      ? M extends N
        ? F
        : never
      : never
    : never;

export type Row<S, N extends EntityName<S>> = Flatten<{ id: string } & Values<FieldsOf<S, N>>>;
export type Insert<S, N extends EntityName<S>> = Flatten<
  Pick<Values<FieldsOf<S, N>>, Keys<FieldsOf<S, N>, 'required'>> &
    Partial<Pick<Values<FieldsOf<S, N>>, Keys<FieldsOf<S, N>, 'omittable'>>>
>;
export type Patch<S, N extends EntityName<S>> = Flatten<
  Partial<Pick<Values<FieldsOf<S, N>>, Keys<FieldsOf<S, N>, 'required' | 'omittable'>>>
>;

type IndexesOf<S, N> =
  S extends Schema<infer E>
    ? E extends Entity<infer M, infer _F, infer I>
      ? M extends N
        ? I[number]
        : never
      : never
    : never;
type Unique<F> = {
  [K in keyof F & string]: F[K] extends { readonly traits: { readonly unique: true } } ? K : never;
}[keyof F & string];

/** Those of the entity's options, and `unique_<field>` for each unique field. */
export type IndexName<S, N> = IndexesOf<S, N>['name'] | `unique_${Unique<FieldsOf<S, N>>}`;
export type IndexFields<S, N, X> = X extends IndexesOf<S, N>['name']
  ? Extract<IndexesOf<S, N>, { readonly name: X }>['fields']
  : X extends `unique_${infer K}`
    ? readonly [K]
    : never;

/** The fields of entity `N` that are ids of entity `To`. */
export type IdField<S, N, To extends string> = IdKeys<FieldsOf<S, N>, To>;
type IdKeys<F, To extends string> = {
  [K in keyof F & string]: F[K] extends { readonly traits: { readonly to: infer T } }
    ? T extends To
      ? K
      : never
    : never;
}[keyof F & string];
/** The entity that the id in field `K` names, if the schema has it. */
export type IdTarget<S, N, K> = K extends keyof FieldsOf<S, N>
  ? FieldsOf<S, N>[K] extends { readonly traits: { readonly to: infer T } }
    ? T & EntityName<S>
    : never
  : never;
