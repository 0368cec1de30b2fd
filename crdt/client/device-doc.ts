/**
 * One document as this device keeps it, shared by all pages of this browser: unsent edits and spare leases, and a
 * copy, so that the document opens without network. Each change is one transaction. Made by doc-keeper.ts.
 *
 * [D2] a page replaces only entries of its own peer ids, and removes those of others once the server has them.
 * [D9] a spare is taken out before it is used: no two pages, nor a page and the one before it, share a peer id.
 * [S8] what is of another owner is not there. The copies are bounded: the ones used last stay.
 */
import type { Env } from '../../src/base/env.ts';
import { Lane } from '../../src/base/lane.ts';
import type { DocChange, DocPersistence } from '../../src/client/persistence.ts';
import { type DocRef, docKey } from '../core/doc-ref.ts';
import { covers, decodeVersions, type Versions } from '../core/versions.ts';
import { keepCopies, LIST_KEY, without } from './copy-list.ts';
import {
  decodeCopy,
  decodePending,
  decodeTail,
  encodeCopy,
  encodePending,
  encodeTail,
  type PendingEntry,
  type PendingRecord,
} from './device-record.ts';
import type { DocOptions } from './options.ts';

export interface FoundDoc {
  readonly epoch: string;
  readonly copy: { readonly snapshot: Uint8Array; readonly tail: Uint8Array } | null;
  /** Unsent edits of earlier pages, and of pages that live. */
  readonly entries: readonly PendingEntry[];
  /** Nobody else has it or will have it; 0 for none. */
  readonly spare: bigint;
  readonly hasMore: boolean;
}

/** What a page can write as a copy. */
export interface CopySource {
  snapshot(): Uint8Array;
  vector(): Uint8Array;
  readonly versions: Versions;
  /** What came after a version that is covered; null when that was before its history begins. */
  since(base: Versions): Uint8Array | null;
}

export interface DocSave {
  readonly owner: string | null;
  readonly epoch: string;
  /** This page's unsent edits as they are when it is written: they replace those of the same peers. */
  entries(): readonly PendingEntry[];
  /** Peers of this page, with or without an entry. */
  readonly ownPeers: ReadonlySet<bigint>;
  /** Operations of a peer that the server has durable. */
  durable(peer: bigint): number;
  /** To put to the others; null: this identity may not edit, and loses those it has. */
  readonly spares: readonly bigint[] | null;
  /** Whether the server has just said that this is the present life; else a copy of another one stays. */
  readonly isPresent: boolean;
  /** Null: there is nothing to be kept, and what was is void. */
  readonly copy: CopySource | null;
}

/** What a page made of unsent edits of another life of the document. */
export interface Remade {
  readonly save: DocSave;
  /** Up to which operation of which peer. */
  readonly taken: ReadonlyMap<bigint, number>;
}

/** Kept at most: spares of one document, and entries of another life of it, or taken ones. */
const MAX_SPARES = 4;
const MAX_FORMER = 64;
/** A tail is folded into the copy when it is longer than this, and than half of the copy. */
const MIN_TAIL_BYTES = 32 << 10;
const NO_BYTES = new Uint8Array(0);

export class DeviceDoc {
  readonly #env: Env;
  readonly #docs: DocPersistence;
  readonly #options: DocOptions;
  readonly #key: string;
  readonly #lane = new Lane();

  constructor(env: Env, deps: { docs: DocPersistence; ref: DocRef }, options: DocOptions) {
    this.#env = env;
    this.#docs = deps.docs;
    this.#key = docKey(deps.ref);
    this.#options = options;
  }

