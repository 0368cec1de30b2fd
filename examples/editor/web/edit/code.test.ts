import './dom-for-tests.ts';
import { EditorView } from '@codemirror/view';
import { LoroDoc } from 'loro-crdt';
import { bindTextarea } from 'ternion/crdt/client';
import { afterEach, expect, test } from 'vitest';
import { mountCode } from './code.ts';
import { exchange, TestPage } from './pages-for-tests.ts';

let unmount: (() => void)[] = [];
afterEach(() => {
  for (const one of unmount) one();
  unmount = [];
});

async function editor(page: TestPage): Promise<EditorView> {
  const parent = document.body.appendChild(document.createElement('div'));
  unmount.push(mountCode(page.handle, 'body', { parent, label: 'Body' }));
  await Promise.resolve(); // filled
  return view(parent);
}

function view(parent: Element): EditorView {
  return EditorView.findFromDOM(parent.querySelector<HTMLElement>('.cm-editor')!)!;
}

function type(view: EditorView, insert: string, at = view.state.doc.length): void {
  view.dispatch({ changes: { from: at, insert }, selection: { anchor: at + insert.length } });
}

const text = ({ doc }: TestPage) => doc.getText('body').toString();
const shown = (view: EditorView) => view.state.doc.toString();

test('two editors of one text end equal, whoever types where', async () => {
  const [ann, bob] = [new TestPage('ann'), new TestPage('bob')];
  const [a, b] = [await editor(ann), await editor(bob)];
  type(a, 'Hello');
  exchange(ann, bob);
  expect(shown(b)).toBe('Hello');
  type(a, '!');
  type(b, '>> ', 0);
  exchange(ann, bob);
  expect([shown(a), shown(b), text(ann), text(bob)]).toEqual(Array(4).fill('>> Hello!'));
});

test('the very first letter counts', async () => {
  const ann = new TestPage('ann');
  type(await editor(ann), 'a');
  expect(text(ann)).toBe('a');
});

test('an import of several fields at once reaches the editor of each', async () => {
  const [ann, bob] = [new TestPage('ann'), new TestPage('bob')];
  ann.doc.getText('summary').insert(0, 'a field that the document knew before');
  ann.doc.commit();
  const a = await editor(ann);
  for (const field of ['summary', 'body', 'zzz']) bob.doc.getText(field).insert(0, field);
  bob.doc.getMap('another').set('x', 1);
  bob.doc.commit();
  exchange(ann, bob);
  expect(shown(a)).toBe('body');
});

test('several editors and a textarea on one page share a text', async () => {
  const ann = new TestPage('ann');
  const [one, two] = [await editor(ann), await editor(ann)];
  const area = document.createElement('textarea');
  unmount.push(bindTextarea(ann.handle, 'body', area));
  type(one, 'one');
  expect([shown(two), area.value]).toEqual(['one', 'one']);
  type(two, '+', 0);
  area.value = '+one.';
  area.setSelectionRange(5, 5);
  area.dispatchEvent(new Event('input'));
  expect([shown(one), shown(two), text(ann)]).toEqual(['+one.', '+one.', '+one.']);
});

test('a text with \\r\\n keeps its positions', async () => {
  const ann = new TestPage('ann');
  ann.doc.getText('body').insert(0, 'a\r\nb\r\nc');
  ann.doc.commit();
  const a = await editor(ann);
  type(a, '!');
  expect(text(ann)).toBe('a\r\nb\r\nc!');
});

test("undo takes back one's own edits of this field, and nothing else", async () => {
  const [ann, bob] = [new TestPage('ann'), new TestPage('bob')];
  const a = await editor(ann);
  type(a, 'mine');
  ann.doc.getText('summary').insert(0, 'kept');
  ann.doc.commit({ origin: 'field:summary;' });
  exchange(ann, bob);
  bob.doc.getText('body').insert(4, ' his');
  bob.doc.commit();
  exchange(ann, bob);
  const undo = new KeyboardEvent('keydown', { key: 'z', ctrlKey: true, bubbles: true, cancelable: true });
  a.contentDOM.dispatchEvent(undo);
  expect([shown(a), text(ann), ann.doc.getText('summary').toString()]).toEqual([' his', ' his', 'kept']);
});

test('when the document becomes another the editor is built anew on it', async () => {
  const ann = new TestPage('ann');
  const before = await editor(ann);
  const parent = before.dom.parentElement!;
  type(before, 'refused');
  const doc = new LoroDoc();
  doc.getText('body').insert(0, 'what the server has');
  doc.commit();
  ann.become({ doc });
  await Promise.resolve();
  const after = view(parent);
  expect(parent.children).toHaveLength(1);
  expect(shown(after)).toBe('what the server has');
  type(after, '.');
  expect(text(ann)).toBe('what the server has.');
});

test('a reader sees others type and cannot type', async () => {
  const [ann, bob] = [new TestPage('ann'), new TestPage('bob')];
  bob.editable = false;
  const [a, b] = [await editor(ann), await editor(bob)];
  type(a, 'Hello');
  bob.takeFrom(ann);
  expect(shown(b)).toBe('Hello');
  expect(b.state.readOnly).toBe(true);
  expect(b.contentDOM.contentEditable).toBe('false');
  bob.become({ editable: true });
  await Promise.resolve();
  expect(view(document.body.lastElementChild!).state.readOnly).toBe(false);
});
