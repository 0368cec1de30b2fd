import fc from 'fast-check';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { compareValues } from './compare.ts';
import { defineSchema } from './define-schema.ts';
import { entity } from './entity.ts';
import { field, MAX_FIELD_BYTES, MAX_STRING_CHARS } from './field.ts';
import type { Insert, Patch, Row } from './infer.ts';
import { buildManifest, parseManifest } from './manifest.ts';
import { select } from './match.ts';

const Note = entity('Note', {
  title: field.string(),
  body: field.richtext(),
  likes: field.int(0, 10).default(0),
  status: field.enum('draft', 'live').default('draft'),
  authorId: field.id('User').readonly(),
  dueAt: field.datetime().optional(),
  tags: field.json<string[]>().default([]),
});
const schema = defineSchema({ entities: [Note] });

describe("fields of a row's document", () => {
  const Card = entity('Card', {
    title: field.string().default('').crdt('lww'),
    notes: field.text(),
    labels: field.map<Record<string, boolean>>(),
    steps: field.movableList<string>(),
    log: field.list<number>(),
    outline: field.tree(),
    votes: field.counter(),
  });
  const cards = defineSchema({ entities: [Card] });

  test('are written by documents alone, and begin as their defaults', () => {
    const row = { title: '', notes: '', labels: {}, steps: [], log: [], outline: [], votes: 0 };
    expect(Card.parseInsert('c', {})).toEqual({ id: 'c', ...row, docRev: 0 });
    expect(Card.documentFields).toEqual(Object.keys(row));
    for (const [key, value] of Object.entries(row)) {
      const refused = `Card.${key} is written through its document`;
      expect(() => Card.parseInsert('c', { [key]: value })).toThrow(refused);
      expect(() => Card.parsePatch({ [key]: value })).toThrow(refused);
    }
    expectTypeOf<keyof Insert<typeof cards, 'Card'>>().toEqualTypeOf<never>();
    expectTypeOf<Row<typeof cards, 'Card'>['labels']>().toEqualTypeOf<Record<string, boolean>>();
    expectTypeOf<Row<typeof cards, 'Card'>['votes']>().toEqualTypeOf<number>();
  });

  test('the manifest says what they are, and comes back as it was', () => {
    const manifest = buildManifest(cards);
    expect(manifest.entities[0]!.fields.steps!.container).toBe('movableList');
    expect(manifest.entities[0]!.fields.title!.container).toBe('register');
    expect(parseManifest(JSON.parse(JSON.stringify(manifest.json)))).toMatchObject({ hash: manifest.hash });
    const plain = defineSchema({
      entities: [entity('Card', { ...Card.fields, votes: field.float().default(0) })],
    });
    expect(buildManifest(plain).hash).not.toBe(manifest.hash);
  });

  test('a plain field becomes one only where it can be merged', () => {
    expect(() => field.string().crdt('lww')).toThrow('a default');
    expect(() => field.richtext().crdt('lww')).toThrow('already');
    for (const bound of [field.int().unique(), field.int().readonly(), field.int().serverOnly()])
      expect(() => bound.optional().crdt('lww')).toThrow('cannot be merged');
    expect(() => field.int().optional().crdt('lww').renamedFrom('x')).toThrow('cannot be renamed');
  });
});

