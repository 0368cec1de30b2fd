/**
 * Binds a <textarea> (or a text <input>) to a text field: typing becomes splices, others' edits appear with
 * the caret kept. While an IME composes, the element is left alone: what others did meanwhile is applied when
 * the composition ends, and the composed text goes where it was typed.
 */
import type { Delta, LoroDoc } from 'loro-crdt';
import type { Cancel } from '../../src/base/env.ts';
import { textOf } from '../core/containers.ts';
import type { DocHandle } from './doc-handle.ts';
import { originOf } from './field-doc.ts';
import { movePosition, type Splice, spliceBetween } from './splice.ts';

/** What is needed of an element. HTMLTextAreaElement and HTMLInputElement fit. */
export interface TextareaLike {
  value: string;
  readOnly: boolean;
  readonly selectionStart: number | null;
  readonly selectionEnd: number | null;
  setSelectionRange(start: number, end: number): void;
  addEventListener(type: 'input' | 'compositionstart' | 'compositionend', listener: () => void): void;
  removeEventListener(type: 'input' | 'compositionstart' | 'compositionend', listener: () => void): void;
}

/** The element shows the text until the returned function is called. It is read-only while the document is. */
export function bindTextarea(handle: DocHandle, field: string, element: TextareaLike): Cancel {
  const binding = new TextareaBinding(handle, field, element);
  return () => binding.close();
}

class TextareaBinding {
  readonly #handle: DocHandle;
  readonly #field: string;
  readonly #element: TextareaLike;
  readonly #cleanups: Cancel[];
  #doc: LoroDoc;
  #offDoc: Cancel = () => {};
  /** The text that the element is based on. */
  #shown = '';
  #composing = false;
  /** What others did since `#shown`, during a composition. */
  #missed: Delta<string>[][] = [];

  constructor(handle: DocHandle, field: string, element: TextareaLike) {
    this.#handle = handle;
    this.#field = field;
    this.#element = element;
    this.#doc = handle.doc;
    const on = (type: 'input' | 'compositionstart' | 'compositionend', listener: () => void): Cancel => {
      element.addEventListener(type, listener);
      return () => element.removeEventListener(type, listener);
    };
    this.#cleanups = [
      on('input', () => this.#typed()),
      on('compositionstart', () => {
        this.#composing = true;
      }),
      on('compositionend', () => {
        this.#composing = false;
        this.#typed();
      }),
      handle.subscribe(() => this.#handleChanged()),
    ];
    this.#attach();
  }

  close(): void {
    for (const cleanup of this.#cleanups) cleanup();
    this.#offDoc();
  }

  #handleChanged(): void {
    if (this.#handle.doc !== this.#doc) this.#attach();
    this.#element.readOnly = !this.#handle.editable;
  }

  /** Shows this document from the start. */
  #attach(): void {
    this.#offDoc();
    this.#doc = this.#handle.doc;
    this.#missed = [];
    const text = textOf(this.#doc, this.#field);
    const { id } = text;
    this.#show(text.toString());
    this.#element.readOnly = !this.#handle.editable;
    this.#offDoc = this.#doc.subscribe(({ by, events }) => {
      if (by === 'local') return this.#localChange();
      for (const { target, diff } of events) {
        if (target === id && diff.type === 'text') this.#remoteChange(diff.diff);
      }
    });
  }

  #typed(): void {
    if (this.#composing) return;
    const { value, selectionEnd } = this.#element;
    const splice = spliceBetween(this.#shown, value, selectionEnd ?? value.length);
    const missed = this.#missed;
    this.#missed = [];
    if (splice && this.#handle.editable) {
      const text = textOf(this.#doc, this.#field);
      const moved = moveSplice(splice, missed);
      this.#shown = text.toString(); // so that the event of our own change finds nothing new
      if (moved.remove > 0) text.delete(moved.at, moved.remove);
      if (moved.insert !== '') text.insert(moved.at, moved.insert);
      this.#shown = text.toString();
      this.#doc.commit({ origin: originOf(this.#field) });
      if (missed.length > 0) this.#place(moved.at + moved.insert.length);
    } else if (splice || missed.length > 0) {
      this.#show(textOf(this.#doc, this.#field).toString());
    }
  }

  /** Another part of this page, such as undo, changed the text. */
  #localChange(): void {
    const value = textOf(this.#doc, this.#field).toString();
    const splice = spliceBetween(this.#shown, value);
    if (!splice) return;
    const delta: Delta<string>[] = [{ retain: splice.at }];
    if (splice.insert !== '') delta.push({ insert: splice.insert });
    if (splice.remove > 0) delta.push({ delete: splice.remove });
    this.#remoteChange(delta);
  }

  #remoteChange(delta: Delta<string>[]): void {
    if (this.#composing) {
      this.#missed.push(delta);
      return;
    }
    const { selectionStart, selectionEnd } = this.#element;
    this.#show(textOf(this.#doc, this.#field).toString());
    if (selectionStart === null || selectionEnd === null) return;
    this.#element.setSelectionRange(movePosition(selectionStart, delta), movePosition(selectionEnd, delta));
  }

  #place(caret: number): void {
    this.#element.value = this.#shown;
    this.#element.setSelectionRange(caret, caret);
  }

  #show(value: string): void {
    this.#shown = value;
    if (this.#element.value !== value) this.#element.value = value;
  }
}

/** The same edit on a text that others have changed. */
function moveSplice({ at, remove, insert }: Splice, missed: readonly Delta<string>[][]): Splice {
  let [start, end] = [at, at + remove];
  for (const delta of missed) [start, end] = [movePosition(start, delta), movePosition(end, delta)];
  return { at: start, remove: Math.max(0, end - start), insert };
}
