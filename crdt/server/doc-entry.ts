/**
 * One live document: its replica, its readers, and what is done with its updates: made durable (commit-loop.ts),
 * told (doc-readers.ts), folded (snapshots.ts), shown in the row (projector.ts). Made by hub.ts; doc-life.ts says how
 * long it lives.
 *
 * [D2] readers and `durable` come after the commit, in the order of the log. [D4] `free` on closed, whatever the
 * way there.
 */
import type { OpId } from 'loro-crdt';
import type { Cancel, Env } from '../../src/base/env.ts';
import { Fault } from '../../src/base/fault.ts';
import type { JsonObject } from '../../src/base/json.ts';
import type { AnyEntity } from '../../src/schema/define-schema.ts';
import { DOC_REV } from '../../src/schema/field.ts';
import { type DocRef, docKey } from '../core/doc-ref.ts';
import { reaches } from '../core/shallow.ts';
import { NO_VERSIONS, type Versions } from '../core/versions.ts';
import { CommitLoop } from './commit-loop.ts';
import { DocIntake } from './doc-intake.ts';
import { DocLife } from './doc-life.ts';
import { DocReaders } from './doc-readers.ts';
import type { Authors, Follower } from './follower.ts';
import type { HistoryNotes } from './history-notes.ts';
import type { Hold } from './hold.ts';
import type { Food, Materialiser, Shadow } from './materialiser.ts';
import type { DocsOptions } from './options.ts';
import { Projector } from './projector.ts';
import { type Guards, Repair } from './repair.ts';
import type { Delta } from './replica.ts';
import { RevOrder } from './rev-order.ts';
import { type SnapshotKind, Snapshots } from './snapshots.ts';
import type { StoredDoc } from './stored-doc.ts';
import type { UpdateLog } from './update-log.ts';

interface Deps {
  readonly ref: DocRef;
  readonly row: JsonObject;
  /** The document's own epoch. */
  readonly epoch: string;
  readonly stored: StoredDoc;
  readonly hold: Hold;
  readonly log: UpdateLog;
  readonly notes: HistoryNotes;
  readonly entity: AnyEntity;
  readonly materialiser: Materialiser;
  readonly keeper: Materialiser;
  readonly guards: Guards;
  /** Called once, when the state is `closed`. */
  readonly onClosed: (fault: Fault) => void;
}

/** An update that is in the log already. */
export interface Adopted {
  readonly epoch: string;
  readonly rev: number;
  readonly bytes: Uint8Array;
}

export class DocEntry {
  readonly ref: DocRef;
  readonly epoch: string;
  readonly #env: Env;
  readonly #deps: Deps;
  readonly #options: DocsOptions;
  readonly #life: DocLife;
  readonly #order: RevOrder;
  readonly #commits: CommitLoop;
  readonly #readers = new DocReaders();
  /** How updates get in. */
  readonly intake: DocIntake;
  readonly #snapshots: Snapshots;
  readonly #shadow: Shadow;
  readonly #projector: Projector;
  readonly #repair: Repair;
  #row: JsonObject;

