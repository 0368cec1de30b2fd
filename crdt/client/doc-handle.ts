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

/**
 * A row's document on this page; `openDoc` makes it, `close` lets it go. Containers and `doc` are Loro's: an edit leaves
 * when it is committed, and throws while `editable` is false.
 */
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

  /** How the document stands on this page; another object after a change. */
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

  /** What this page and the others in the document show of themselves now. */
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

  /** Which update of the document this page has come to: grows by one with each. */
  get rev(): number {
    return this.#shared.rev;
  }

  /** The text of a richtext or text field. Call `doc.commit()` after edits of this and of all below. */
  text(field: string): LoroText {
    return textOf(this.#shared.doc, field);
  }

  /** The map of a field. */
  map(field: string): LoroMap {
    return mapOf(this.#shared.doc, field);
  }

  /** The list of a field. */
  list(field: string): LoroList {
    return listOf(this.#shared.doc, field);
  }

  /** The list of a field whose items can be moved: who moves one moves it, and does not delete and insert. */
  movableList(field: string): LoroMovableList {
    return movableListOf(this.#shared.doc, field);
  }

  /** The tree of a field. */
  tree(field: string): LoroTree {
    return treeOf(this.#shared.doc, field);
  }

  /** The number of a field to which everybody adds. */
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

  /**
   * Resolves when this page has all there is and all of its edits are durable; waits while offline. Rejects with the
   * server's reason when the document is refused, with `cancelled` when it is closed before.
   */
  async synced(): Promise<void> {
    void this.#shared.flush();
    await this.#until(() => this.state.name === 'live' && !this.pending);
  }

  /**
   * As `synced`, and the row on this page shows in its columns what the document said then (its `docRev` is not below
   * `rev`). [D11]
   */
  async projected(): Promise<void> {
    await this.synced();
    const { rev } = this;
    await this.#until(() => this.#shared.projectedRev >= rev);
  }

  /** Rejects when the document is refused or closed before. */
  #until(isReached: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = () => {
        const { state } = this;
        const isOver = state.name === 'refused' || state.name === 'closed';
        if (!isOver && !isReached()) return;
        for (const off of offs) off();
        if (!isOver) resolve();
        else
          reject(state.name === 'refused' ? state.fault : new Fault('cancelled', 'the document was closed'));
      };
      const offs = [this.#shared.subscribe(check), this.#shared.onRows(check)];
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