describe('entities', () => {
  test('an insert is filled with defaults', () => {
    expect(Note.parseInsert('n1', { title: 't', authorId: 'u1' })).toEqual({
      id: 'n1',
      title: 't',
      body: '',
      likes: 0,
      status: 'draft',
      authorId: 'u1',
      dueAt: null,
      tags: [],
      docRev: 0,
    });
  });

  test('[D11] rows with documents have a revision that nobody may write', () => {
    expect(Note.projectedFields).toEqual(['body', 'docRev']);
    expect(Note.documentFields).toEqual(['body']);
    const row = Note.parseInsert('n1', { title: 't', authorId: 'u1' });
    for (const write of [
      () => Note.parseInsert('n1', { title: 't', authorId: 'u1', docRev: 1 }),
      () => Note.parsePatch({ docRev: 1 }),
      () => Note.parseReplace(row, { title: 't', authorId: 'u1', docRev: 0 }),
    ])
      expect(write).toThrow('written through its document');
    expect(Note.parseReplace({ ...row, docRev: 7 }, { title: 'u', authorId: 'u1' })).toMatchObject({
      docRev: 7,
    });
    expect(() => entity('A', { body: field.text(), docrev: field.int() })).toThrow('rows with documents');
    expect(Object.keys(entity('A', { docRev: field.int() }).fields)).toEqual(['docRev']);
  });

  test.each([
    [{ authorId: 'u' }, 'Note.title must be a string'],
    [{ title: 'a\ud800b', authorId: 'u' }, 'Note.title must be text of whole characters'],
    [{ title: 't', authorId: 'u', likes: 11 }, 'Note.likes must be a whole number in 0..10'],
    [{ title: 't', authorId: 'u', status: 'gone' }, 'Note.status must be one of draft, live'],
    [{ title: 't', authorId: 'u', body: 'x' }, 'written through its document'],
    [{ title: 't', authorId: 'u', nope: 1 }, 'has no field "nope"'],
    [{ title: 't', authorId: 'u', dueAt: '2026' }, 'Note.dueAt must be a whole number'],
    [{ title: 'x'.repeat(MAX_STRING_CHARS + 1), authorId: 'u' }, 'at most 65536 characters'],
    [JSON.parse('{"title":"t","authorId":"u","__proto__":{}}'), 'has no field "__proto__"'],
    [[], 'takes an object'],
    [null, 'takes an object'],
  ])('insert %o is refused', (data, message) => {
    expect(() => Note.parseInsert('n1', data)).toThrow(message);
  });

  test.each(['', 'x'.repeat(65), 'a b', 'a/b', 7, null])('the id %o is refused', (id) => {
    expect(() => Note.parseInsert(id, { title: 't', authorId: 'u' })).toThrow('Note.id must be');
  });

  test('bytes are base64url text, up to a number of bytes', () => {
    const File = entity('File', { small: field.bytes(4).optional(), large: field.bytes().optional() });
    const small = (value: unknown) => File.parseInsert('f', { small: value }).small;
    expect([small('AAAAAA'), small(''), small(null)]).toEqual(['AAAAAA', '', null]);
    for (const bad of ['AAAAAAA', 'AAAAAAAA']) expect(() => small(bad)).toThrow('at most 4 bytes');
    for (const bad of ['A', 'AB', 'AA==', '+A', 7]) expect(() => small(bad)).toThrow('bytes as base64url');
    const text = (bytes: number) => Buffer.alloc(bytes).toString('base64url');
    expect(File.parseInsert('f', { large: text(MAX_FIELD_BYTES) }).large).toHaveLength(87_382);
    expect(() => File.parseInsert('f', { large: text(MAX_FIELD_BYTES + 1) })).toThrow('at most 65536 bytes');
  });

  test('a patch takes some fields, but no readonly one', () => {
    expect(Note.parsePatch({ title: 'y' })).toEqual({ title: 'y' });
    expect(() => Note.parsePatch({ authorId: 'eve' })).toThrow('Note.authorId is readonly');
    expect(() => Note.parsePatch({ id: 'n2' })).toThrow('has no field "id"');
  });

  test.each([
    () => entity('_log', {}),
    () => entity('A', { id: field.string() }),
    () => entity('A', { 'x"; DROP': field.string() }),
    () => entity('A', { a: field.string() }, { indexes: [{ name: 'i', fields: ['b'] }] }),
    () => entity('sqlite_a', {}),
    () => entity('A', { a: field.string(), A: field.string() }),
    () => entity('A', { ID: field.string() }),
    () => entity('A', { a: field.string() }, { indexes: [{ name: 'i"; DROP', fields: ['a'] }] }),
    () => entity('A', { a: field.string() }, { indexes: [{ name: 'i', fields: [] }] }),
    () => entity('A', { a: field.string().unique() }, { indexes: [{ name: 'unique_a', fields: ['a'] }] }),
    () => entity('A', { a: field.richtext() }, { renamedFrom: 'B' }),
    () => field.richtext().renamedFrom('b'),
    () => defineSchema({ entities: [entity('A', {}), entity('a', {})] }),
    () => defineSchema({ entities: [], policies: [{ entity: 'A' }] }),
  ])('a schema that cannot work is refused', (make) => {
    expect(make).toThrow();
  });

  test('row types are inferred', () => {
    type NoteRow = Row<typeof schema, 'Note'>;
    expectTypeOf<NoteRow>().toEqualTypeOf<{
      id: string;
      title: string;
      body: string;
      docRev: number;
      likes: number;
      status: 'draft' | 'live';
      authorId: string;
      dueAt: number | null;
      tags: string[];
    }>();
    expectTypeOf<Insert<typeof schema, 'Note'>>().toEqualTypeOf<{
      title: string;
      authorId: string;
      likes?: number;
      status?: 'draft' | 'live';
      dueAt?: number | null;
      tags?: string[];
    }>();
    expectTypeOf<Patch<typeof schema, 'Note'>>().not.toHaveProperty('body');
  });

  test('the manifest names the schema: it changes with a field, not with a policy', () => {
    const { hash } = buildManifest(schema);
    const open = defineSchema({ entities: [Note], policies: [{ entity: 'Note', allowRead: 'true' }] });
    const wider = defineSchema({ entities: [entity('Note', { ...Note.fields, more: field.bool() })] });
    expect(buildManifest(open).hash).toBe(hash);
    expect(buildManifest(wider).hash).not.toBe(hash);
  });
});

describe('order', () => {
  const value = fc.oneof(fc.constant(null), fc.boolean(), fc.integer(), fc.string({ unit: 'binary' }));

  test('[Q3] the order of values is total', () => {
    fc.assert(
      fc.property(value, value, value, (a, b, c) => {
        expect(Math.sign(compareValues(a, b))).toBe(-Math.sign(compareValues(b, a)) + 0);
        if (compareValues(a, b) <= 0 && compareValues(b, c) <= 0)
          expect(compareValues(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });

  test('[Q3] text is ordered by code point, as UTF-8 bytes are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        expect(Math.sign(compareValues(a, b))).toBe(
          Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))),
        );
      }),
    );
    expect(compareValues('\u{1F600}', '\uFF5E')).toBeGreaterThan(0);
  });

  test('a selection is filtered, ordered, cut', () => {
    const rows = [
      { id: '3', a: 1, b: 'x' },
      { id: '1', a: 2, b: 'x' },
      { id: '2', a: 1, b: 'x' },
      { id: '4', a: 1, b: 'y' },
    ];
    const found = select(
      { entity: 'E', where: { b: 'x' }, orderBy: [{ field: 'a', direction: 'desc' }], limit: 2 },
      rows,
    );
    expect(found.map(({ id }) => id)).toEqual(['1', '2']);
  });
});
