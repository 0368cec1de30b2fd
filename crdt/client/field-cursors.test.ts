import { expect, test } from 'vitest';
import type { Json } from '../../src/base/json.ts';
import { FieldCursors } from './field-cursors.ts';
import { live, makeWorld, newNote, open, type } from './testing/docs-world.ts';

async function twoPages() {
  const made = await makeWorld();
  const { world, clock } = made;
  const [a, b] = [await world.client('ann'), await world.client('bob')];
  const id = await newNote(made);
  const [ann, bob] = [open(a, id), open(b, id)];
  await live(world, ann, bob);
  return { clock, ann, bob };
}

test('[D7] the others see a cursor at its letter, whoever types, and whose it is says the server', async () => {
  const { clock, ann, bob } = await twoPages();
  type(ann, 'hello');
  await clock.until(() => !ann.pending);
  await clock.advance(100);
  const [mine, theirs] = [new FieldCursors(ann, 'body'), new FieldCursors(bob, 'body')];
  let told = 0;
  const off = theirs.subscribe(() => told++);
  mine.show({ anchor: ann.cursor('body', 1)!, head: ann.cursor('body', 4)! });
  await clock.advance(200);
  expect(told).toBe(1);
  const [cursor] = theirs.others;
  expect(cursor).toMatchObject({ userId: 'ann', key: expect.any(Number) });
  expect(bob.resolveCursor(cursor!.head)).toEqual({ field: 'body', index: 4 });
  type(bob, '>> ', 0);
  expect(bob.resolveCursor(cursor!.head)).toEqual({ field: 'body', index: 7 });
  expect(theirs.others[0]).toBe(cursor);
  expect(new FieldCursors(bob, 'title').others).toEqual([]);
  mine.show(null);
  await clock.advance(200);
  expect(theirs.others).toEqual([]);
  off();
});

test('cursors of two fields and what the app shows stand side by side', async () => {
  const { ann } = await twoPages();
  ann.awareness.set({ tool: 'pen' });
  const [body, title] = [new FieldCursors(ann, 'body'), new FieldCursors(ann, 'title')];
  body.show({ anchor: 'a', head: 'b' });
  title.show({ anchor: 'c', head: 'd' });
  expect(ann.awareness.mine).toEqual({ tool: 'pen', cursors: { body: ['a', 'b'], title: ['c', 'd'] } });
  body.show(null);
  expect(ann.awareness.mine).toEqual({ tool: 'pen', cursors: { title: ['c', 'd'] } });
  title.show(null);
  expect(ann.awareness.mine).toEqual({ tool: 'pen' });
  ann.awareness.set(null);
  title.show(null);
  expect(ann.awareness.mine).toBeNull();
});

test('what a client sent instead of cursors is nothing, and it cannot say who it is', async () => {
  const { clock, ann, bob } = await twoPages();
  const theirs = new FieldCursors(bob, 'body');
  const sent: Json[] = [7, [], { cursors: 7 }, { cursors: { body: 7 } }, { cursors: { body: ['a', null] } }];
  for (const state of sent) {
    ann.awareness.set(state);
    await clock.advance(200);
    expect(bob.awareness.others.size).toBe(1);
    expect(theirs.others).toEqual([]);
  }
  ann.awareness.set({ userId: 'root', name: 'Root', cursors: { body: ['?', '?'] } });
  await clock.advance(200);
  expect(theirs.others).toEqual([{ ...theirs.others[0], userId: 'ann', anchor: '?', head: '?' }]);
  expect(bob.resolveCursor('?')).toBeNull();
});
