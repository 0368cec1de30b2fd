/**
 * Documents as a transaction sees them, read and edited on the caller's own thread. An edit is one more update
 * of the log, written in the transaction of the rows: both are there after the COMMIT, or neither is. [D8]
 * Asked by server-docs.ts, which has asked the policies, one call at a time for each transaction.
 *
 * It builds on what is in the log and on nothing else: a keystroke that was received and not committed may
 * still be lost, and an edit on top of it would then leave a gap. Such keystrokes merge with it.
 * The server's operations of a document are all of one peer id, which only transactions use: each builds on all
 * before it, and what was rolled back has been seen by nobody. [D9]
 */
import { LoroDoc, type PeerID } from 'loro-crdt';
import type { Env } from '../../src/base/env.ts';
import { Fault, isFault } from '../../src/base/fault.ts';
import { newId } from '../../src/base/id.ts';
import type { JobContext } from '../../src/store/group-commit.ts';
import type { DocRef } from '../core/doc-ref.ts';
import { formatVersion } from './doc-version.ts';
import { freeQuietly } from './free-quietly.ts';
import type { HistoryLog } from './history-log.ts';
import type { DocHub } from './hub.ts';
import { isTrap } from './materialiser-jobs.ts';
import type { DocsOptions } from './options.ts';
import { randomPeer } from './peer-lease.ts';
import { ScratchDocs } from './scratch-docs.ts';
import {
  type LogSource,
  loadMeta,
  loadStored,
  type StoredDoc,
  type StoredMeta,
  storedSize,
} from './stored-doc.ts';
import type { UpdateLog } from './update-log.ts';

/** Whose the peer id of the server's own edits is. Owners of clients have a colon, or are `anonymous`. */
export const SERVER_OWNER = 'server';
const MENDED = 'the document is being mended';

interface Deps {
  readonly log: UpdateLog;
  readonly hub: DocHub;
  readonly history: HistoryLog;
  /** The server's own time, for the history. */
  readonly now: () => number;
}

export class DocEditor {
  readonly #env: Env;
  readonly #log: UpdateLog;
  readonly #hub: DocHub;
  readonly #history: HistoryLog;
  readonly #now: () => number;
  readonly #options: DocsOptions;
  readonly #scratch: ScratchDocs;

  constructor(env: Env, deps: Deps, options: DocsOptions) {
    this.#env = env;
    this.#log = deps.log;
    this.#hub = deps.hub;
    this.#history = deps.history;
    this.#now = deps.now;
    this.#options = options;
    this.#scratch = new ScratchDocs(options);
  }

