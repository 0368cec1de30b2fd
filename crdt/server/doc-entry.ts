/**
 * One live document: its replica, its readers, and the loop that makes updates durable. All that came in one
 * turn becomes one delta: one row of the log, one frame for all readers, encoded once. Made and ended by hub.ts.
 *
 *   open <--acquire()/last release--> idle --linger over--> flushing --all written--> closed (freed)
 *    ^--------------acquire()---------------------------------'     any --end()--> closed (freed)
 *
 * [D2] readers and `durable` come after the commit. [D4] `free` on closed, whatever the way there.
 * [D10] while the store fails nothing is dropped: the write is tried again, and `failing` says so.
 */
import { backoffMs } from '../../src/base/backoff.ts';
import { type Deferred, deferred } from '../../src/base/deferred.ts';
import { Emitter } from '../../src/base/emitter.ts';
import type { Cancel, Env } from '../../src/base/env.ts';
import { Fault, isFault, toFault } from '../../src/base/fault.ts';
import type { JsonObject } from '../../src/base/json.ts';
import { Refcount } from '../../src/base/refcount.ts';
import type { AnyEntity } from '../../src/schema/define-schema.ts';
import { type DocRef, docKey } from '../core/doc-ref.ts';
import { encodeDown } from '../core/down-frame.ts';
import { NO_VERSIONS, type Versions } from '../core/versions.ts';
import type { Materialiser } from './materialiser.ts';
import type { DocsOptions } from './options.ts';
import { Projector } from './projector.ts';
import type { Delta, ImportOutcome, Replica } from './replica.ts';
import type { LogEntry, StoredDoc, UpdateLog } from './update-log.ts';

/** Whoever follows a document. */
export interface Follower {
  /** A new revision. `frame` is shared; `own` is for a follower whose own operations are all there is in it. */
  updated(update: { frame: Uint8Array; before: Versions; own: boolean }): void;
  /** Pushes marked up to here are durable. */
  settled(mark: number): void;
  /** The row is another; rights may be too. */
  rowChanged(): void;
  /** Other rows, which decide about this one, have changed. */
  rightsChanged(): void;
  /** The document is no more, for this reason. */
  ended(fault: Fault): void;
}

/** An update that is in the log already. */
export interface Committed {
  readonly epoch: string;
  readonly rev: number;
  readonly bytes: Uint8Array;
}

interface Deps {
  readonly ref: DocRef;
  readonly row: JsonObject;
  /** The document's own epoch. */
  readonly epoch: string;
  readonly stored: StoredDoc;
  readonly replica: Replica;
  readonly log: UpdateLog;
  readonly entity: AnyEntity;
  readonly materialiser: Materialiser;
  /** Called once, when the state is `closed`. */
  readonly onClosed: () => void;
}

type State = { name: 'open' } | { name: 'idle' } | { name: 'flushing' } | { name: 'closed'; fault: Fault };

export class DocEntry {
  readonly ref: DocRef;
  readonly epoch: string;
  readonly #env: Env;
  readonly #deps: Deps;
  readonly #options: DocsOptions;
  readonly #refs: Refcount;
  readonly #projector: Projector;
  readonly #followers = new Set<Follower>();
  readonly #closing = new Emitter<[]>();
  #state: State = { name: 'idle' };
  #row: JsonObject;
  #rev: number;
  #authors = new Set<Follower | null>();
  #undurableBytes = 0;
  #takes = 0;
  #settledMark = 0;
  #flushing = false;
  #snapshotting = false;
  #failing: Fault | undefined;
  #clean: Deferred<void> | undefined;
  #tail: { updates: number; bytes: number };

