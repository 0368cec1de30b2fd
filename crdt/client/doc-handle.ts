/** One component's hold on a document. Several may be open on the same one; the last one to close lets it go. */
import type { LoroCounter, LoroDoc, LoroList, LoroMap, LoroMovableList, LoroText, LoroTree } from 'loro-crdt';
import type { Cancel } from '../../src/base/env.ts';
import { Fault } from '../../src/base/fault.ts';
import {
  counterOf,
  listOf,
  mapOf,
  movableListOf,
  type Register,
  registerOf,
  textOf,
  treeOf,
} from '../core/containers.ts';
import { encodeCursor, resolveCursor, type TextPlace } from './cursor.ts';
import type { DocHistory } from './doc-history.ts';
import type { DocState } from './doc-state.ts';
import type { PresenceHandle } from './presence-handle.ts';
import type { SharedDoc } from './shared-doc.ts';
import type { UndoHandle } from './undo-handle.ts';

const CLOSED: DocState = { name: 'closed' };

export class DocHandle {
  readonly #shared: SharedDoc;
  readonly #release: Cancel;
  #closed = false;

  constructor(shared: SharedDoc, release: Cancel) {
    this.#shared = shared;
    this.#release = release;
  }

  /**
   * The Loro document. Edits throw while `editable` is false. It becomes another object when edits were
   * refused or the identity changed: `subscribe` and read it anew.
   */
  get doc(): LoroDoc {
    return this.#shared.doc;
  }

  get state(): DocState {
    return this.#closed ? CLOSED : this.#shared.state;
  }

  /** Whether this page may edit now. */
  get editable(): boolean {
    return !this.#closed && this.#shared.editable;
  }

  /** Whether edits of this device are not durable on the server yet. */
  get pending(): boolean {
    return this.#shared.pending;
  }

  get awareness(): PresenceHandle {
    return this.#shared.presence;
  }

  /** Who changed the document when, and what it was. */
  get history(): DocHistory {
    return this.#shared.history;
  }

  /** Undo and redo of this page's own edits. */
  get undo(): UndoHandle {
    return this.#shared.undo;
  }

  /** The update of the document that this page has come to: grows by one with each; the row says `docRev`. */
  get rev(): number {
    return this.#shared.rev;
  }

  /** The text of a richtext or text field. Call `doc.commit()` after edits of this and of all below. */
  text(field: string): LoroText {
    return textOf(this.#shared.doc, field);
  }

  map(field: string): LoroMap {
    return mapOf(this.#shared.doc, field);
  }

  list(field: string): LoroList {
    return listOf(this.#shared.doc, field);
  }

  movableList(field: string): LoroMovableList {
    return movableListOf(this.#shared.doc, field);
  }

  tree(field: string): LoroTree {
    return treeOf(this.#shared.doc, field);
  }

  counter(field: string): LoroCounter {
    return counterOf(this.#shared.doc, field);
  }

  /** The value of a field with `.crdt('lww')`. */
  register(field: string): Register {
    return registerOf(this.#shared.doc, field);
  }

  /**
   * A place in a text, to be shown to others: it stays where it is while they edit. Null when the field holds no text
   * that could be pointed at.
   */
  cursor(field: string, index: number): string | null {
    return encodeCursor(this.#shared.doc, { field, index });
  }

  /** Where such a place is now. Null for what is none, and for one in text that has not come yet. */
  resolveCursor(cursor: string): TextPlace | null {
    return resolveCursor(this.#shared.doc, cursor);
  }

  /** Called when `state`, `editable`, `pending` or the `doc` object changed; for its content ask `doc.subscribe`. */
  subscribe(listener: () => void): Cancel {
    return this.#shared.subscribe(listener);
  }

  /** Resolves when this page has all there is and all of its edits are durable. Rejects when it is refused. */
  async synced(): Promise<void> {
    void this.#shared.flush();
    await new Promise<void>((resolve, reject) => {
      const check = () => {
        const { state, pending } = this;
        const over = state.name === 'refused' || state.name === 'closed';
        if (!over && (state.name !== 'live' || pending)) return;
        off();
        if (!over) resolve();
        else
          reject(state.name === 'refused' ? state.fault : new Fault('cancelled', 'the document was closed'));
      };
      const off = this.#shared.subscribe(check);
      check();
    });
  }

  /** Pending edits are sent in the background; edits that cannot be sent wait on this device. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    void this.#shared.flush();
    this.#release();
  }
}
