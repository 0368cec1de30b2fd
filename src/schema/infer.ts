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
type FieldsOf<S, N> =
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
