/** Schemas by chance, for property tests: few names, so that two of them overlap and differ in every way. */
import fc from 'fast-check';
import { defineSchema, type Schema } from '../define-schema.ts';
import { entity } from '../entity.ts';
import { type Field, field, type Mode } from '../field.ts';

type AnyField = Field<unknown, Mode>;

const KINDS: readonly (() => AnyField)[] = [
  () => field.string(),
  () => field.string(10).default("it's"),
  () => field.int(),
  () => field.int(0, 5).default(3),
  () => field.float().default(-0.5),
  () => field.bool().default(true),
  () => field.datetime(),
  () => field.enum('a', 'b').default('a'),
  () => field.enum('a', 'b', 'c').default('c'),
  () => field.json().default({ a: [1] }),
  () => field.bytes().default('AAEC'),
  () => field.id('User'),
  () => field.richtext(),
];

const anyField = fc
  .record({
    make: fc.constantFrom(...KINDS),
    optional: fc.boolean(),
    unique: fc.boolean(),
    readonly: fc.boolean(),
  })
  .map(({ make, optional, unique, readonly }) => {
    let made = make();
    if (optional) made = made.optional();
    if (unique) made = made.unique();
    return readonly ? made.readonly() : made;
  });

const anyEntity = fc
  .record({
    fields: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), anyField, { minKeys: 1 }),
    pairs: fc.boolean(),
    unique: fc.boolean(),
    sync: fc.constantFrom('all' as const, 'none' as const),
  })
  .map(({ fields, pairs, unique, sync }) => {
    const keys = Object.keys(fields);
    return {
      fields,
      options: { sync, indexes: pairs ? [{ name: 'pair', fields: keys.slice(0, 2), unique }] : [] },
    };
  });

export const anySchema: fc.Arbitrary<Schema> = fc
  .dictionary(fc.constantFrom('Note', 'User', 'Tag'), anyEntity)
  .map((entities) =>
    defineSchema({
      entities: Object.entries(entities).map(([name, { fields, options }]) =>
        entity(name, { ...fields }, options),
      ),
    }),
  );
