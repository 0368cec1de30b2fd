/**
 * The hub's copy of a document: one detached LoroDoc that appends and exports, and nothing else. It never
 * checks out, reads state or keeps a container handle, so no call here can trap on what the bytes say later,
 * and an import costs a tenth of an attached one. A snapshot would need the state (4 s for 300 KB of text in a
 * detached document, 8 ms in an attached one), so the materialiser makes it. Readers are shown what is durable, never more: the
 * operations of an author whom a crash silences are then on nobody else's page.
 *
 *   import --> received --take()--> under way --settle()--> durable --since(), snapshot--> readers
 *   adopt --------------------------------------------------^
 */
import {
  decodeImportBlobMeta,
  type ImportStatus,
  LoroDoc,
  type OpId,
  type PeerID,
  type VersionVector,
} from 'loro-crdt';
import { assert } from '../../src/base/assert.ts';
import type { Clock } from '../../src/base/env.ts';
import { Fault } from '../../src/base/fault.ts';
import { isBelowRoot, reaches, rootOf } from '../core/shallow.ts';
import { covers, merged, NO_VERSIONS, spansBetween, toVector, type Versions } from '../core/versions.ts';
import { freeQuietly } from './free-quietly.ts';
import type { Food } from './materialiser.ts';
import type { StoredDoc } from './stored-doc.ts';

export interface Delta {
  /** All that was received since the last take, as one Loro update. */
  readonly bytes: Uint8Array;
  /** The document with these bytes; of a delta, those peers alone that are in it. */
  readonly versions: Versions;
}

/** Measured: an empty document, and each operation of a text in one. */
const DOCUMENT_BYTES = 12 << 10;
const OPERATION_BYTES = 6;

/**
 * `new`: operations were added. `known`: all were there. `pending`: something they build on is missing. `trimmed`: they
 * build on history that is gone for good.
 */
export type ImportOutcome = 'new' | 'known' | 'pending' | 'trimmed';

export class Replica {
  readonly isRemote = false;
  #doc: LoroDoc;
  /** Up to where updates were taken. */
  #taken: VersionVector;
  /** What was received, committed or not. */
  #have: Map<PeerID, number>;
  /** Those of `#have` that have grown since the last take. */
  #grown = new Map<PeerID, number>();
  /** What `#grown` came in, and what the delta under way did: to build on when this document traps. */
  #received: Uint8Array[] = [];
  #receivedBefore: Uint8Array[] = [];
  #durable: Versions;
  #underWay = false;
  #pendingBytes = 0;
  /** Of values, which operations tell nothing of: what was loaded and taken. */
  #valueBytes = 0;
  /** Always there when the document is shallow: no update says what it begins with. */
  #snapshot: Delta | undefined;
  #root: Versions | null = null;
  #freed = false;
  #dead = false;
  #onTrap: ((error: unknown) => void) | undefined;