  constructor(env: Env, deps: Deps, options: DocsOptions) {
    this.#env = env;
    this.#deps = deps;
    this.#options = options;
    const { ref, epoch, entity, stored, hold, log, notes, materialiser, keeper, guards } = deps;
    this.ref = ref;
    this.epoch = epoch;
    this.#row = deps.row;
    this.#order = new RevOrder(env.clock, stored.rev, () => this.#restart('a revision is missing'));
    const committed = async (rev: number, deltas: readonly Delta[], authors: Authors) => {
      const first = rev - deltas.length + 1;
      const apply = (delta: Delta, i: number) =>
        this.#order.run(first + i, () => this.#committed(delta, authors, i === deltas.length - 1));
      await Promise.all(deltas.map(apply));
    };
    const failed = (fault: Fault) => this.end(fault);
    const living = {
      settle: () => this.settle(),
      // An edit by a mutation may come while the rest is written. [D11]
      isBehind: () => hold.replica.dirty || !this.#projector.isClean,
      closed: (fault: Fault) => this.#closed(fault),
    };
    this.#life = new DocLife(env.clock, living, options.lingerMs);
    const gapMs = () =>
      Math.min(options.maxCommitMs, options.commitMs + options.commitMsPerReader * this.#readers.size);
    this.#commits = new CommitLoop(env, { ref, epoch, hold, log, notes, committed, failed, gapMs }, options);
    this.#shadow = materialiser.open(entity);
    const doubt = { failed: (error: unknown) => this.doubt(error) };
    const work = { ref, epoch, hold, log, shadow: this.#shadow, source: this, tail: stored.updates };
    this.#snapshots = new Snapshots(env, { ...work, ...doubt }, options);
    const write = (rev: number, columns: JsonObject) => log.project(ref, rev, columns);
    this.#projector = new Projector(env, { source: this, shadow: this.#shadow, write, ...doubt }, options);
    this.#repair = this.#makeRepair();
    const require = () => this.#life.require();
    const inward = { hold, entity, keeper, guards, commits: this.#commits, repair: this.#repair, require };
    this.intake = new DocIntake(inward, options);
    this.#projector.shows(Number(deps.row[DOC_REV]));
    this.#snapshots.loaded();
  }

  get state(): DocLife['state'] {
    return this.#life.state;
  }

  get row(): JsonObject {
    return this.#row;
  }

  /** Updates so far, durable ones. */
  get rev(): number {
    return this.#order.rev;
  }

  get durable(): Versions {
    return this.#life.isOver ? NO_VERSIONS : this.#deps.hold.replica.durable;
  }

  /** Whether updates that build on this version fit, and what came after it can be told. [D6] */
  reaches(version: Versions): boolean {
    return reaches(this.#deps.hold.replica.root, version);
  }

  /** Resolves when all that was received is committed. */
  async committed(): Promise<void> {
    await this.#commits.settled();
  }

  /** The operations at the front of what is durable. */
  async front(): Promise<OpId[]> {
    this.#life.require();
    return this.#deps.hold.replica.front();
  }

  get opCount(): number {
    return this.#deps.hold.replica.opCount;
  }

  /** About what it takes of memory; 0 when closed. */
  get sizeBytes(): number {
    return this.#deps.hold.replica.sizeBytes;
  }

  get followers(): number {
    return this.#readers.size;
  }

  /** Why writes do not get through at the moment. */
  get failing(): Fault | undefined {
    return this.#commits.failing;
  }

  /** Keeps the document loaded until the returned release is called. */
  acquire(): Cancel {
    return this.#life.acquire();
  }

  /** Lets it go if nobody has it, after all is written. */
  unload(): Promise<void> {
    return this.#life.unload();
  }

  follow(follower: Follower): Cancel {
    this.#life.require();
    return this.#readers.add(follower);
  }

  /** What is durable beyond `holds`, or a first part of it, and where it leads; null when nothing is. */
  after(holds: Versions): Delta | null {
    this.#life.require();
    return this.#deps.hold.replica.after(holds);
  }

  /** What is durable beyond `from` and up to `to`. */
  async between(from: Versions, to: Versions): Promise<Uint8Array | null> {
    this.#life.require();
    const { replica } = this.#deps.hold;
    return replica.isRemote ? replica.between(from, to) : replica.since(from, to);
  }

  /** A worker holds it. */
  get isRemote(): boolean {
    return this.#deps.hold.replica.isRemote;
  }

  /** What a shadow that holds `from` lacks of what is durable. */
  food(from: Versions): Food {
    this.#life.require();
    return this.#deps.hold.replica.food(from);
  }

  /** A snapshot of now or of some time ago, or null; one that is old is made anew for the next who asks. */
  snapshot(kind: SnapshotKind): Delta | null {
    this.#life.require();
    return this.#snapshots.latest(kind);
  }

  received(): Versions {
    this.#life.require();
    return this.#deps.hold.replica.received();
  }

  /** Bytes received and not yet committed. */
  get undurableBytes(): number {
    return this.#commits.undurableBytes;
  }

  /** Null while the document is whole; else resolves when it is mended or has ended. [D3] */
  get repair(): Promise<void> | null {
    return this.#repair.underWay;
  }

  /** The document itself was found to be bad, or something failed on it that may say so. */
  doubt(error: unknown): void {
    this.#repair.doubt(error);
  }

  /** All that was received, for a trial of what comes next. */
  base(): Uint8Array[] {
    const { updates } = this.food(NO_VERSIONS);
    return [...updates, ...this.#deps.hold.replica.undurable];
  }

  /** An update that somebody else has committed, such as a mutation: readers and the row follow. [D8] */
  adopt({ epoch, rev, bytes }: Adopted): void {
    if (this.#life.isOver) return;
    if (epoch !== this.epoch) return void this.#restart('the document was made anew');
    void this.#order.run(rev, () => {
      const before = this.durable;
      try {
        this.#deps.hold.replica.adopt(bytes);
      } catch (error) {
        this.#restart(error);
        return;
      }
      this.#grew(bytes, { before, authors: new Set([null]) });
    });
  }

  /** The mark that covers all received so far: durable when `settledMark` reaches it. */
  get mark(): number {
    return this.#commits.mark;
  }

  get settledMark(): number {
    return this.#commits.settledMark;
  }

  /** `follower` hears of the marks that settle, until it waits for no more. */
  awaitMark(follower: Follower): void {
    this.#readers.awaitMark(follower);
  }

  /** The row was written. Null: deleted. */
  rowChanged(row: JsonObject | null): void {
    if (this.#life.isOver) return;
    if (!row) return this.end(new Fault('not_found', `no ${this.ref.entity} ${this.ref.id}`));
    this.#row = row;
    this.#readers.each((follower) => follower.rowChanged());
  }

  /** Rows that decide about this one were written. */
  rightsChanged(): void {
    this.#readers.each((follower) => follower.rightsChanged());
  }

  /** Resolves when the row shows `rev` or a later revision. Throws `timeout`, and why the document ended. */
  async projected(rev: number, timeoutMs: number): Promise<void> {
    this.#life.require();
    await this.#projector.reached(rev, timeoutMs);
  }

  /** Resolves when all that was received is committed, told, and shown by the row; at once when closed. */
  async settle(): Promise<void> {
    await this.repair;
    await this.#commits.settled();
    await this.#projector.flush();
    await this.#snapshots.settled();
  }

  /** Ends it now; readers hear why. What is not committed is dropped: its authors still have it. */
  end(fault: Fault): void {
    this.#life.end(fault);
  }

  #committed(delta: Delta, authors: Authors, isLast: boolean): void {
    if (this.#life.isOver) return;
    const before = this.durable;
    this.#deps.hold.replica.settle(delta);
    if (isLast) this.#readers.settled(this.settledMark);
    this.#grew(delta.bytes, { before, authors });
  }

  #grew(bytes: Uint8Array, { before, authors }: { before: Versions; authors: Authors }): void {
    this.#readers.tell({ rev: this.rev, bytes, before }, authors);
    this.#snapshots.grew(bytes.length);
    this.#projector.touch();
  }

  /** The next who asks loads it from the log. */
  #restart(cause: unknown): Fault {
    this.#env.log.error('docs.restarted', { doc: docKey(this.ref), error: String(cause) });
    const fault = new Fault('internal', 'the document had to be loaded again');
    this.end(fault);
    return fault;
  }

  #makeRepair(): Repair {
    const { ref, log, hold, guards } = this.#deps;
    const quiet = () => this.#commits.settled();
    const mended = () => {
      this.#commits.resume();
      this.#projector.touch();
    };
    const expel: DocReaders['expel'] = (peers, owners) => this.#readers.expel(peers, owners);
    const end = (fault: Fault) => this.end(fault);
    const deps = { ref, log, hold, guards, quiet, mended, expel, end };
    return new Repair(this.#env, deps, this.#options);
  }

  #closed(fault: Fault): void {
    const { hold, onClosed } = this.#deps;
    this.#repair.close();
    this.#projector.close(fault);
    this.#snapshots.close();
    this.#shadow.close();
    this.#commits.close();
    this.#order.close();
    this.#readers.close(fault);
    void this.#commits.settled().then(() => hold.replica.free());
    onClosed(fault);
  }
}
