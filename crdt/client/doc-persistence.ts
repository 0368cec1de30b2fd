/**
 * One document's pending edits on this device. Pages of one browser share the record, so a page touches only
 * entries of its own: those it made, and those it found and has brought home unchanged.
 */
import type { Env } from '../../src/base/env.ts';
import { Lane } from '../../src/base/lane.ts';
import type { DocPersistence } from '../../src/client/persistence.ts';
import { type DocRef, docKey } from '../core/doc-ref.ts';
import {
  decodePending,
  encodePending,
  type PendingEntry,
  type PendingRecord,
  sameBytes,
} from './pending-record.ts';

export interface PendingChange {
  readonly owner: string | null;
  readonly epoch: string;
  /** This page's entries as they are now: they replace those of the same peers. */
  readonly own: readonly PendingEntry[];
  /** Peers of this page, with or without an entry now. */
  readonly ownPeers: ReadonlySet<bigint>;
  /** Found at the start and durable by now. */
  readonly settled: readonly PendingEntry[];
}

export class PendingStore {
  readonly #env: Env;
  readonly #docs: DocPersistence;
  readonly #key: string;
  readonly #lane = new Lane();

  constructor(env: Env, docs: DocPersistence, ref: DocRef) {
    this.#env = env;
    this.#docs = docs;
    this.#key = docKey(ref);
  }

  /** Never rejects: without a record there is nothing to send. */
  load(): Promise<PendingRecord | null> {
    return this.#lane.run(() => this.#read());
  }

  /** Never rejects; a failure is logged, and the next save tries again. */
  save(change: PendingChange): Promise<void> {
    return this.#lane.run(async () => {
      const found = await this.#read();
      const same = found && found.owner === change.owner && found.epoch === change.epoch;
      const others = same ? found.entries.filter((entry) => !isDone(entry, change)) : [];
      const entries = [...others, ...change.own];
      try {
        if (entries.length > 0) {
          await this.#docs.saveDoc(
            this.#key,
            encodePending({ owner: change.owner, epoch: change.epoch, entries }),
          );
        } else if (found) {
          await this.#docs.deleteDoc(this.#key);
        }
      } catch (error) {
        this.#env.log.error('doc.save_failed', { doc: this.#key, error: String(error) });
      }
    });
  }

  async #read(): Promise<PendingRecord | null> {
    try {
      const bytes = await this.#docs.loadDoc(this.#key);
      return bytes && decodePending(bytes);
    } catch (error) {
      this.#env.log.error('doc.load_failed', { doc: this.#key, error: String(error) });
      return null;
    }
  }
}

function isDone(entry: PendingEntry, { ownPeers, settled }: PendingChange): boolean {
  if (ownPeers.has(entry.peer)) return true;
  return settled.some(({ peer, bytes }) => peer === entry.peer && sameBytes(bytes, entry.bytes));
}