  /** A snapshot, if there is one, and the updates after it, all durable. Throws `storage` when they do not load. */
  constructor(snapshot: Uint8Array | null, updates: readonly Uint8Array[]) {
    this.#doc = new LoroDoc();
    try {
      // Attached, for then Loro reads no more of it than it needs: 5 ms for 5 MB, where detached it takes 290; and
      // a detached document takes no shallow snapshot.
      if (snapshot) this.#doc.import(snapshot);
      this.#doc.detach();
      this.#root = rootOf(this.#doc);
      this.#taken = this.#doc.oplogVersion();
    } catch (error) {
      freeQuietly(this.#doc);
      throw damaged(error);
    }
    this.#have = this.#taken.toJSON();
    this.#durable = new Map(this.#have);
    if (snapshot) this.#snapshot = { bytes: snapshot, versions: this.#durable };
    this.#valueBytes = snapshot?.length ?? 0;
    if (updates.length > 0) this.#load(updates);
  }

  /** As the constructor, in turns: so many bytes of updates are imported in each. */
  static async load(
    clock: Clock,
    stored: Pick<StoredDoc, 'snapshot' | 'updates'>,
    turnBytes: number,
  ): Promise<Replica> {
    let replica: Replica | undefined;
    for (let at = 0; !replica || at < stored.updates.length; ) {
      if (replica) await new Promise<void>((resolve) => clock.soon(resolve));
      const first = at;
      for (let sizeBytes = 0; at < stored.updates.length && sizeBytes < turnBytes; at++)
        sizeBytes += stored.updates[at]!.length;
      const updates = stored.updates.slice(first, at);
      if (replica) replica.#load(updates);
      else replica = new Replica(stored.snapshot, updates);
    }
    return replica;
  }

  #load(updates: readonly Uint8Array[]): void {
    try {
      for (const update of updates) {
        if (this.#doc.import(update).pending) throw new Fault('storage', 'the log of a document has a gap');
        this.#valueBytes += update.length;
      }
      this.#taken.free();
      this.#taken = this.#doc.oplogVersion();
    } catch (error) {
      freeQuietly(this.#doc);
      throw damaged(error);
    }
    this.#have = this.#taken.toJSON();
    this.#durable = new Map(this.#have);
  }

  /** Called when the document has trapped. Until `revive` all that needs it throws `stale_cursor`. [D3] */
  onTrap(listener: (error: unknown) => void): void {
    this.#onTrap = listener;
  }

  get isDead(): boolean {
    return this.#dead;
  }

  /** Updates that were received and are not committed. */
  get undurable(): readonly Uint8Array[] {
    return [...this.#receivedBefore, ...this.#received];
  }

  /** Goes on with another's document, which is made of the log and of `undurable`. The other is void. */
  revive(other: Replica): void {
    freeQuietly(this.#taken);
    this.#doc = other.#doc;
    this.#taken = other.#taken;
    this.#have = other.#have;
    this.#grown = other.#grown;
    this.#received = other.#received;
    this.#receivedBefore = [];
    this.#underWay = false;
    this.#pendingBytes = 0;
    this.#dead = false;
  }

  /** Before this version there is no history; null when all of it is here. [D6] */
  get root(): Versions | null {
    return this.#root;
  }

  /** What has been committed. A new map after each commit, never changed in place. */
  get durable(): Versions {
    return this.#durable;
  }

  /** What has been received, committed or not. Changes with each import. */
  received(): Versions {
    return this.#have;
  }

  get opCount(): number {
    return this.#call((doc) => doc.opCount());
  }

  /** About what it takes of memory. */
  get sizeBytes(): number {
    if (this.#freed) return 0;
    const kept = this.#snapshot?.bytes.length ?? 0;
    return DOCUMENT_BYTES + OPERATION_BYTES * (this.#dead ? 0 : this.opCount) + this.#valueBytes + kept;
  }

  /** True when updates wait for `take`. */
  get dirty(): boolean {
    return this.#grown.size > 0;
  }

  /** Whether updates may have come with a later one that were held back before. */
  get hasPending(): boolean {
    return this.#pendingBytes > 0;
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Throws a string for bad bytes, as Loro does, and `stale_cursor` when the document is dead or dies of it. */
  import(bytes: Uint8Array): ImportOutcome {
    const status = this.#call((doc) => imported(doc, bytes));
    if (!status) return 'trimmed';
    const { success, pending } = status;
    if (success.size > 0) this.#received.push(bytes);
    for (const [peer, { end }] of success) {
      this.#have.set(peer, end);
      this.#grown.set(peer, end);
    }
    if (pending) {
      this.#pendingBytes += bytes.length;
      return 'pending';
    }
    return success.size > 0 ? 'new' : 'known';
  }

  /** Imports an update that is committed already, and that builds on nothing that is not. Throws as `import`. */
  adopt(bytes: Uint8Array): void {
    const { partialStartVersionVector: start, partialEndVersionVector: end } = decodeImportBlobMeta(
      bytes,
      false,
    );
    const { length } = this.#received;
    const outcome = this.import(bytes);
    if (outcome === 'pending' || outcome === 'trimmed')
      throw new Fault('storage', 'an update that builds on others');
    this.#received.length = length; // it is in the log
    const ends = end.toJSON();
    start.free();
    end.free();
    for (const [peer, counter] of ends) {
      this.#grown.delete(peer); // no client holds the peer id of an edit by the server
      this.#taken.setEnd({ peer, counter });
    }
    this.#durable = merged(this.#durable, ends);
  }

  /** Lets go of updates that wait for what never came: they are in no export. */
  forgetPending(): void {
    const base = this.#snapshot;
    const fresh = new LoroDoc();
    if (base) fresh.import(base.bytes);
    fresh.detach();
    const from = toVector(base?.versions ?? NO_VERSIONS);
    try {
      this.#call((doc) => fresh.import(doc.export({ mode: 'update', from })));
    } finally {
      from.free();
    }
    this.#doc.free();
    this.#doc = fresh;
    this.#pendingBytes = 0;
  }

  /** Null when nothing is new. One delta at a time: `settle` comes before the next. */
  take(): readonly [Delta] | null {
    assert(!this.#underWay, 'one delta at a time');
    if (this.#grown.size === 0) return null;
    const bytes = this.#call((doc) => doc.export({ mode: 'update', from: this.#taken }));
    for (const [peer, counter] of this.#grown) this.#taken.setEnd({ peer, counter });
    const versions = new Map(this.#grown);
    this.#grown.clear();
    this.#valueBytes += bytes.length;
    this.#receivedBefore = this.#received;
    this.#received = [];
    this.#underWay = true;
    return [{ bytes, versions }];
  }

  /** The delta taken last is committed. */
  settle({ versions }: Delta): void {
    this.#underWay = false;
    this.#receivedBefore = [];
    this.#durable = merged(this.#durable, versions);
  }

  /**
   * Operations beyond `from`, and up to `to`, which are durable, as one update; null when there are none. Throws
   * `stale_cursor` below the root.
   */
  since(from: Versions, to: Versions = this.#durable): Uint8Array | null {
    if (covers(from, to)) return null;
    if (!reaches(this.#root, from)) throw new Fault('stale_cursor', 'the history before this is gone');
    if (this.dirty || this.#underWay || to !== this.#durable) {
      const spans = spansBetween(from, to);
      return this.#call((doc) => doc.export({ mode: 'updates-in-range', spans }));
    }
    const vector = toVector(from);
    try {
      return this.#call((doc) => doc.export({ mode: 'update', from: vector }));
    } finally {
      vector.free();
    }
  }

  /** All that is durable beyond `holds`, and where it leads; null for nothing. Throws as `since`. */
  after(holds: Versions): Delta | null {
    const bytes = this.since(holds);
    return bytes && { bytes, versions: this.#durable };
  }

  /** What a shadow that holds `from` lacks of what is durable. */
  food(from: Versions): Food {
    const base = from.size === 0 ? this.snapshot : null;
    const rest = this.since(base?.versions ?? from);
    const updates = [base?.bytes, rest].filter((bytes) => bytes instanceof Uint8Array);
    return { updates, versions: this.#durable };
  }

  /** The operations at the front of what is durable. */
  front(): OpId[] {
    const vector = toVector(this.#durable);
    try {
      return this.#call((doc) => doc.vvToFrontiers(vector));
    } finally {
      vector.free();
    }
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
    freeQuietly(this.#taken);
    freeQuietly(this.#doc);
  }

  #call<T>(work: (doc: LoroDoc) => T): T {
    if (this.#dead) throw new Fault('stale_cursor', 'the document is being loaded again');
    try {
      return work(this.#doc);
    } catch (error) {
      if (typeof error === 'string') throw error;
      this.#dead = true;
      this.#onTrap?.(error);
      throw new Fault('stale_cursor', 'the document is being loaded again', undefined, { cause: error });
    }
  }
}

function damaged(error: unknown): Fault {
  if (error instanceof Fault) return error;
  return new Fault('storage', 'the log of a document is damaged', undefined, { cause: error });
}

/** Null: below the root. */
function imported(doc: LoroDoc, bytes: Uint8Array): ImportStatus | null {
  try {
    return doc.import(bytes);
  } catch (error) {
    if (isBelowRoot(error)) return null;
    throw error;
  }
}
