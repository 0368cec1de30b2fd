import './dom-for-tests.ts';
import { EditorView as CodeView } from '@codemirror/view';
import { LoroDoc, LoroMap } from 'loro-crdt';
import { splitBlock } from 'prosemirror-commands';
import { TextSelection } from 'prosemirror-state';
import type { EditorView as RichView } from 'prosemirror-view';
import type { Json } from 'ternion/client';
import { FieldCursors, offsetIn } from 'ternion/crdt/client';
import { afterEach, expect, test } from 'vitest';
import { mountCode } from './code.ts';
import { exchange, TestPage } from './pages-for-tests.ts';
import { mountRich } from './rich.ts';

let unmount: (() => void)[] = [];
afterEach(() => {
  for (const one of unmount) one();
  unmount = [];
});

function place(): HTMLElement {
  return document.body.appendChild(document.createElement('div'));
}

async function code(page: TestPage): Promise<CodeView> {
  const parent = place();
  unmount.push(mountCode(page.handle, 'body', { parent, label: 'Body' }));
  await Promise.resolve();
  return CodeView.findFromDOM(parent.querySelector<HTMLElement>('.cm-editor')!)!;
}

function rich(page: TestPage): RichView {
  let made: RichView | null = null;
  const onView = (view: RichView | null) => {
    made = view ?? made;
  };
  unmount.push(mountRich(page.handle, 'page', { parent: place(), label: 'Page', onView }));
  return made!;
}

/** Where the others are on a page, in the text of `body`. */
function offsets(page: TestPage): (number | undefined)[] {
  const cursors = new FieldCursors(page.handle, 'body');
  return cursors.others.map(({ head }) => offsetIn(page.doc.getText('body'), head, page.doc));
}

/** The text of an editor's page with the others' carets in it, each as its name in brackets. */
function withCarets({ dom }: RichView): string {
  const copy = dom.cloneNode(true) as HTMLElement;
  for (const caret of copy.querySelectorAll('.caret')) caret.replaceWith(`[${caret.textContent}]`);
  for (const gap of copy.querySelectorAll('.ProseMirror-trailingBreak')) gap.remove();
  return [...copy.children].map((block) => block.textContent).join('|');
}

test('a cursor in CodeMirror is shown while it has the focus, and stays with its letter', async () => {
  const [ann, bob] = [new TestPage('ann'), new TestPage('bob')];
  const a = await code(ann);
  a.dispatch({ changes: { from: 0, insert: 'Hello' } });
  expect(ann.shown).toBeNull();
  // As if it had the focus: this DOM tells of selections while they are made, which no browser does.
  Object.defineProperty(a, 'hasFocus', { value: true });
  a.dispatch({ selection: { anchor: 1, head: 3 } });
  exchange(ann, bob);
  bob.see(ann);
  expect(offsets(bob)).toEqual([3]);
  bob.doc.getText('body').insert(0, '>> ');
  expect(offsets(bob)).toEqual([6]);
  for (const one of unmount.splice(0)) one();
  expect(ann.shown).toBeNull();
});

test('cursors of two fields and what the app shows stand side by side', () => {
  const ann = new TestPage('ann');
  ann.doc.getText('body').insert(0, 'ab');
  ann.doc.getText('summary').insert(0, 'cd');
  ann.shown = { tool: 'pen' };
  const at = (field: string) => ann.doc.getText(field).getCursor(1)!;
  const [body, summary] = [new FieldCursors(ann.handle, 'body'), new FieldCursors(ann.handle, 'summary')];
  body.show({ anchor: at('body'), head: at('body') });
  summary.show({ anchor: at('summary'), head: at('summary') });
  expect(ann.shown).toEqual({
    tool: 'pen',
    cursors: { body: [expect.any(String), expect.any(String)], summary: expect.any(Array) },
  });
  body.show(null);
  summary.show(null);
  expect(ann.shown).toEqual({ tool: 'pen' });
});

