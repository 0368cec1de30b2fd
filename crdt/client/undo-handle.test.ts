/** Undo of one page's own edits, by itself and through reconnects and new lives of the document. */
import { LoroDoc } from 'loro-crdt';
import { expect, test } from 'vitest';
import { DEFAULT_DOC } from './options.ts';
import { live, makeWorld, newNote, open, textIn, type } from './testing/docs-world.ts';
import { UndoHandle } from './undo-handle.ts';

const OPTIONS = { ...DEFAULT_DOC, undoMergeMs: 0 };

function attached() {
  const doc = new LoroDoc();
  const undo = new UndoHandle(OPTIONS);
  undo.attach(doc);
  const write = (text: string) => {
    doc.getText('body').insert(doc.getText('body').length, text);
    doc.commit();
  };
  return { doc, undo, write, text: () => doc.getText('body').toString() };
}

test('undo takes back step by step, redo does it again, an edit forgets what was undone', () => {
  const { undo, write, text } = attached();
  expect(undo.undo()).toBe(false);
  write('a');
  write('b');
  expect([undo.canUndo, undo.canRedo]).toEqual([true, false]);
  expect(undo.undo()).toBe(true);
  expect(text()).toBe('a');
  expect(undo.redo()).toBe(true);
  expect(text()).toBe('ab');
  undo.undo();
  write('c');
  expect(undo.canRedo).toBe(false);
  expect(undo.redo()).toBe(false);
  expect(text()).toBe('ac');
});

test('a group is one step, also when its task throws', () => {
  const { undo, write, text } = attached();
  write('x');
  undo.group(() => {
    write('a');
    write('b');
  });
  const failing = () =>
    undo.group(() => {
      write('c');
      throw new Error('no');
    });
  expect(failing).toThrow('no');
  undo.undo();
  expect(text()).toBe('xab');
  undo.undo();
  expect(text()).toBe('x');
});

test('listeners are told when what can be done changes, and only then', () => {
  const { doc, undo, write } = attached();
  let told = 0;
  undo.subscribe(() => told++);
  write('a');
  write('b');
  expect(told).toBe(1);
  undo.undo();
  expect(told).toBe(2); // now there is something to redo
  undo.attach(doc); // nothing new
  expect(told).toBe(2);
  undo.attach(null);
  expect(told).toBe(3);
  expect([undo.canUndo, undo.canRedo]).toEqual([false, false]);
  expect(undo.group(() => 7)).toBe(7);
});

test('[N3] no more than undoSteps are kept', () => {
  const doc = new LoroDoc();
  const undo = new UndoHandle({ ...OPTIONS, undoSteps: 3 });
  undo.attach(doc);
  for (const letter of 'abcde') {
    doc.getText('body').insert(0, letter);
    doc.commit();
  }
  let steps = 0;
  while (undo.undo()) steps++;
  expect(steps).toBe(3);
});

test('only own edits are taken back, after a reconnect too', async () => {
  const made = await makeWorld();
  const { world, clock } = made;
  const [a, b] = [await world.client('ann'), await world.client('bob')];
  const id = await newNote(made);
  const [da, db] = [open(a, id, { undoMergeMs: 0 }), open(b, id)];
  await live(world, da, db);
  type(da, 'ann ');
  await clock.run(da.synced());
  await clock.advance(100);
  type(db, 'bob');
  await clock.run(db.synced());
  const peer = da.doc.peerIdStr;
  a.drop();
  await clock.advance(1);
  await live(world, da);
  expect(da.doc.peerIdStr).toBe(peer);
  type(da, '!');
  expect(da.undo.undo()).toBe(true);
  expect(da.undo.undo()).toBe(true);
  expect(da.undo.canUndo).toBe(false);
  await clock.run(da.synced());
  await clock.advance(1000);
  expect([textIn(da), textIn(db)]).toEqual(['bob', 'bob']);
  da.undo.redo();
  await clock.run(da.synced());
  await clock.advance(100);
  expect(textIn(db)).toBe('ann bob');
});