  /** Takes a spare, if there is one. Null: nothing is kept of the document. Never rejects. */
  async load(ownerNow: () => string | null): Promise<FoundDoc | null> {
    let result: FoundDoc | null = null;
    await this.#change([this.#key, this.#copyKey, this.#tailKey, LIST_KEY], ([p, c, t, list]) => {
      const owner = ownerNow();
      const pending = this.#pendingOf(p, owner);
      const copy = this.#read(c, decodeCopy);
      const tail = this.#read(t, decodeTail);
      const isWhole = copy !== null && copy.owner === owner && tail?.epoch === copy.epoch;
      if (!pending && !isWhole) return new Map();
      const epoch = isWhole ? copy.epoch : pending!.epoch;
      const [spare = 0n, ...spares] = pending?.epoch === epoch ? pending.spares : [];
      result = {
        epoch,
        copy: isWhole ? { snapshot: copy.snapshot, tail: tail.update } : null,
        entries: pending?.entries.filter((entry) => entry.epoch === epoch && entry.bytes.length > 0) ?? [],
        spare,
        hasMore: spares.length > 0,
      };
      const used = isWhole ? keepCopies(list, { key: this.#key, bytes: tail.copyBytes }, this.#options) : [];
      if (pending && spare !== 0n) return new Map([...used, this.#pending({ ...pending, spares })]);
      return new Map(used);
    });
    return result;
  }

  /** Never rejects; a failure is logged, and the next save tries again. */
  save(save: DocSave): Promise<boolean> {
    return this.#change([this.#key, this.#tailKey, LIST_KEY], ([p, t, list]) => {
      const pending = this.#pendingOf(p, save.owner);
      return new Map([this.#merged(pending, save), ...this.#copied(t, list, save)]);
    });
  }

  /**
   * Takes unsent edits for this page alone: `make` is told what there is (an entry without bytes has been taken by
   * another page, up to its end), makes its part anew, and says what it took and what is to be kept then, all in one
   * transaction. False: it failed. [D2]
   */
  async remake(make: (entries: readonly PendingEntry[]) => Remade): Promise<boolean> {
    return this.#change([this.#key, this.#tailKey, LIST_KEY], ([p, t, list]) => {
      const found = this.#read(p, decodePending);
      const { save, taken } = make(found?.entries ?? []);
      const former = found?.owner === save.owner ? found : null;
      const ends = new Map(former?.entries.filter(isTaken).map(({ peer, end }) => [peer, end]));
      const marks = [...taken].map(([peer, end]) => {
        return { epoch: '', peer, end: Math.max(end, ends.get(peer) ?? 0), bytes: NO_BYTES };
      });
      const others = former?.entries.filter(({ peer }) => !taken.has(peer)) ?? [];
      const left = { owner: save.owner, epoch: '', spares: [], ...former, entries: [...others, ...marks] };
      return new Map([this.#merged(left, save), ...this.#copied(t, list, save)]);
    });
  }

  /** The document is not to be had any more: nothing of it stays. */
  forget(): Promise<boolean> {
    return this.#change([LIST_KEY], ([list]) => {
      const gone = [this.#key, this.#copyKey, this.#tailKey].map((key) => [key, null] as const);
      return new Map([...gone, without(list, this.#key)]);
    });
  }

  /** The copy alone goes. */
  forgetCopy(): Promise<boolean> {
    return this.#change([LIST_KEY], ([list]) => new Map(this.#noCopy(list)));
  }

  get #copyKey(): string {
    return `${this.#key}/copy`;
  }

  get #tailKey(): string {
    return `${this.#key}/tail`;
  }

  /** False: it failed, and nothing was changed. */
  #change(keys: readonly string[], change: DocChange): Promise<boolean> {
    return this.#lane
      .run(() => this.#docs.changeDocs(keys, change))
      .then(
        () => true,
        (error: unknown) => {
          this.#env.log.error('doc.device_failed', { doc: this.#key, error: String(error) });
          return false;
        },
      );
  }

  #pending(record: PendingRecord): [string, Uint8Array | null] {
    const isEmpty = record.entries.length === 0 && record.spares.length === 0;
    return [this.#key, isEmpty ? null : encodePending(record)];
  }

  #merged(found: PendingRecord | null, save: DocSave): [string, Uint8Array | null] {
    const { owner, epoch, ownPeers } = save;
    const isDone = (entry: PendingEntry) => {
      if (isTaken(entry)) return false; // its page may not have heard of that yet
      return ownPeers.has(entry.peer) || (entry.epoch === epoch && entry.end <= save.durable(entry.peer));
    };
    const others = (found?.entries ?? []).filter((entry) => !isDone(entry));
    const former = others.filter((entry) => entry.epoch !== epoch).slice(-MAX_FORMER);
    const present = others.filter((entry) => entry.epoch === epoch);
    const kept = found?.epoch === epoch ? found.spares : [];
    const spares = save.spares === null ? [] : [...kept, ...save.spares].slice(-MAX_SPARES);
    return this.#pending({ owner, epoch, spares, entries: [...former, ...present, ...save.entries()] });
  }

  /** The copy as this page has it now: what came after it, or all of it anew when that has become long. */
  #copied(
    tailBytes: Uint8Array | null | undefined,
    list: Uint8Array | null | undefined,
    { owner, epoch, isPresent, copy }: DocSave,
  ): [string, Uint8Array | null][] {
    if (!copy) return this.#noCopy(list);
    if (this.#options.keepDocs === 0) return [];
    const tail = this.#read(tailBytes, decodeTail);
    if (tail && tail.epoch !== epoch && !isPresent) return [];
    if (tail?.epoch === epoch) {
      const base = decodeVersions(tail.base);
      if (!covers(copy.versions, base)) return []; // another page is ahead and has written it
      const update = copy.since(base);
      if (update && update.length <= Math.max(MIN_TAIL_BYTES, tail.copyBytes / 2)) {
        return [[this.#tailKey, encodeTail({ ...tail, update })]];
      }
    }
    const snapshot = copy.snapshot();
    const { length: copyBytes } = snapshot;
    if (copyBytes > this.#options.keepBytes) return this.#noCopy(list);
    return [
      [this.#copyKey, encodeCopy({ owner, epoch, snapshot })],
      [this.#tailKey, encodeTail({ epoch, copyBytes, base: copy.vector(), update: NO_BYTES })],
      ...keepCopies(list, { key: this.#key, bytes: copyBytes }, this.#options),
    ];
  }

  #noCopy(list: Uint8Array | null | undefined): [string, Uint8Array | null][] {
    return [[this.#copyKey, null], [this.#tailKey, null], without(list, this.#key)];
  }

  #pendingOf(bytes: Uint8Array | null | undefined, owner: string | null): PendingRecord | null {
    const record = this.#read(bytes, decodePending);
    return record?.owner === owner ? record : null;
  }

  /** What cannot be read is not there. */
  #read<T>(bytes: Uint8Array | null | undefined, decode: (bytes: Uint8Array) => T): T | null {
    if (!bytes) return null;
    try {
      return decode(bytes);
    } catch (error) {
      this.#env.log.error('doc.device_damaged', { doc: this.#key, error: String(error) });
      return null;
    }
  }
}

/** A page has taken the edits, to make them anew. */
export function isTaken(entry: PendingEntry): boolean {
  return entry.bytes.length === 0;
}