test('who a cursor is says the server; what a client sent instead of cursors is nothing', () => {
  const [ann, bob] = [new TestPage('ann'), new TestPage('bob')];
  ann.doc.getText('body').insert(0, 'ab');
  const cursors = new FieldCursors(ann.handle, 'body');
  const cursor = ann.doc.getText('body').getCursor(1)!;
  cursors.show({ anchor: cursor, head: cursor });
  ann.shown = { ...(ann.shown as object), userId: 'root', name: 'Root' };
  bob.see(ann);
  const theirs = new FieldCursors(bob.handle, 'body').others;
  expect(theirs).toMatchObject([{ key: 0, userId: 'user-ann', name: 'ann' }]);
  const hostile: Json[] = [
    7,
    [],
    { cursors: 7 },
    { cursors: { body: 7 } },
    { cursors: { body: ['!', '!'] } },
    { cursors: { body: ['AQID', 'AQID'] } },
    { cursors: { body: [null] } },
  ];
  for (const state of hostile) {
    ann.shown = state;
    bob.see(ann);
    expect(new FieldCursors(bob.handle, 'body').others).toEqual([]);
  }
});

test('a cursor at a letter that has not come, or in another field, is nowhere until it is here', () => {
  const [ann, bob] = [new TestPage('ann'), new TestPage('bob')];
  ann.doc.getText('body').insert(0, 'ab');
  ann.doc.getText('other').insert(0, 'ab');
  const show = (field: string) => {
    const cursor = ann.doc.getText(field).getCursor(1)!;
    new FieldCursors(ann.handle, 'body').show({ anchor: cursor, head: cursor });
    bob.see(ann);
  };
  show('body');
  expect(offsets(bob)).toEqual([undefined]);
  exchange(ann, bob);
  expect(offsets(bob)).toEqual([1]);
  show('other');
  expect(offsets(bob)).toEqual([undefined]);
});

test('cursors in ProseMirror are drawn with their names where their letters are', () => {
  const [ann, bob] = [new TestPage('ann'), new TestPage('bob')];
  const [a, b] = [rich(ann), rich(bob)];
  a.focus();
  a.dispatch(a.state.tr.insertText('Hello'));
  splitBlock(a.state, a.dispatch);
  a.dispatch(a.state.tr.insertText('there'));
  exchange(ann, bob);
  bob.see(ann);
  expect(withCarets(b)).toBe('Hello|there[ann]');
  a.dispatch(a.state.tr.setSelection(TextSelection.create(a.state.doc, 3, 10)));
  bob.see(ann);
  expect(withCarets(b)).toBe('Hello|th[ann]ere');
  expect([...b.dom.querySelectorAll('.range')].map(({ textContent }) => textContent)).toEqual(['llo', 'th']);
  b.dispatch(b.state.tr.insertText('>> ', 1));
  expect(withCarets(b)).toBe('>> Hello|th[ann]ere');
  splitBlock(a.state.apply(a.state.tr), a.dispatch);
  exchange(ann, bob);
  bob.see(ann);
  expect(withCarets(b)).toBe('>> He|[ann]ere');
  bob.see();
  expect(withCarets(b)).toBe('>> He|ere');
});

test('an editor lives through any place that somebody sends', () => {
  const [ann, bob] = [new TestPage('ann'), new TestPage('bob')];
  const [a, b] = [rich(ann), rich(bob)];
  a.dispatch(a.state.tr.insertText('Hello'));
  const stray = ann.doc.getMap('page').setContainer('stray', new LoroMap());
  const list = ann.doc.getList('elsewhere');
  list.insert(0, 1);
  ann.doc.getText('body').insert(0, 'x');
  const texts = [
    list.getCursor(0)!,
    ann.doc.getText('body').getCursor(0)!,
    new LoroDoc().getText('page').getCursor(0)!,
  ];
  ann.doc.commit();
  expect(stray.id).toBeDefined();
  exchange(ann, bob);
  for (const cursor of texts) {
    new FieldCursors(ann.handle, 'page').show({ anchor: cursor, head: cursor });
    bob.see(ann);
    expect(withCarets(b)).toBe('Hello');
  }
});
