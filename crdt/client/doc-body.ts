/**
 * What a page holds of a document: the LoroDoc, its unsent edits, and what was found on this device. When all of it
 * is void (another life of the document, refused edits, another identity), shared-doc.ts makes a new one.
 */
import { decodeImportBlobMeta, type PeerID } from 'loro-crdt';
import type { Env } from '../../src/base/env.ts';
import type { Versions } from '../core/versions.ts';
import type { FoundDoc } from './device-doc.ts';
import type { PendingEntry } from './device-record.ts';
import type { Kept } from './doc-keeper.ts';
import { DocPusher, type PushLine } from './doc-pusher.ts';
import { DocReplica, type Imported } from './doc-replica.ts';
import type { DocOptions } from './options.ts';
import { UnsentEdits } from './unsent-edits.ts';

export class DocBody {
  readonly replica: DocReplica;
  readonly pusher: DocPusher;
  /** The life of the document that this is of; '' while nothing is known. */
  epoch = '';
  /** Found, but what they build on is not here yet. */
  #waiting: readonly PendingEntry[] = [];

  constructor(env: Env, deps: { line: PushLine; edited: () => void }, options: DocOptions) {
    this.replica = new DocReplica(deps.edited);
    this.pusher = new DocPusher(env, { replica: this.replica, line: deps.line }, options);
  }

  get isEmpty(): boolean {
    return this.replica.isEmpty;
  }

  /** Whether anything of this device is not durable on the server. */
  get pending(): boolean {
    return this.pusher.outbox.pending || this.#waiting.length > 0;
  }

  /** What this device has. Not `done`: the copy cannot be used, and neither can this. */
  load({ epoch, copy, entries }: FoundDoc): Imported {
    this.epoch = epoch;
    this.#waiting = entries;
    if (!copy) return 'done'; // the entries wait for the document
    const imported = this.import(copy.snapshot, copy.tail);
    if (imported === 'done') this.#bringHome();
    return imported;
  }

  /** One after the other, until one fails. */
  import(...updates: readonly Uint8Array[]): Imported {
    for (const update of updates) {
      const imported = this.replica.import(update);
      if (imported !== 'done') return imported;
    }
    return 'done';
  }

  /** Edits from now on are this peer's. */
  edit(peer: bigint): void {
    this.replica.edit(peer);
    this.pusher.outbox.own(peer);
  }

  /** The server's answer is in the document. Returns the edits found on this device that do not fit it. */
  joined(epoch: string, versions: Versions): readonly PendingEntry[] {
    if (this.epoch !== '' && this.epoch !== epoch) {
      const lost = this.#waiting;
      this.#waiting = [];
      this.epoch = epoch;
      this.pusher.rewind(versions);
      return lost;
    }
    this.epoch = epoch;
    this.#bringHome();
    const lost = this.#waiting;
    this.#waiting = [];
    this.pusher.rewind(versions);
    return lost;
  }

  /** The unsent edits, to be made anew in another body. This one must not be edited any more. Null: none. */
  unsent(): UnsentEdits | null {
    if (this.replica.isDead || !this.pusher.outbox.pending) return null;
    this.replica.doc.commit();
    return new UnsentEdits(this.replica, this.pusher.outbox.unsent);
  }

  /** What was found and waits still. */
  get waiting(): FoundDoc {
    return { epoch: this.epoch, copy: null, entries: this.#waiting, spare: 0n, hasMore: false };
  }

  /** For the device. */
  kept(owner: string | null): Kept {
    const { outbox } = this.pusher;
    return {
      owner,
      epoch: this.epoch,
      entries: () => outbox.entries(this.epoch),
      ownPeers: outbox.ownPeers,
      durable: (peer) => outbox.durable(peer),
      copy: this.replica,
    };
  }

  /** For the device, when the edits were refused. */
  refused(owner: string | null): Kept {
    const { outbox } = this.pusher;
    const peers = [...outbox.peers, ...this.#waiting.map(({ peer }) => peer)];
    return {
      owner,
      epoch: this.epoch,
      entries: () => [],
      ownPeers: new Set(peers),
      durable: () => 0,
      copy: null,
    };
  }

  close(): void {
    this.pusher.close();
    this.replica.close();
  }

  #bringHome(): void {
    this.#waiting = this.#waiting.filter((entry) => {
      if (this.replica.import(entry.bytes) !== 'done') return true;
      this.pusher.outbox.find(entry.peer, startOf(entry));
      return false;
    });
  }
}

function startOf({ peer, bytes }: PendingEntry): number {
  const { partialStartVersionVector, partialEndVersionVector } = decodeImportBlobMeta(bytes, false);
  const start = partialStartVersionVector.get(`${peer}` as PeerID) ?? 0;
  partialStartVersionVector.free();
  partialEndVersionVector.free();
  return start;
}