  /** Throws `too_large` over `maxEditBytes`. */
  async read<T>(source: LogSource, ref: DocRef, look: (doc: LoroDoc) => T): Promise<T> {
    const stored = await this.#load(source, ref);
    return this.#guard(ref, () => {
      const doc = open(stored);
      try {
        return look(doc);
      } finally {
        freeQuietly(doc);
      }
    });
  }

  /**
   * Runs `change` and appends what it did. Throws `too_large` over `maxEditBytes` and `maxUpdateBytes`, `invalid`
   * for a change that is not synchronous, and what `change` throws; nothing is written then.
   */
  async edit<T>(
    { tx, afterCommit }: JobContext,
    { ref, author }: { ref: DocRef; author: string },
    change: (doc: LoroDoc) => T,
  ): Promise<T> {
    const { meta, sizeBytes } = await this.#head(tx, ref);
    const kept = this.#scratch.take(tx, ref, meta);
    const stored = kept ? null : await loadStored(tx, ref);
    const leased = kept?.peer ?? (stored && serverPeer(stored));
    const peer = leased ?? (`${randomPeer(this.#env.random)}` as PeerID);
    const doc = this.#guard(ref, () => kept?.doc ?? open(stored!));
    const applied = this.#guard(ref, () => apply(doc, peer, change));
    const { value, bytes, since } = applied;
    const epoch = meta.epoch ?? this.#hub.epochOf(ref) ?? newId(this.#env);
    const { maxUpdateBytes } = this.#options;
    if (!bytes || bytes.length > maxUpdateBytes) {
      freeQuietly(doc);
      if (!bytes) return value;
      throw new Fault('too_large', `an edit of over ${maxUpdateBytes} bytes`);
    }
    let rev: number;
    try {
      if (!leased) await this.#log.leaseWithin(tx, ref, { epoch, peers: [peer], owner: SERVER_OWNER });
      const note = { authors: [author], at: this.#now(), since };
      const also = async (_: unknown, at: number) => {
        await this.#history.note(tx, ref, { ...note, rev: at });
      };
      rev = await this.#log.appendWithin(tx, ref, { epoch, bytes, also });
    } catch (error) {
      freeQuietly(doc);
      throw error;
    }
    const scratch = { doc, peer, epoch, rev, sizeBytes: sizeBytes + bytes.length };
    const { confirm } = this.#scratch.keep(tx, ref, scratch);
    afterCommit(() => {
      confirm();
      this.#hub.adopt(ref, { epoch, rev, bytes });
    });
    return value;
  }

  close(): void {
    this.#scratch.clear();
  }

  /** Traps on this thread are counted, and nobody reads the document here until it was looked into. [D3] */
  #guard<T>(ref: DocRef, work: () => T): T {
    try {
      return work();
    } catch (error) {
      const cause = isFault(error) ? error.cause : error;
      if (!isTrap(cause)) throw error;
      this.#hub.trapped(ref, cause);
      throw new Fault('unavailable', MENDED, undefined, { cause });
    }
  }

  async #load(source: LogSource, ref: DocRef): Promise<StoredDoc> {
    await this.#head(source, ref);
    return loadStored(source, ref);
  }

  /** Throws when the document is not to be read here. */
  async #head(source: LogSource, ref: DocRef): Promise<{ meta: StoredMeta; sizeBytes: number }> {
    const sizeBytes = await storedSize(source, ref);
    // A row that was made anew under an old id: what is stored is not its own, and about to go.
    if (this.#hub.removing(ref))
      throw new Fault('unavailable', 'the document of an earlier row is being removed');
    if (this.#hub.doubtful(ref)) throw new Fault('unavailable', MENDED);
    const { maxEditBytes } = this.#options;
    if (sizeBytes > maxEditBytes)
      throw new Fault('too_large', `the document is of over ${maxEditBytes} bytes`);
    return { meta: await loadMeta(source, ref), sizeBytes };
  }
}

function serverPeer({ peers }: StoredDoc): PeerID | undefined {
  for (const [peer, owner] of peers) if (owner === SERVER_OWNER) return peer;
  return undefined;
}

interface Applied<T> {
  readonly value: T;
  /** Null when nothing was changed. */
  readonly bytes: Uint8Array | null;
  /** The version before the change. */
  readonly since: string;
}

/** The document is spent when this throws. */
function apply<T>(doc: LoroDoc, peer: PeerID, change: (doc: LoroDoc) => T): Applied<T> {
  const before = doc.oplogVersion();
  try {
    doc.setPeerId(peer);
    const since = formatVersion(doc.oplogFrontiers());
    const value = change(doc);
    if (value instanceof Promise) throw new Fault('invalid', 'the edit of a document is synchronous');
    doc.commit();
    const after = doc.oplogVersion();
    const changed = after.compare(before) !== 0;
    after.free();
    return { value, bytes: changed ? doc.export({ mode: 'update', from: before }) : null, since };
  } catch (error) {
    freeQuietly(doc);
    throw error;
  } finally {
    freeQuietly(before);
  }
}

/**
 * Attached. The snapshot brings its state along; the updates after it are imported detached and shown at once,
 * for one by one they cost milliseconds each where several write.
 */
function open({ snapshot, updates }: StoredDoc): LoroDoc {
  const doc = new LoroDoc();
  try {
    if (snapshot) doc.import(snapshot);
    doc.detach();
    for (const update of updates) doc.import(update);
    doc.attach();
    return doc;
  } catch (error) {
    freeQuietly(doc);
    throw new Fault('storage', 'the log of a document is damaged', undefined, { cause: error });
  }
}
