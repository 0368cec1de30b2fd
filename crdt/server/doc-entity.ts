/** Which entities have documents, and what these say as JSON: types by the schema, for `ctx.docs`. */
import type { Field } from '../../src/schema/field.ts';
import type { EntityName, FieldsOf, Row } from '../../src/schema/infer.ts';

type DocumentField<F> = {
  [K in keyof F & string]: F[K] extends Field<infer _T, infer M>
    ? M extends 'projected'
      ? K
      : never
    : never;
}[keyof F & string];

/** The entities with at least one field that lives in the row's document. */
export type DocEntity<S> = {
  [N in EntityName<S>]: [DocumentField<FieldsOf<S, N>>] extends [never] ? never : N;
}[EntityName<S>];

/** The document's fields, each as its column would show it. */
export type DocFields<S, N extends EntityName<S>> = Pick<
  Row<S, N>,
  DocumentField<FieldsOf<S, N>> & keyof Row<S, N>
>;
