import { expect, test } from 'vitest';
import type { JsonObject } from '../base/json.ts';
import { defineSchema } from '../schema/define-schema.ts';
import { entity } from '../schema/entity.ts';
import { field } from '../schema/field.ts';
import { policy } from '../schema/policy-spec.ts';
import { Access } from './access.ts';
import type { Part } from './explain.ts';
import type { Viewer } from './viewer.ts';

const Note = entity('Note', { title: field.string(), ownerId: field.id('User'), likes: field.int() });
const allowRead = "( data.likes>1 ) && !(data.title in ['a', 'b']) || auth.hasRole('admin')";
const allowUpdate = 'existing.ownerId == auth.userId';
const schema = defineSchema({
  entities: [Note],
  policies: [policy({ entity: 'Note', allowRead, allowUpdate })],
});
const access = new Access(schema, () => 0);
const ada: Viewer = { userId: 'ada', kind: 'user', roles: [], name: null };
const row = { id: 'n', title: 'a', ownerId: 'ada', likes: 2 };

const flat = (part: Part): unknown[] => [[part.column, part.text, part.value], ...part.parts.flatMap(flat)];

test('every part has its text, its column and its value', () => {
  const { root, ...rest } = access.explain('read', 'Note', ada, { data: row });
  expect(rest).toEqual({ allowed: false, reason: 'denied', text: allowRead });
  expect(flat(root!)).toEqual([
    [1, allowRead, false],
    [1, "( data.likes>1 ) && !(data.title in ['a', 'b'])", false],
    [3, 'data.likes>1', true],
    [3, 'data.likes', 2],
    [14, '1', 1],
    [21, "!(data.title in ['a', 'b'])", false],
    [23, "data.title in ['a', 'b']", true],
    [23, 'data.title', 'a'],
    [37, "['a', 'b']", ['a', 'b']],
    [38, "'a'", 'a'],
    [43, "'b'", 'b'],
    [52, "auth.hasRole('admin')", false],
    [65, "'admin'", 'admin'],
  ]);
});

test('it answers as `may` does', () => {
  for (const viewer of [ada, { ...ada, roles: ['admin'] }, { ...ada, userId: 'eve' }]) {
    for (const action of ['read', 'insert', 'update', 'delete'] as const) {
      for (const data of [row, { ...row, title: 'c' }]) {
        const images = { data, existing: row };
        const { allowed } = access.explain(action, 'Note', viewer, images);
        expect(allowed).toBe(access.may(action, 'Note', viewer, images));
      }
    }
  }
});

test('[P1] what no policy names is denied, and said to be', () => {
  const none = { allowed: false, reason: 'no_clause', text: null, root: null };
  expect(access.explain('delete', 'Note', ada, { data: row })).toEqual(none);
  expect(access.explain('read', 'Nothing', ada, { data: row })).toEqual(none);
});

test('it never throws, whatever it is given', () => {
  const angry = new Proxy<JsonObject>(
    {},
    {
      getOwnPropertyDescriptor: () => {
        throw new Error('no');
      },
    },
  );
  const nobody = undefined as unknown as Viewer;
  const nothing = undefined as unknown as JsonObject;
  for (const viewer of [ada, nobody]) {
    for (const data of [angry, nothing, {}]) {
      expect(access.explain('read', 'Note', viewer, { data })).toMatchObject({ allowed: false });
    }
  }
  const { root } = access.explain('read', 'Note', ada, { data: angry });
  expect(root!.value).toBeUndefined();
});
