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
import { proven } from './trial-jobs.ts';
import { type LogSource, loadStored, type StoredDoc, storedSize } from './stored-doc.ts';
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

  constructor(env: Env, deps: Deps, options: DocsOptions) {
    this.#env = env;
    this.#log = deps.log;
    this.#hub = deps.hub;
    this.#history = deps.history;
    this.#now = deps.now;
    this.#options = options;
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
    const stored = await this.#load(tx, ref);
    const leased = serverPeer(stored);
    const peer = leased ?? (`${randomPeer(this.#env.random)}` as PeerID);
    const folds = stored.updates.length + 1 >= this.#options.compactUpdates;
    const applied = this.#guard(ref, () => apply(stored, { peer, folds }, change));
    const { value, bytes, snapshot, since } = applied;
    if (!bytes) return value;
    const { maxUpdateBytes } = this.#options;
    if (bytes.length > maxUpdateBytes)
      throw new Fault('too_large', `an edit of over ${maxUpdateBytes} bytes`);
    const epoch = stored.epoch ?? this.#hub.epochOf(ref) ?? newId(this.#env);
    if (!leased) await this.#log.leaseWithin(tx, ref, { epoch, peers: [peer], owner: SERVER_OWNER });
    const note = { authors: [author], at: this.#now(), since };
    const also = async (_: unknown, rev: number) => {
      await this.#history.note(tx, ref, { ...note, rev });
    };
    const rev = await this.#log.appendWithin(tx, ref, { epoch, bytes, also });
    if (snapshot) await this.#log.compactWithin(tx, ref, { epoch, rev, bytes: snapshot });
    afterCommit(() => this.#hub.adopt(ref, { epoch, rev, bytes }));
    if (snapshot) afterCommit(() => void this.#log.sweep(ref));
    return value;
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
    const sizeBytes = await storedSize(source, ref);
    // A row that was made anew under an old id: what is stored is not its own, and about to go.
    if (this.#hub.removing(ref))
      throw new Fault('unavailable', 'the document of an earlier row is being removed');
    if (this.#hub.doubtful(ref)) throw new Fault('unavailable', MENDED);
    const { maxEditBytes } = this.#options;
    if (sizeBytes > maxEditBytes)
      throw new Fault('too_large', `the document is of over ${maxEditBytes} bytes`);
    return loadStored(source, ref);
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
  /** The whole document, when the log is to be folded. */
  readonly snapshot: Uint8Array | null;
}

function apply<T>(
  stored: StoredDoc,
  { peer, folds }: { peer: PeerID; folds: boolean },
  change: (doc: LoroDoc) => T,
): Applied<T> {
  const doc = open(stored);
  try {
    doc.setPeerId(peer);
    const before = doc.oplogVersion();
    const since = formatVersion(doc.oplogFrontiers());
    const value = change(doc);
    if (value instanceof Promise) throw new Fault('invalid', 'the edit of a document is synchronous');
    doc.commit();
    const after = doc.oplogVersion();
    const changed = after.compare(before) !== 0;
    const bytes = changed ? doc.export({ mode: 'update', from: before }) : null;
    const snapshot = changed && folds ? proven(doc.export({ mode: 'snapshot' })) : null;
    before.free();
    after.free();
    return { value, bytes, since, snapshot };
  } finally {
    freeQuietly(doc);
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
