/**
 * The hub's copy of a document: one detached LoroDoc that appends and exports, and nothing else. It never
 * checks out, reads state or keeps a container handle, so no call here can trap on what the bytes say later,
 * and an import costs a tenth of an attached one. A snapshot would need the state (4 s for 300 KB of text in a
 * detached document, 8 ms in an attached one), so the materialiser makes it. Readers are shown what is durable, never more: the
 * operations of an author whom a crash silences are then on nobody else's page.
 *
 *   import --> received --take()--> under way --settle()--> durable: what `since` and `snapshot` give out
 */
import { LoroDoc, type VersionVector } from 'loro-crdt';
import { assert } from '../../src/base/assert.ts';
import { Fault } from '../../src/base/fault.ts';
import { covers, merged, NO_VERSIONS, spansBetween, toVector, type Versions } from '../core/versions.ts';

export interface Delta {
  /** All that was received since the last take, as one Loro update. */
  readonly bytes: Uint8Array;
  /** The document with these bytes. */
  readonly versions: Versions;
}

/** `new`: operations were added. `known`: all were there. `pending`: something they build on is missing. */
export type ImportOutcome = 'new' | 'known' | 'pending';

export class Replica {
  #doc: LoroDoc;
  /** Up to where updates were taken. */
  #taken: VersionVector;
  #durable: Versions;
  #received = false;
  #underWay = false;
  #pendingBytes = 0;
  #snapshot: Delta | undefined;
  #freed = false;

  /** A snapshot, if there is one, and the updates after it, all durable. Throws `storage` when they do not load. */
  constructor(snapshot: Uint8Array | null, updates: readonly Uint8Array[]) {
    this.#doc = new LoroDoc();
    this.#doc.detach();
    try {
      if (snapshot) {
        this.#doc.import(snapshot);
        this.#snapshot = { bytes: snapshot, versions: this.received() };
      }
      for (const update of updates) {
        if (this.#doc.import(update).pending) throw new Fault('storage', 'the log of a document has a gap');
      }
    } catch (error) {
      this.#doc.free();
      throw error instanceof Fault
        ? error
        : new Fault('storage', 'the log of a document is damaged', undefined, { cause: error });
    }
    this.#taken = this.#doc.oplogVersion();
    this.#durable = this.#taken.toJSON();
    if (updates.length === 0 && this.#snapshot)
      this.#snapshot = { ...this.#snapshot, versions: this.#durable };
  }

  /** What has been committed. A new map after each commit, never changed in place. */
  get durable(): Versions {
    return this.#durable;
  }

  /** What has been received, committed or not. */
  received(): Versions {
    const vector = this.#doc.oplogVersion();
    try {
      return vector.toJSON();
    } finally {
      vector.free();
    }
  }

  get opCount(): number {
    return this.#doc.opCount();
  }

  /** True when updates wait for `take`. */
  get dirty(): boolean {
    return this.#received;
  }

  /** Whether updates may have come with a later one that were held back before. */
  get hasPending(): boolean {
    return this.#pendingBytes > 0;
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Throws what Loro throws: a string for bad bytes, an Error when the document is dead. */
  import(bytes: Uint8Array): ImportOutcome {
    const status = this.#doc.import(bytes);
    if (status.success.size > 0) this.#received = true;
    if (status.pending) {
      this.#pendingBytes += bytes.length;
      return 'pending';
    }
    return status.success.size > 0 ? 'new' : 'known';
  }

  /** Lets go of updates that wait for what never came: they are in no export. */
  forgetPending(): void {
    const fresh = new LoroDoc();
    fresh.detach();
    fresh.import(this.#doc.export({ mode: 'update' }));
    this.#doc.free();
    this.#doc = fresh;
    this.#pendingBytes = 0;
  }

  /** Imports what is committed already, by a transaction of its own. Throws as `import` does. */
  adopt(bytes: Uint8Array): void {
    const { success } = this.#doc.import(bytes);
    const ends = new Map([...success].map(([peer, { end }]) => [peer, end]));
    const taken = toVector(merged(this.#taken.toJSON(), ends));
    this.#taken.free();
    this.#taken = taken;
    this.#durable = merged(this.#durable, ends);
  }

  /** Null when nothing is new. One delta at a time: `settle` comes before the next. */
  take(): Delta | null {
    assert(!this.#underWay, 'one delta at a time');
    if (!this.#received) return null;
    const bytes = this.#doc.export({ mode: 'update', from: this.#taken });
    this.#taken.free();
    this.#taken = this.#doc.oplogVersion();
    this.#received = false;
    this.#underWay = true;
    return { bytes, versions: this.#taken.toJSON() };
  }

  /** The delta taken last is committed. */
  settle(versions: Versions): void {
    this.#underWay = false;
    this.#durable = merged(this.#durable, versions);
  }

  /** Durable operations beyond `from` as one update; null when there are none. */
  since(from: Versions): Uint8Array | null {
    if (covers(from, this.#durable)) return null;
    if (this.#received || this.#underWay) {
      return this.#doc.export({ mode: 'updates-in-range', spans: spansBetween(from, this.#durable) });
    }
    const vector = toVector(from);
    try {
      return this.#doc.export({ mode: 'update', from: vector });
    } finally {
      vector.free();
    }
  }

  /** The whole document as received so far, history included, as one update. */
  exportAll(): Uint8Array {
    return this.#doc.export({ mode: 'update' });
  }

  /** The last snapshot of what was durable then; faster to import than updates. */
  get snapshot(): Delta | null {
    return this.#snapshot ?? null;
  }

  /** Kept for new readers. */
  keepSnapshot(snapshot: Delta): void {
    this.#snapshot = snapshot;
  }

  /** Gives the memory back to Loro. Nothing else may be called after. [D4] */
  free(): void {
    if (this.#freed) return;
    this.#freed = true;
    this.#snapshot = undefined;
    this.#durable = NO_VERSIONS;
    this.#taken.free();
    try {
      this.#doc.free();
    } catch {
      // A document that trapped cannot be given back.
    }
  }
}
