import './dom-for-tests.ts';
import { LoroDoc } from 'loro-crdt';
import { setBlockType, splitBlock, toggleMark } from 'prosemirror-commands';
import { TextSelection } from 'prosemirror-state';
import type { EditorView } from 'prosemirror-view';
import { afterEach, expect, test } from 'vitest';
import { exchange, TestPage } from './pages-for-tests.ts';
import { mountRich } from './rich.ts';
import { marks, richSchema } from './rich-schema.ts';
import { readRich } from './rich-sync.ts';

let unmount: (() => void)[] = [];
afterEach(() => {
  for (const one of unmount) one();
  unmount = [];
});

interface Editor {
  readonly page: TestPage;
  readonly parent: Element;
  view: EditorView;
}

function editor(page: TestPage): Editor {
  const parent = document.body.appendChild(document.createElement('div'));
  const made: { view?: EditorView } = {};
  const onView = (view: EditorView | null) => {
    if (view) made.view = view;
  };
  unmount.push(mountRich(page.handle, 'page', { parent, label: 'Page', onView }));
  return {
    page,
    parent,
    get view() {
      return made.view!;
    },
  };
}

function pair(): [Editor, Editor] {
  return [editor(new TestPage('ann')), editor(new TestPage('bob'))];
}

/** At the caret, unless a position is given. */
function type({ view }: Editor, text: string, at = view.state.selection.from): void {
  view.dispatch(view.state.tr.insertText(text, at));
}

function put({ view }: Editor, from: number, to = from): void {
  view.dispatch(view.state.tr.setSelection(TextSelection.create(view.state.doc, from, to)));
}

const shown = ({ view }: Editor) => view.state.doc.toString();
const stored = ({ page }: Editor) => readRich(page.doc, 'page', richSchema).toString();

function expectSame(...editors: Editor[]): void {
  for (const one of editors) {
    expect(shown(one)).toBe(shown(editors[0]!));
    expect(stored(one)).toBe(shown(one));
  }
}

test('opening an empty document writes nothing', () => {
  const [a, b] = pair();
  exchange(a.page, b.page);
  expect(a.page.doc.opCount() + b.page.doc.opCount()).toBe(0);
});

test('two who begin an empty document at once keep what both wrote', () => {
  const [a, b] = pair();
  type(a, 'Ann');
  type(b, 'Bob');
  exchange(a.page, b.page);
  expectSame(a, b);
  expect(a.view.state.doc.childCount).toBe(2);
  expect(a.view.state.doc.textContent).toMatch(/^(AnnBob|BobAnn)$/);
});

test('taking the edits of others writes nothing', () => {
  const [a, b] = pair();
  type(a, 'Hello');
  splitBlock(a.view.state, a.view.dispatch);
  type(a, 'there');
  b.page.takeFrom(a.page);
  expectSame(a, b);
  const ops = b.page.doc.opCount();
  expect(ops).toBe(a.page.doc.opCount());
});

test('two who type into the same empty paragraph share its text', () => {
  const [a, b] = pair();
  type(a, 'First');
  splitBlock(a.view.state, a.view.dispatch);
  exchange(a.page, b.page);
  put(b, a.view.state.selection.from);
  for (const letter of 'abc') type(a, letter);
  for (const letter of 'xyz') type(b, letter);
  exchange(a.page, b.page);
  type(a, '1', a.view.state.doc.content.size - 1);
  type(b, '2', b.view.state.doc.content.size - 1);
  exchange(a.page, b.page);
  expectSame(a, b);
  expect(a.view.state.doc.childCount).toBe(2);
  expect([...a.view.state.doc.child(1).textContent].sort().join('')).toBe('12abcxyz');
});

test('marks and types of blocks arrive; a paragraph made a heading keeps what others type in it', () => {
  const [a, b] = pair();
  type(a, 'Title and more');
  exchange(a.page, b.page);
  put(a, 1, 6);
  toggleMark(marks.strong)(a.view.state, a.view.dispatch);
  setBlockType(richSchema.nodes.heading, { level: 2 })(a.view.state, a.view.dispatch);
  type(b, '!', b.view.state.doc.content.size - 1);
  exchange(a.page, b.page);
  expectSame(a, b);
  expect(shown(b)).toBe('doc(heading(strong("Title"), " and more!"))');
  expect(b.view.state.doc.firstChild!.attrs.level).toBe(2);
});

