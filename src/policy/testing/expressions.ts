/** For tests: rows and policy expressions by chance, around the traps of comparing in two languages. */
import fc from 'fast-check';
import type { Json } from '../../base/json.ts';
import type { AnyEntity } from '../../schema/define-schema.ts';
import { field } from '../../schema/field.ts';
import type { Viewer } from '../viewer.ts';

/** Texts around the traps: order by code point, NUL, quotes, what looks like a number or like JSON. */
export const TEXTS = [
  '',
  'a',
  'ab',
  'B',
  'é',
  '\uFF5E',
  '\u{1F600}',
  'a\0b',
  'a\0',
  "it's",
  '"\\',
  '1',
  'true',
  '\uFFFD',
  'null',
];
const NUMBERS = [0, -0, 1, 2, -3, 0.1, 1e21, 5e-324, 9007199254740991, 0.30000000000000004];
export const LONE = '\ud83d';

const textValue = fc.constantFrom(...TEXTS);
const jsonValue: fc.Arbitrary<Json> = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 3 },
    fc.boolean(),
    fc.constantFrom<Json[]>([0, 1, true], ['a', 1], ['', LONE, ['a', 1]], [2, 0.1, false]),
    fc.constantFrom<Json[]>(...TEXTS, ...NUMBERS, true, false, LONE),
    fc.array(fc.oneof(tie('json'), fc.constant(null)), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b'), tie('json'), { maxKeys: 2 }),
  ),
})).json;
export const KINDS = {
  text: { make: field.string, value: textValue },
  int: { make: field.int, value: fc.constantFrom(0, 1, 2, -3, 9007199254740991) },
  float: { make: field.float, value: fc.constantFrom(...NUMBERS) },
  bool: { make: field.bool, value: fc.boolean() },
  json: { make: field.json, value: jsonValue },
} satisfies Record<string, { make: () => AnyEntity['fields'][string]; value: fc.Arbitrary<Json> }>;
export type Kind = keyof typeof KINDS;
/** Some are columns of json_each, too. */
export const NAMES = ['a', 'value', 'key', 'type', 'json', 'c'];

const textLiteral = (text: string) => `'${text.replace(/[\\']/g, '\\$&')}'`;
const pathsIn = (scope: string, kinds: Kind[], wanted: Kind[]) =>
  kinds.flatMap((kind, i) => (wanted.includes(kind) ? [`${scope}.${NAMES[i]}`] : []));

/**
 * Expressions over fields of these kinds: mostly such as pass the check, and some of any kind. `inside` are
 * the kinds of the fields of `row`, for what stands in an `exists`.
 */