  constructor(env: Env, deps: Deps, options: DocsOptions) {
    this.#env = env;
    this.#deps = deps;
    this.#options = options;
    this.ref = deps.ref;
    this.epoch = deps.epoch;
    this.#row = deps.row;
    this.#rev = deps.stored.rev;
    const { updates } = deps.stored;
    this.#tail = { updates: updates.length, bytes: updates.reduce((sum, { length }) => sum + length, 0) };
    this.#refs = new Refcount(env.clock, options.lingerMs, () => void this.#unload());
    const write = (rev: number, columns: JsonObject) => deps.log.project(deps.ref, rev, columns);
    const openShadow = () => deps.materialiser.open(deps.entity);
    this.#projector = new Projector(env, { source: this, openShadow, write }, options);
    if (deps.stored.projected < this.#rev) this.#projector.touch();
  }

  get state(): State['name'] {
    return this.#state.name;
  }

  get row(): JsonObject {
    return this.#row;
  }

  /** Updates so far, durable ones. */
  get rev(): number {
    return this.#rev;
  }

  get durable(): Versions {
    return this.#state.name === 'closed' ? NO_VERSIONS : this.#deps.replica.durable;
  }

  get opCount(): number {
    return this.#deps.replica.opCount;
  }

  get followers(): number {
    return this.#followers.size;
  }

  /** Why writes do not get through at the moment. */
  get failing(): Fault | undefined {
    return this.#failing;
  }

  /** Keeps the document loaded until the returned release is called. */
  acquire(): Cancel {
    this.#require();
    const release = this.#refs.acquire();
    this.#to({ name: 'open' });
    return () => {
      release();
      if (this.#refs.count === 0 && this.#state.name === 'open') this.#to({ name: 'idle' });
    };
  }

  follow(follower: Follower): Cancel {
    this.#require();
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }

  /** What is durable beyond `from`; null when nothing is. */
  since(from: Versions): Uint8Array | null {
    this.#require();
    return this.#deps.replica.since(from);
  }

  /** A snapshot of now or of some time ago, or null; one that is old is made anew for the next who asks. */
  snapshot(): Delta | null {
    this.#require();
    const { replica } = this.#deps;
    if (replica.snapshot?.versions !== replica.durable && !this.#snapshotting) void this.#refreshSnapshot();
    return replica.snapshot;
  }

  received(): Versions {
    this.#require();
    return this.#deps.replica.received();
  }

  /** Bytes received and not yet committed. */
  get undurableBytes(): number {
    return this.#undurableBytes;
  }

  /** Imports a checked update. Throws `invalid` for bytes that Loro refuses; ends the document on a trap. */
  import(bytes: Uint8Array, author: Follower | null): ImportOutcome {
    this.#require();
    const { replica } = this.#deps;
    let outcome: ImportOutcome;
    try {
      outcome = replica.import(bytes);
    } catch (error) {
      if (typeof error === 'string') throw new Fault('invalid', 'not a document update');
      // A trap: the document object is dead. What was not durable is still with its authors.
      this.#env.log.error('docs.trap', { doc: docKey(this.ref), error: String(error) });
      const fault = new Fault('internal', 'the document had to be loaded again');
      this.end(fault);
      throw fault;
    }
    if (replica.hasPending) this.#authors.add(null); // this update may have set free somebody else's
    if (replica.pendingBytes > this.#options.maxPendingBytes) replica.forgetPending();
    if (replica.dirty) {
      this.#undurableBytes += bytes.length;
      this.#authors.add(author);
      this.#scheduleFlush();
    }
    return outcome;
  }

  /** The mark that covers all received so far: durable when `settledMark` reaches it. */
  get mark(): number {
    return this.#deps.replica.dirty ? this.#takes + 1 : this.#takes;
  }

  get settledMark(): number {
    return this.#settledMark;
  }

  /** The row was written. Null: deleted. */
  rowChanged(row: JsonObject | null): void {
    if (this.#state.name === 'closed') return;
    if (!row) return this.end(new Fault('not_found', `no ${this.ref.entity} ${this.ref.id}`));
    this.#row = row;
    for (const follower of [...this.#followers]) follower.rowChanged();
  }

  /** Rows that decide about this one were written. */
  rightsChanged(): void {
    for (const follower of [...this.#followers]) follower.rightsChanged();
  }

  /** Resolves when all that was received is committed and the row shows it; at once when closed. */
  async settle(): Promise<void> {
    if (this.#flushing) {
      this.#clean ??= deferred();
      await this.#clean.promise;
    }
    await this.#projector.flush();
  }

  /** Ends it now; readers hear why. What is not committed is dropped: its authors still have it. */
  end(fault: Fault): void {
    this.#to({ name: 'closed', fault });
  }

  #require(): void {
    if (this.#state.name === 'closed') throw this.#state.fault;
  }

  async #unload(): Promise<void> {
    if (this.#state.name !== 'idle') return;
    this.#to({ name: 'flushing' });
    await this.settle();
    // Somebody may have come back meanwhile.
    if (this.state === 'flushing') this.end(new Fault('unavailable', 'the document was unloaded'));
  }

  async #refreshSnapshot(): Promise<void> {
    const { replica, materialiser } = this.#deps;
    const versions = replica.durable;
    const updates = replica.since(NO_VERSIONS);
    if (!updates) return;
    this.#snapshotting = true;
    const bytes = await materialiser.snapshot(updates).catch((error) => this.#snapshotFailed(error));
    this.#snapshotting = false;
    if (bytes && this.#state.name !== 'closed') replica.keepSnapshot({ bytes, versions });
  }

  #snapshotFailed(error: unknown): null {
    this.#env.log.error('docs.snapshot_failed', { doc: docKey(this.ref), error: String(error) });
    return null;
  }

  /** What the log and the next readers get instead of all updates so far, when those have become many. */
  async #compacted(): Promise<Uint8Array | null> {
    const { compactUpdates, compactBytes } = this.#options;
    if (this.#tail.updates < compactUpdates && this.#tail.bytes < compactBytes) return null;
    const { materialiser, replica } = this.#deps;
    return materialiser.snapshot(replica.exportAll()).catch((error) => this.#snapshotFailed(error));
  }

  #scheduleFlush(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    this.#env.clock.soon(() => void this.#flush());
  }

  async #flush(): Promise<void> {
    try {
      while (this.#state.name !== 'closed') {
        const delta = this.#deps.replica.take();
        if (!delta) break;
        await this.#commit(delta);
      }
    } catch (error) {
      this.#env.log.error('docs.flush_failed', { doc: docKey(this.ref), error: String(error) });
      this.end(new Fault('internal', 'the document had to be loaded again'));
    }
    this.#flushing = false;
    this.#clean?.resolve();
    this.#clean = undefined;
    if (this.state === 'closed') this.#deps.replica.free();
  }

  async #commit(delta: Delta): Promise<void> {
    const mark = ++this.#takes;
    const authors = this.#authors;
    this.#authors = new Set();
    const takenBytes = this.#undurableBytes;
    const covers = this.#rev;
    const snapshot = await this.#compacted();
    const entry = {
      epoch: this.epoch,
      bytes: delta.bytes,
      snapshot: snapshot && { bytes: snapshot, covers },
    };
    await this.#append(entry, (rev) => {
      if (this.#state.name === 'closed') return;
      const before = this.durable;
      this.#deps.replica.settle(delta.versions);
      this.#undurableBytes -= takenBytes;
      if (snapshot) this.#deps.replica.keepSnapshot({ bytes: snapshot, versions: delta.versions });
      this.#tail = snapshot
        ? { updates: 0, bytes: 0 }
        : { updates: this.#tail.updates + 1, bytes: this.#tail.bytes + delta.bytes.length };
      this.#settledMark = mark;
      this.#advance({ rev, bytes: delta.bytes, before }, authors);
    });
  }

  /** Takes in what a transaction has committed: an edit of the server's own. [D8] */
  adopt({ epoch, rev, bytes }: Committed): void {
    if (this.#state.name === 'closed') return;
    if (epoch !== this.epoch)
      return this.end(new Fault('unavailable', 'the document had to be loaded again'));
    const before = this.durable;
    try {
      this.#deps.replica.adopt(bytes);
    } catch (error) {
      this.#env.log.error('docs.adopt_failed', { doc: docKey(this.ref), error: String(error) });
      return this.end(new Fault('internal', 'the document had to be loaded again'));
    }
    this.#tail = { updates: this.#tail.updates + 1, bytes: this.#tail.bytes + bytes.length };
    this.#advance({ rev, bytes, before }, new Set());
  }

  #advance(
    { rev, bytes, before }: { rev: number; bytes: Uint8Array; before: Versions },
    authors: ReadonlySet<Follower | null>,
  ): void {
    this.#rev = rev;
    this.#tell(bytes, authors, before);
    this.#projector.touch();
  }

  #tell(bytes: Uint8Array, authors: ReadonlySet<Follower | null>, before: Versions): void {
    const frame = encodeDown({ kind: 'update', rev: this.#rev, bytes });
    const [sole] = authors.size === 1 ? authors : [];
    for (const follower of [...this.#followers]) {
      follower.updated({ frame, before, own: follower === sole });
      follower.settled(this.#settledMark);
    }
  }

  /** Writes until it is written, or until the document is closed. */
  async #append(entry: LogEntry, committed: (rev: number) => void): Promise<void> {
    for (let attempt = 0; this.#state.name !== 'closed'; attempt++) {
      try {
        await this.#deps.log.append(this.ref, entry, committed);
        this.#failing = undefined;
        return;
      } catch (error) {
        if (isFault(error, 'not_found')) return this.end(error);
        this.#failing = toFault(error);
        this.#env.log.error('docs.append_failed', { doc: docKey(this.ref), attempt, error: String(error) });
        await this.#pause(backoffMs(attempt, this.#env.random, this.#options.retry));
      }
    }
  }

  /** Cut short when the document is closed. */
  #pause(delayMs: number): Promise<void> {
    const { promise, resolve } = deferred<void>();
    const off = this.#closing.on(resolve);
    const cancel = this.#env.clock.after(delayMs, resolve);
    return promise.finally(() => {
      off();
      cancel();
    });
  }

  #to(next: State): void {
    if (this.#state.name === 'closed') return;
    this.#state = next;
    if (next.name !== 'closed') return;
    this.#refs.close();
    this.#projector.close();
    this.#closing.emit();
    for (const follower of [...this.#followers]) follower.ended(next.fault);
    this.#followers.clear();
    if (!this.#flushing) this.#deps.replica.free(); // else when the flush has ended
    this.#deps.onClosed();
  }
}
