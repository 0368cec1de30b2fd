/**
 * A page's LoroDoc and how bytes get into it. It can be edited under a leased peer id and is detached until then:
 * Loro throws on edits of a detached document. [D9] Made by shared-doc.ts; another one takes its place when what
 * the page holds is void.
 */
import { LoroDoc, type PeerID } from 'loro-crdt';
import type { Cancel } from '../../src/base/env.ts';
import { reaches, rootOf } from '../core/shallow.ts';
import { NO_VERSIONS, toVector, type Versions, versionsOf } from '../core/versions.ts';
import type { CopySource } from './device-doc.ts';
import type { OutboxSource } from './doc-outbox.ts';

/**
 * `pending`: something that the bytes build on is missing. `refused`: they are no update, or build on what a shallow
 * document has left out; nothing happened. `dead`: they broke the document, which can do nothing any more.
 */
export type Imported = 'done' | 'pending' | 'refused' | 'dead';

export class DocReplica implements CopySource, OutboxSource {
  readonly doc = new LoroDoc();
  readonly #offEdits: Cancel;
  #isDead = false;
  #editable = false;

  constructor(edited: () => void) {
    this.doc.detach();
    this.#offEdits = this.doc.subscribeLocalUpdates(edited);
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  get isEmpty(): boolean {
    return this.doc.opCount() === 0 && !this.doc.isShallow();
  }

  get versions(): Versions {
    if (this.#isDead) return NO_VERSIONS;
    return versionsOf(this.doc);
  }

  counts(peers: Iterable<PeerID>): Map<PeerID, number> {
    if (this.#isDead) return new Map();
    const vector = this.doc.oplogVersion();
    try {
      return new Map([...peers].map((peer) => [peer, vector.get(peer) ?? 0]));
    } finally {
      vector.free();
    }
  }

  vector(): Uint8Array {
    const vector = this.doc.oplogVersion();
    try {
      return vector.encode();
    } finally {
      vector.free();
    }
  }

  snapshot(): Uint8Array {
    // A detached document would first be rebuilt, and then be attached.
    if (this.doc.isDetached()) this.doc.attach();
    const bytes = this.doc.export({ mode: 'snapshot' });
    if (!this.#editable) this.doc.detach();
    return bytes;
  }

  since(base: Versions): Uint8Array | null {
    if (!reaches(rootOf(this.doc), base)) return null;
    const vector = toVector(base);
    try {
      return this.doc.export({ mode: 'update', from: vector });
    } finally {
      vector.free();
    }
  }

  /** Edits from now on are this peer's. */
  edit(peer: bigint): void {
    this.doc.attach();
    this.doc.commit();
    if (this.doc.peerId !== peer) this.doc.setPeerId(`${peer}` as PeerID);
    this.#editable = true;
  }

  /** No edits from now on. */
  freeze(): void {
    this.#editable = false;
    if (this.#isDead) return;
    this.doc.commit();
    this.doc.detach();
  }

  import(bytes: Uint8Array): Imported {
    if (this.#isDead) return 'dead';
    if (bytes.length === 0) return 'done';
    try {
      // Attached first: catching up afterwards costs seconds for a large text.
      if (this.doc.isDetached()) this.doc.attach();
      const { pending } = this.doc.import(bytes);
      if (!this.#editable) this.doc.detach();
      return pending ? 'pending' : 'done';
    } catch (error) {
      if (typeof error !== 'string') {
        this.#isDead = true;
        return 'dead';
      }
      if (!this.#editable) this.doc.detach();
      return 'refused';
    }
  }

  /** Its edits are not heard of any more. */
  close(): void {
    this.#offEdits();
  }
}
