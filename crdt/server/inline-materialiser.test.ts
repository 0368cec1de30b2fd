import { LoroDoc } from 'loro-crdt';
import { expect, test } from 'vitest';
import { entity } from '../../src/schema/entity.ts';
import { field } from '../../src/schema/field.ts';
import { counterOf, mapOf, registerOf, treeOf } from '../core/containers.ts';
import { NO_VERSIONS } from '../core/versions.ts';
import { InlineMaterialiser } from './inline-materialiser.ts';

const Card = entity('Card', {
  title: field.string(10).default('untitled').crdt('lww'),
  due: field.datetime().optional().crdt('lww'),
  notes: field.richtext(),
  labels: field.map<Record<string, boolean>>(),
  outline: field.tree(),
  votes: field.counter(),
});

const shadow = () => new InlineMaterialiser().open(Card);
const defaults = { title: 'untitled', due: null, notes: '', labels: {}, outline: [], votes: 0 };

test('[D1] columns of every kind of field, by their defaults and by what is in the document', async () => {
  const doc = new LoroDoc();
  expect(await shadow().read(null, NO_VERSIONS)).toEqual(defaults);
  registerOf(doc, 'title').set('Buy milk');
  registerOf(doc, 'due').set(17);
  mapOf(doc, 'labels').set('red', true);
  counterOf(doc, 'votes').increment(3);
  const id = treeOf(doc, 'outline').createNode().id;
  doc.commit();
  const columns = await shadow().read(doc.export({ mode: 'update' }), NO_VERSIONS);
  const outline = [{ id, meta: {}, children: [] }];
  expect(columns).toEqual({
    ...defaults,
    title: 'Buy milk',
    due: 17,
    labels: { red: true },
    outline,
    votes: 3,
  });
});

test('[N1] a value that does not fit its field shows as the default, and does no harm to the others', async () => {
  const doc = new LoroDoc();
  registerOf(doc, 'title').set('much too long a title');
  registerOf(doc, 'due').set('tomorrow');
  counterOf(doc, 'votes').increment(2);
  doc.getMap('unknown').set('x', 1);
  doc.commit();
  const columns = await shadow().read(doc.export({ mode: 'update' }), NO_VERSIONS);
  expect(columns).toEqual({ ...defaults, votes: 2 });
});
