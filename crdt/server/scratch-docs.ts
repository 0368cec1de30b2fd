/**
 * Documents that server code has just edited, kept attached for its next edit: to make one ready takes fifteen times as
 * long as all else that an edit of a large text does. Used by doc-editor.ts, in transactions, one at a time.
 *
 * What a transaction edited is that transaction's alone until it is committed. A kept document is used again only when
 * it is what the log says, and whoever edited it left nothing behind: else it is freed, and made anew from the log. [D8]
 */
import type { LoroDoc, PeerID } from 'loro-crdt';
import type { Transaction } from '../../src/store/transaction.ts';
import { type DocRef, docKey } from '../core/doc-ref.ts';
import { freeQuietly } from './free-quietly.ts';

export interface Scratch {
  readonly doc: LoroDoc;
  /** Whose the edits in it are. */
  readonly peer: PeerID;
  readonly epoch: string;
  readonly rev: number;
  /** Of what is stored. */
  readonly sizeBytes: number;
}

interface Kept extends Scratch {
  readonly opCount: number;
  /** The transaction that has not ended yet. */
  tx: Transaction | undefined;
}

export class ScratchDocs {
  readonly #maxBytes: number;
  /** The one used longest ago first. */
  readonly #kept = new Map<string, Kept>();
  #sizeBytes = 0;

  constructor({ maxScratchBytes }: { readonly maxScratchBytes: number }) {
    this.#maxBytes = maxScratchBytes;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** The document of this life and revision, if it is kept. It is the caller's then. */
  take(tx: Transaction, ref: DocRef, { epoch, rev }: { epoch: string | null; rev: number }): Scratch | null {
    const kept = this.#kept.get(docKey(ref));
    if (!kept) return null;
    this.#remove(docKey(ref));
    const mayUse = (kept.tx === undefined || kept.tx === tx) && kept.epoch === epoch && kept.rev === rev;
    if (mayUse && isUntouched(kept)) return kept;
    freeQuietly(kept.doc);
    return null;
  }

  /** Keeps the document; it is good for others when `confirm` is called, which is after the commit. */
  keep(tx: Transaction, ref: DocRef, scratch: Scratch): { confirm: () => void } {
    const key = docKey(ref);
    const kept: Kept = { ...scratch, opCount: scratch.doc.opCount(), tx };
    this.#kept.set(key, kept);
    this.#sizeBytes += kept.sizeBytes;
    for (const [oldest, { doc }] of this.#kept) {
      if (this.#sizeBytes <= this.#maxBytes) break;
      this.#remove(oldest);
      freeQuietly(doc);
    }
    return {
      confirm: () => {
        if (this.#kept.get(key) === kept) kept.tx = undefined;
      },
    };
  }

  clear(): void {
    for (const { doc } of this.#kept.values()) freeQuietly(doc);
    this.#kept.clear();
    this.#sizeBytes = 0;
  }

  #remove(key: string): void {
    this.#sizeBytes -= this.#kept.get(key)?.sizeBytes ?? 0;
    this.#kept.delete(key);
  }
}

/** An edit is given the document itself, and may have kept it, or left it at another version. */
function isUntouched({ doc, peer, opCount }: Kept): boolean {
  try {
    doc.commit();
    return doc.opCount() === opCount && !doc.isDetached() && doc.peerIdStr === peer;
  } catch {
    return false;
  }
}
