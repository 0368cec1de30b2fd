/** A textarea that is edited together: two handles without a network, elements without a browser. */
import { LoroDoc } from 'loro-crdt';
import { expect, test } from 'vitest';
import type { DocHandle } from './doc-handle.ts';
import { bindTextarea, type TextareaLike } from './textarea.ts';

class Area implements TextareaLike {
  value = '';
  readOnly = false;
  selectionStart = 0;
  selectionEnd = 0;
  readonly #listeners = new Map<string, Set<() => void>>();

  setSelectionRange(start: number, end: number): void {
    this.selectionStart = start;
    this.selectionEnd = end;
  }

  addEventListener(type: string, listener: () => void): void {
    this.#listeners.set(type, (this.#listeners.get(type) ?? new Set()).add(listener));
  }

  removeEventListener(type: string, listener: () => void): void {
    this.#listeners.get(type)?.delete(listener);
  }

  fire(type: string): void {
    for (const listener of this.#listeners.get(type) ?? []) listener();
  }

  /** As a user would: at the caret, which ends up behind what was typed. */
  type(text: string, at = this.selectionStart): void {
    this.value = this.value.slice(0, at) + text + this.value.slice(at);
    this.setSelectionRange(at + text.length, at + text.length);
    this.fire('input');
  }
}

function page(text = '') {
  const doc = new LoroDoc();
  doc.getText('body').insert(0, text);
  doc.commit();
  const state = { editable: true, tell: () => {} };
  const handle = {
    doc,
    get editable() {
      return state.editable;
    },
    subscribe: (listener: () => void) => {
      state.tell = listener;
      return () => {};
    },
  } as unknown as DocHandle; // what the binding uses of it
  const area = new Area();
  const off = bindTextarea(handle, 'body', area);
  const remote = (edit: (text: ReturnType<LoroDoc['getText']>) => void) => {
    const other = doc.fork();
    edit(other.getText('body'));
    other.commit();
    doc.import(other.export({ mode: 'update', from: doc.oplogVersion() }));
  };
  return { doc, area, off, state, remote, text: () => doc.getText('body').toString() };
}

test('typing becomes edits of the text, and the caret stays with its letters when others type', () => {
  const { area, text, remote } = page('hello');
  expect(area.value).toBe('hello');
  area.type(' world', 5);
  expect(text()).toBe('hello world');
  expect(area.selectionStart).toBe(11);
  remote((other) => other.insert(0, '>> '));
  expect(area.value).toBe('>> hello world');
  expect(area.selectionStart).toBe(14);
  remote((other) => other.delete(0, 5));
  expect(area.value).toBe('llo world');
  expect(area.selectionStart).toBe(9);
});

test('an IME is left alone while it composes; what others did is there when it ends', () => {
  const { area, text, remote } = page('ab');
  area.setSelectionRange(1, 1);
  area.fire('compositionstart');
  area.type('k', 1);
  remote((other) => other.insert(0, '123'));
  remote((other) => other.push('!'));
  expect(area.value).toBe('akb'); // untouched
  expect(text()).toBe('123ab!');
  area.value = 'aかb';
  area.setSelectionRange(2, 2);
  area.fire('input');
  area.fire('compositionend');
  expect(text()).toBe('123aかb!');
  expect(area.value).toBe('123aかb!');
  expect(area.selectionStart).toBe(5);
});

test('a composition that ends in nothing shows what others did', () => {
  const { area, remote } = page('ab');
  area.fire('compositionstart');
  remote((other) => other.insert(2, 'c'));
  expect(area.value).toBe('ab');
  area.fire('compositionend');
  expect(area.value).toBe('abc');
});

test('edits from elsewhere in the page are shown; a read-only document cannot be typed into', () => {
  const { doc, area, state, off } = page('ab');
  doc.getText('body').insert(2, 'c');
  doc.commit();
  expect(area.value).toBe('abc');
  state.editable = false;
  state.tell();
  expect(area.readOnly).toBe(true);
  area.type('x', 0);
  expect(area.value).toBe('abc');
  off();
  doc.getText('body').insert(0, '-');
  doc.commit();
  expect(area.value).toBe('abc');
});
