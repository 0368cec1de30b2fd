/**
 * Undo and redo of this page's own edits in one document, shared by all who have it open on the page. What others
 * did meanwhile stays. The steps are gone when the document is made anew (shared-doc.ts attaches the new one).
 */
import { type LoroDoc, UndoManager } from 'loro-crdt';
import { Emitter } from '../../src/base/emitter.ts';
import type { Cancel } from '../../src/base/env.ts';
import type { DocOptions } from './options.ts';
import { REMAKE_ORIGIN } from './unsent-edits.ts';

/** Undo and redo of this page's own edits in one document; `handle.undo`. */
export class UndoHandle {
  readonly #options: DocOptions;
  readonly #changed = new Emitter<[]>();
  #doc: LoroDoc | null = null;
  #manager: UndoManager | undefined;
  #offDoc: Cancel = () => {};
  #peer: string | undefined;
  #told = '';

  constructor(options: DocOptions) {
    this.#options = options;
  }

  /** Whether there is a step to take back. */
  get canUndo(): boolean {
    return this.#manager?.canUndo() ?? false;
  }

  /** Whether there is a step to do again. */
  get canRedo(): boolean {
    return this.#manager?.canRedo() ?? false;
  }

  /** Takes back the last step of this page. False: there is none, or the document is read-only now. */
  undo(): boolean {
    return this.#step((manager) => manager.undo());
  }

  /** Does again what was undone last, unless this page has edited since. */
  redo(): boolean {
    return this.#step((manager) => manager.redo());
  }

  /** What `task` edits is undone in one step. */
  group<T>(task: () => T): T {
    const [doc, manager] = [this.#doc, this.#manager];
    if (!doc || !manager) return task();
    doc.commit();
    manager.groupStart();
    try {
      return task();
    } finally {
      doc.commit();
      manager.groupEnd();
    }
  }

  /** Called when `canUndo` or `canRedo` changed. */
  subscribe(listener: () => void): Cancel {
    return this.#changed.on(listener);
  }

  /** The document that can be edited from now on under the peer id that it has; null: none. */
  attach(doc: LoroDoc | null): void {
    if (doc && doc === this.#doc && doc.peerIdStr === this.#peer) return;
    this.#offDoc();
    this.#manager?.free();
    this.#manager = undefined;
    this.#offDoc = () => {};
    this.#doc = doc;
    this.#peer = doc?.peerIdStr;
    if (doc) {
      this.#manager = new UndoManager(doc, {
        mergeInterval: this.#options.undoMergeMs,
        maxUndoSteps: this.#options.undoSteps,
        excludeOriginPrefixes: [REMAKE_ORIGIN],
      });
      this.#offDoc = doc.subscribe(() => this.#tell());
    }
    this.#tell();
  }

  #step(take: (manager: UndoManager) => boolean): boolean {
    const [doc, manager] = [this.#doc, this.#manager];
    if (!doc || !manager || doc.isDetached()) return false;
    doc.commit();
    const done = take(manager);
    this.#tell();
    return done;
  }

  #tell(): void {
    const now = `${this.canUndo} ${this.canRedo}`;
    if (now === this.#told) return;
    this.#told = now;
    this.#changed.emit();
  }
}
