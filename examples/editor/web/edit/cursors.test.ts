import './dom-for-tests.ts';
import { EditorView as CodeView } from '@codemirror/view';
import { LoroText } from 'loro-crdt';
import { splitBlock } from 'prosemirror-commands';
import { TextSelection } from 'prosemirror-state';
import type { EditorView as RichView } from 'prosemirror-view';
import { FieldCursors, placeIn, placeOf } from 'ternion/crdt/client';
import { afterEach, expect, test } from 'vitest';
import { encodeBase64Url } from '../../../../src/base/base64url.ts';
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
  const { id } = page.doc.getText('body');
  return cursors.others.map(({ head }) => {
    const place = placeOf(page.doc, head);
    return place?.container === id ? place.index : undefined;
  });
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

test('a cursor at a letter that has not come, or in another field, is nowhere until it is here', () => {
  const [ann, bob] = [new TestPage('ann'), new TestPage('bob')];
  ann.doc.getText('body').insert(0, 'ab');
  ann.doc.getText('other').insert(0, 'ab');
  const show = (field: string) => {
    const cursor = placeIn(ann.doc.getText(field), 1)!;
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
  const stray = ann.doc.getMap('page').setContainer('stray', new LoroText());
  stray.insert(0, 'x');
  const list = ann.doc.getList('elsewhere');
  list.insert(0, 1);
  ann.doc.getText('body').insert(0, 'x');
  ann.doc.commit();
  const cursorOfList = encodeBase64Url(list.getCursor(0)!.encode());
  const places = [placeIn(stray, 0)!, placeIn(ann.doc.getText('body'), 1)!, cursorOfList, '', '!', 'AQID'];
  exchange(ann, bob);
  for (const place of places) {
    new FieldCursors(ann.handle, 'page').show({ anchor: place, head: place });
    bob.see(ann);
    expect(withCarets(b)).toBe('Hello');
  }
});
