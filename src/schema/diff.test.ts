import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defineSchema } from './define-schema.ts';
import { describeStep, diff, touchesRows } from './diff.ts';
import { type EntityOptions, entity } from './entity.ts';
import { field } from './field.ts';
import { buildManifest, parseManifest } from './manifest.ts';
import { anySchema } from './testing/any-schema.ts';

const one = (fields: Parameters<typeof entity>[1], options?: EntityOptions) =>
  buildManifest(defineSchema({ entities: [entity('Note', fields, options)] }));
const lines = (...[a, b]: Parameters<typeof diff>) =>
  diff(a, b).map((step) => `${step.effect === 'additive' ? '+' : '!'} ${describeStep(step)}`);

test('a schema does not differ from itself, nor from what was stored of it', () => {
  fc.assert(
    fc.property(anySchema, (schema) => {
      const manifest = buildManifest(schema);
      const stored = parseManifest(JSON.parse(JSON.stringify(manifest.json)));
      expect(diff(manifest, manifest)).toEqual([]);
      expect(diff(stored, manifest)).toEqual([]);
      expect(stored.hash).toBe(manifest.hash);
    }),
  );
});

test('schemas with another hash differ, but for the order of their parts', () => {
  const sorted = (schema: Parameters<typeof buildManifest>[0]) =>
    buildManifest(schema)
      .entities.map((e) => ({ ...e, indexes: e.indexes.map((i) => JSON.stringify(i)).sort() }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  fc.assert(
    fc.property(anySchema, anySchema, (a, b) => {
      const steps = diff(buildManifest(a), buildManifest(b));
      if (steps.length === 0) expect(sorted(a)).toEqual(sorted(b));
    }),
  );
});

describe('a plan', () => {
  const title = { title: field.string() };

  test.each([
    ['+ add field Note.a', title, { ...title, a: field.int().optional() }],
    ['+ add field Note.a', title, { ...title, a: field.int().default(0) }],
    ['! add field Note.a', title, { ...title, a: field.int() }],
    ['! drop field Note.a', { ...title, a: field.int() }, title],
    ['! rename field Note.title to name', title, { name: field.string().renamedFrom('title') }],
    ['! change kind of field Note.title', title, { title: field.json() }],
    ['+ change optional of field Note.title', title, { title: field.string().optional() }],
    ['! change required of field Note.title', { title: field.string().optional() }, title],
    ['+ change default of field Note.title', title, { title: field.string().default('x') }],
    ['+ change limits of field Note.title', title, { title: field.string(5) }],
    ['+ change limits of field Note.e', { e: field.enum('a') }, { e: field.enum('a', 'b') }],
    ['! change values of field Note.e', { e: field.enum('a', 'b') }, { e: field.enum('a', 'c') }],
    ['! change target of field Note.u', { u: field.id('A') }, { u: field.id('B') }],
    [
      '+ change readonly, serverOnly of field Note.title',
      title,
      { title: field.string().readonly().serverOnly() },
    ],
    ['! create unique index Note.unique_title', title, { title: field.string().unique() }],
    ['+ drop index Note.unique_title', { title: field.string().unique() }, title],
  ])('%s', (line, before, after) => {
    expect(lines(one(before), one(after))).toEqual([line]);
  });

  test('a unique field that is new and empty can meet no value twice', () => {
    expect(lines(one(title), one({ ...title, a: field.int().optional().unique() }))).toEqual([
      '+ add field Note.a',
      '+ create unique index Note.unique_a',
    ]);
  });

  test('a hint that fits nothing any more is no hint', () => {
    const hinted = { name: field.string().optional().renamedFrom('title') };
    expect(lines(one(hinted), one(hinted))).toEqual([]);
    expect(lines(one(title), one({ ...title, ...hinted }))).toEqual(['+ add field Note.name']);
    expect(one(hinted).hash).toBe(one({ name: field.string().optional() }).hash);
  });

  test('an entity that is renamed takes its indexes along', () => {
    const index = { name: 'by_title', fields: ['title'] };
    const after = defineSchema({
      entities: [entity('Page', title, { indexes: [index], renamedFrom: 'Note' })],
    });
    expect(lines(one(title, { indexes: [index] }), buildManifest(after))).toEqual([
      '! rename entity Note to Page',
      '+ drop index Note.by_title',
      '+ create index Page.by_title',
    ]);
  });

  test('copies of rows are void when a field came, not when an index did', () => {
    const touches = (...[a, b]: Parameters<typeof diff>) => diff(a, b).some(touchesRows);
    expect(touches(one(title), one({ ...title, a: field.int().optional() }))).toBe(true);
    expect(touches(one(title), one(title, { indexes: [{ name: 'i', fields: ['title'] }] }))).toBe(false);
    expect(touches(one(title), one({ title: field.string().default('x') }))).toBe(false);
    expect(touches(one(title, { sync: 'none' }), one(title))).toBe(true);
  });
});