export function expressions(kinds: Kind[], inside: Kind[] = []): fc.Arbitrary<string> {
  const paths = (...wanted: Kind[]) => [
    ...pathsIn('data', kinds, wanted),
    ...pathsIn('row', inside, wanted),
    ...pathsIn('row', inside, wanted),
  ];
  const literal = textValue.map(textLiteral);
  const number = fc.constantFrom(
    '0',
    '-0',
    '1',
    '2',
    '-3',
    '0.1',
    '0.30000000000000004',
    '9007199254740991',
    'now',
  );
  const of = (...some: string[]) => (some.length > 0 ? [fc.constantFrom(...some)] : []);
  const text = fc.oneof(
    literal,
    ...of('auth.userId', 'auth.name', inside.length > 0 ? 'row.id' : 'data.id'),
    ...of(...paths('text')),
    ...of(...paths('text')),
  );
  const numeric = fc.oneof(number, ...of(...paths('int', 'float')), ...of(...paths('int')));
  const json = paths('json');
  const fixed = fc.oneof(literal, number, fc.constantFrom('true', 'null', 'auth.userId', '[]', "['a', 1]"));
  const any = fc.oneof(text, numeric, fixed, ...of(...json), ...of(...paths('bool')));
  const list = (item: fc.Arbitrary<string>) =>
    fc.array(item, { maxLength: 4 }).map((items) => `[${items.join(', ')}]`);
  const order = fc.constantFrom('<', '<=', '>', '>=');
  const same = fc.constantFrom('==', '!=');
  const join = (...parts: fc.Arbitrary<string>[]) => fc.tuple(...parts).map((all) => `(${all.join(' ')})`);
  const of2 = (op: fc.Arbitrary<string>, value: fc.Arbitrary<string>) => join(value, op, value);
  const or = (value: fc.Arbitrary<string>) => fc.oneof({ weight: 6, arbitrary: value }, fc.constant('null'));
  const leaf = fc.oneof(
    of2(fc.oneof(same, order), text),
    of2(fc.oneof(same, order), numeric),
    of2(same, or(text)),
    of2(same, or(numeric)),
    join(text, fc.constant('in'), list(or(text))),
    join(numeric, fc.constant('in'), list(or(numeric))),
    fc.tuple(text, text).map(([a, b]) => `startsWith(${a}, ${b})`),
    text.map((arg) => `auth.hasRole(${arg})`),
    fc.tuple(text, text).map(([a, b]) => `auth.hasAnyRole(${a}, ${b})`),
    ...of('true', 'false', ...paths('bool')),
    ...(json.length > 0
      ? [
          join(fc.constantFrom(...json), same, fixed),
          join(fc.constantFrom(...json), fc.constant('in'), list(fixed)),
          join(fc.oneof(text, fixed), fc.constant('in'), fc.constantFrom(...json)),
        ]
      : []),
  );
  return fc.letrec<{ bool: string; wild: string; both: string }>((tie) => ({
    bool: fc.oneof(
      { maxDepth: 4 },
      leaf,
      join(tie('bool'), fc.constantFrom('&&', '||', '==', '!='), tie('bool')),
      tie('bool').map((inner) => `!${inner}`),
      join(tie('bool'), fc.constant('in'), list(fc.oneof(leaf, fc.constant('null')))),
    ),
    wild: fc.oneof(
      { maxDepth: 3 },
      any,
      any.map((inner) => `!${inner}`),
      leaf,
      list(tie('wild')),
      join(tie('wild'), fc.constantFrom('&&', '||', '==', '!=', '<', '>=', 'in'), tie('wild')),
      tie('wild').map((inner) => `!${inner}`),
      fc.tuple(tie('wild'), tie('wild')).map(([a, b]) => `startsWith(${a}, ${b})`),
      tie('wild').map((arg) => `auth.hasRole(${arg})`),
    ),
    both: fc.oneof({ weight: 3, arbitrary: tie('bool') }, tie('wild')),
  })).both;
}

export const viewers: fc.Arbitrary<Viewer> = fc.record({
  userId: fc.oneof(fc.option(textValue), fc.constant(LONE)),
  kind: fc.constantFrom('anonymous' as const, 'user' as const),
  roles: fc.array(fc.oneof(textValue, fc.constantFrom(LONE, '\uFFFD')), { maxLength: 3 }),
  name: fc.option(textValue),
});

/** Expressions with `exists(Other where ...)`, of joins and of whatever may stand there. */
export function withExists(kinds: Kind[], others: Kind[]): fc.Arbitrary<string> {
  const pairs = kinds.flatMap((kind, i) =>
    others.flatMap((other, j) =>
      kind === other && kind !== 'json' ? [`row.${NAMES[j]} == data.${NAMES[i]}`] : [],
    ),
  );
  const inner = expressions(kinds, others);
  const joins = ['row.id == data.id', 'auth.userId == row.id', ...pairs];
  const joined = fc.tuple(fc.constantFrom(...joins), inner).map(([join, rest]) => `${join} && ${rest}`);
  const exists = fc
    .oneof(inner, joined, fc.constantFrom(...joins))
    .map((where) => `exists(Other where ${where})`);
  const operator = fc.constantFrom('&&', '||', '==', '!=');
  return fc.oneof(
    exists,
    exists.map((text) => `!${text}`),
    fc.tuple(exists, operator, expressions(kinds)).map((parts) => parts.join(' ')),
    fc.tuple(expressions(kinds), operator, exists, operator, exists).map((parts) => parts.join(' ')),
  );
}
