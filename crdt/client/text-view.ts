/** A text field as a value that changes: for user interfaces that show it as a whole. */
import type { LoroDoc } from 'loro-crdt';
import { Emitter } from '../../src/base/emitter.ts';
import type { Cancel } from '../../src/base/env.ts';
import { textOf } from '../core/containers.ts';
import type { DocHandle } from './doc-handle.ts';
import { originOf } from './field-doc.ts';

/** The text of one field as a string, with news of each change. Made for frameworks; `close` when done. */
export class TextView {
  readonly #handle: DocHandle;
  readonly #field: string;
  readonly #changed = new Emitter<[]>();
  readonly #offHandle: Cancel;
  #doc: LoroDoc;
  #offDoc: Cancel = () => {};
  #value = '';

  /** Does not own the handle. */
  constructor(handle: DocHandle, field: string) {
    this.#handle = handle;
    this.#field = field;
    this.#doc = handle.doc;
    this.#offHandle = handle.subscribe(() => {
      if (handle.doc !== this.#doc) this.#attach();
    });
    this.#attach();
  }

  /** The text as it is now. */
  get value(): string {
    return this.#value;
  }

  /** Called when `value` is another. */
  subscribe(listener: () => void): Cancel {
    return this.#changed.on(listener);
  }

  /** Makes the text this one by the smallest edit, so that what others type meanwhile stays. False: read-only now. */
  set(value: string): boolean {
    if (!this.#handle.editable) return false;
    textOf(this.#doc, this.#field).update(value);
    this.#doc.commit({ origin: originOf(this.#field) });
    return true;
  }

  /** No more news; the handle stays open. */
  close(): void {
    this.#offHandle();
    this.#offDoc();
    this.#changed.clear();
  }

  #attach(): void {
    this.#offDoc();
    this.#doc = this.#handle.doc;
    const { id } = textOf(this.#doc, this.#field);
    this.#offDoc = this.#doc.subscribe(({ events }) => {
      if (events.some(({ target }) => target === id)) this.#read();
    });
    this.#read();
  }

  #read(): void {
    const value = textOf(this.#doc, this.#field).toString();
    if (value === this.#value) return;
    this.#value = value;
    this.#changed.emit();
  }
}
