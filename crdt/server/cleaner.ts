/**
 * Cleans the log of a document on which the materialiser fails: what makes it fail goes to the quarantine, the rest
 * begins a new epoch as one snapshot, so that every page starts over from what is sound. The hub calls it while the
 * document takes no pushes, and ends the document after it. [D3] [D6]
 */
import type { PeerID } from 'loro-crdt';
import type { Env } from '../../src/base/env.ts';
import { Fault } from '../../src/base/fault.ts';
import { newId } from '../../src/base/id.ts';
import type { Store } from '../../src/store/store.ts';
import type { Transaction } from '../../src/store/transaction.ts';
import { type DocRef, docKey } from '../core/doc-ref.ts';
import type { Canary } from './canary.ts';
import type { NewEntry, Quarantine } from './quarantine.ts';
import { type Dropped, sift } from './sift.ts';
import type { StoredDoc } from './stored-doc.ts';
import type { Suspects } from './suspects.ts';
import type { Placed, UpdateLog } from './update-log.ts';

interface Deps {
  readonly store: Store;
  readonly log: UpdateLog;
  readonly canary: Canary;
  readonly suspects: Suspects;
  readonly quarantine: Quarantine;
}

export interface Cleaned {
  /** False: nothing was found. */
  readonly changed: boolean;
  /** Peers of bad operations, not of those that build on them. */
  readonly offenders: ReadonlySet<PeerID>;
}

/** Owner of operations whose peer id nobody holds. */
const UNKNOWN = 'unknown';

export class Cleaner {
  readonly #env: Env;
  readonly #deps: Deps;
  #quarantined = 0;

  constructor(env: Env, deps: Deps) {
    this.#env = env;
    this.#deps = deps;
  }

  /** Entries put in quarantine since the start. */
  get quarantined(): number {
    return this.#quarantined;
  }

  /** Throws `conflict` when the document was written to meanwhile: do it again. */
  async clean(ref: DocRef): Promise<Cleaned> {
    const found = await this.#deps.log.load(ref);
    if (!found) throw new Fault('not_found', `no ${ref.entity} ${ref.id}`);
    const { stored } = found;
    const { clean, dropped } = await sift(this.#deps.canary, stored);
    if (dropped.length === 0) return { offenders: new Set(), changed: false };
    const entries = dropped.map((piece) => entryOf(stored, piece));
    await this.#replace(ref, { stored, clean, entries });
    this.#report(ref, entries);
    const bad = dropped.filter(({ reason }) => reason !== 'builds_on');
    return { changed: true, offenders: new Set(bad.flatMap(({ peer }) => peer ?? [])) };
  }

  async #replace(
    ref: DocRef,
    { stored, clean, entries }: { stored: StoredDoc; clean: Uint8Array | null; entries: NewEntry[] },
  ): Promise<void> {
    const { store, log, quarantine } = this.#deps;
    const key = [ref.entity, ref.id];
    const where = 'WHERE entity = ? AND id = ?';
    const replace = async (tx: Transaction, placed: Placed | null) => {
      const [meta] = await tx.all(`SELECT epoch, rev FROM _doc_meta ${where}`, key);
      if (meta?.epoch !== stored.epoch || Number(meta?.rev) !== stored.rev)
        throw new Fault('conflict', 'the document was written to meanwhile');
      const rev = stored.rev + 1;
      await tx.run(`UPDATE _doc_meta SET epoch = ?, rev = ? ${where}`, [newId(this.#env), rev, ...key]);
      await tx.run(`DELETE FROM _doc_updates ${where}`, key);
      await tx.run(`DELETE FROM _doc_snapshots ${where}`, key);
      if (placed)
        await tx.run('INSERT INTO _doc_snapshots (entity, id, rev, bytes, blob) VALUES (?, ?, ?, ?, ?)', [
          ...key,
          rev,
          placed.bytes,
          placed.blob ?? null,
        ]);
      await quarantine.add(tx, ref, entries);
    };
    if (clean) await log.placed(ref, clean, (placed) => store.write(({ tx }) => replace(tx, placed)));
    else await store.write(({ tx }) => replace(tx, null));
    await log.sweep(ref);
  }

  #report(ref: DocRef, entries: readonly NewEntry[]): void {
    this.#quarantined += entries.length;
    for (const { rev, owner, reason, bytes } of entries) {
      const sizeBytes = bytes.length;
      this.#env.log.error('docs.quarantined', { doc: docKey(ref), rev, owner, reason, sizeBytes });
    }
    const offenders = new Set(
      entries.filter(({ reason }) => reason !== 'builds_on').map(({ owner }) => owner),
    );
    for (const owner of offenders) this.#deps.suspects.strike(owner);
  }
}

function entryOf(stored: StoredDoc, { row, peer, reason, bytes }: Dropped): NewEntry {
  const owner = (peer && stored.peers.get(peer)) ?? UNKNOWN;
  // Each revision since the snapshot is one row.
  return { rev: stored.rev - stored.updates.length + 1 + row, owner, reason, bytes };
}