test('the caret stays with its letters when others type before it', () => {
  const [a, b] = pair();
  type(a, 'Hello');
  exchange(a.page, b.page);
  put(a, 4);
  type(b, '>> ', 1);
  exchange(a.page, b.page);
  expect(a.view.state.selection.from).toBe(7);
  type(a, '-');
  exchange(a.page, b.page);
  expect(shown(b)).toBe('doc(paragraph(">> Hel-lo"))');
});

test('two who type at one place, or begin with the same letter, do not get in between each other', () => {
  const [a, b] = pair();
  for (const i of [0, 1, 2, 3]) {
    type(a, 'Rain'[i]!);
    type(b, 'Rose'[i]!);
    exchange(a.page, b.page);
  }
  expectSame(a, b);
  expect([...a.view.dom.children].map(({ textContent }) => textContent).sort()).toEqual(['Rain', 'Rose']);
  put(a, 3);
  put(b, 3);
  for (const i of [0, 1, 2]) {
    type(a, 'xyz'[i]!);
    type(b, '123'[i]!);
    exchange(a.page, b.page);
  }
  expectSame(a, b);
  expect(a.view.state.doc.textContent).toMatch(/xyz123|123xyz/);
});

test('the caret stays when others type on both sides of it at once', () => {
  const [a, b] = pair();
  type(a, 'one');
  splitBlock(a.view.state, a.view.dispatch);
  type(a, 'two');
  splitBlock(a.view.state, a.view.dispatch);
  type(a, 'three');
  exchange(a.page, b.page);
  put(a, 8);
  type(b, '>', 1);
  type(b, '<', b.view.state.doc.content.size - 1);
  exchange(a.page, b.page);
  type(a, '-');
  expect(shown(a)).toBe('doc(paragraph(">one"), paragraph("tw-o"), paragraph("three<"))');
});

test("undo takes back one's own edits, not the others'", () => {
  const [a, b] = pair();
  type(a, 'mine');
  exchange(a.page, b.page);
  type(b, 'his ', 1);
  exchange(a.page, b.page);
  const key = (init: KeyboardEventInit) =>
    a.view.dom.dispatchEvent(
      new KeyboardEvent('keydown', { ctrlKey: true, bubbles: true, cancelable: true, ...init }),
    );
  key({ key: 'z' });
  expect(a.view.state.doc.textContent).toBe('his ');
  key({ key: 'y' });
  exchange(a.page, b.page);
  expectSame(a, b);
  expect(a.view.state.doc.textContent).toBe('his mine');
});

test('deleting the paragraph in which another has the caret harms neither', () => {
  const [a, b] = pair();
  type(a, 'one');
  splitBlock(a.view.state, a.view.dispatch);
  type(a, 'two');
  exchange(a.page, b.page);
  put(b, 7);
  const size = a.view.state.doc.content.size;
  a.view.dispatch(a.view.state.tr.delete(5, size));
  exchange(a.page, b.page);
  expectSame(a, b);
  type(b, '!');
  exchange(a.page, b.page);
  expectSame(a, b);
  a.view.dispatch(a.view.state.tr.delete(0, a.view.state.doc.content.size));
  exchange(a.page, b.page);
  expectSame(a, b);
});

test('the editor is built anew on another document, and for a reader', () => {
  const [a, b] = pair();
  type(a, 'gone');
  type(b, 'what the server has');
  a.page.become({ doc: b.page.doc.fork(), editable: false });
  expect(shown(a)).toBe('doc(paragraph("what the server has"))');
  expect(a.parent.children).toHaveLength(1);
  expect(a.view.editable).toBe(false);
});

test('a reader of a detached document sees what comes', () => {
  const [a] = pair();
  const reader = new TestPage('eve');
  reader.editable = false;
  reader.doc.detach();
  const e = editor(reader);
  for (const text of ['one', 'two']) {
    type(a, text);
    reader.doc.attach();
    reader.takeFrom(a.page);
    reader.doc.detach();
    expect(shown(e)).toBe(shown(a));
  }
  expect(reader.doc.opCount()).toBe(a.page.doc.opCount());
  expect(new LoroDoc().isDetached()).toBe(false);
});
