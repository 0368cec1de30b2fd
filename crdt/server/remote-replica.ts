/**
 * The hub's side of a document that is too large for the thread that serves everybody: the log since the last
 * snapshots, and what has come in on top, as the bytes that they are. The document itself is a copy in a worker
 * (copy-jobs.ts), which proves each update before it is taken here; it is lost with its worker, and filled again from
 * what is here. The light counterpart is replica.ts.
 *
 *   worker: append() fine --> accept() --> received --take()--> under way --settle()--> log --after()--> readers
 *                                                            adopt() --------------------^
 */
import type { OpId } from 'loro-crdt';
import { Fault } from '../../src/base/fault.ts';
import { reaches } from '../core/shallow.ts';
import { covers, merged, NO_VERSIONS, type Versions } from '../core/versions.ts';
import type { Entries } from './copy-jobs.ts';
import type { Food, Shadow } from './materialiser.ts';
import type { Delta } from './replica.ts';
import { readFacts } from './update-facts.ts';

interface Loaded {
  readonly snapshot: Delta | null;
  /** Durable ones after it, in order. */
  readonly deltas: readonly Delta[];
  readonly root: Versions | null;
}

/** What a socket read at once is not kept for the few bytes of an update in it. */
function owned(bytes: Uint8Array): Uint8Array {
  return bytes.buffer.byteLength > 2 * bytes.length ? bytes.slice() : bytes;
}

/** About what a document in a worker takes there beside its bytes, for each of them. */
const COPY_FACTOR = 3;

export class RemoteReplica {
  readonly isRemote = true;
  readonly isDead = false;
  readonly root: Versions | null;
  readonly #copy: Shadow;
  #snapshot: Delta | null;
  /** The log after `#before`, in order. */
  #log: Delta[];
  #before: Versions;
  #received: Delta[] = [];
  #underWay: Delta[] = [];
  #have: Versions;
  #durable: Versions;
  #freed = false;

  /** `durable`: of all that is loaded, when it is known. */
  constructor(copy: Shadow, { snapshot, deltas, root }: Loaded, durable?: Versions) {
    this.#copy = copy;
    this.#snapshot = snapshot;
    this.#log = [...deltas];
    this.#before = snapshot?.versions ?? NO_VERSIONS;
    this.root = root;
    this.#durable = durable ?? deltas.reduce((all, { versions }) => merged(all, versions), this.#before);
    this.#have = this.#durable;
  }

  /** A document as it is stored. Throws `storage` when it does not load, and what keeps the worker from trying. */
  static async load(copy: Shadow, stored: { snapshot: Uint8Array | null; updates: readonly Uint8Array[] }) {
    const all = [...(stored.snapshot ? [stored.snapshot] : []), ...stored.updates];
    const { json } = await copy.run('fill', {}, { updates: all, versions: NO_VERSIONS }).catch((error) => {
      if (error.code !== 'invalid' && error.code !== 'internal') throw error;
      throw new Fault('storage', 'the log of a document is damaged', undefined, { cause: error });
    });
    const deltas = all.map((bytes, i) => ({ bytes, versions: new Map(json.ends[i]) as Versions }));
    const snapshot = stored.snapshot ? deltas.shift()! : null;
    const replica = new RemoteReplica(copy, { snapshot, deltas, root: json.root && new Map(json.root) });
    copy.holds(replica.durable);
    return replica;
  }

  get durable(): Versions {
    return this.#durable;
  }

  received(): Versions {
    return this.#have;
  }

  get undurable(): readonly Uint8Array[] {
    return [...this.#underWay, ...this.#received].map(({ bytes }) => bytes);
  }

  get opCount(): number {
    let count = 0;
    for (const end of this.#durable.values()) count += end;
    return count;
  }

  get sizeBytes(): number {
    if (this.#freed) return 0;
    const sum = this.#log.reduce((bytes, delta) => bytes + delta.bytes.length, 0);
    return COPY_FACTOR * ((this.#snapshot?.bytes.length ?? 0) + sum);
  }

  get dirty(): boolean {
    return this.#received.length > 0;
  }

  /** Resolves when the worker has found that it fits; `accept` comes next. Throws what it is refused for. */
  async append(bytes: Uint8Array, ends: Versions): Promise<void> {
    const { updates, versions } = this.#copyFood();
    const after = merged(merged(this.#copy.versions, versions), ends);
    await this.#copy.run('append', {}, { updates: [...updates, bytes], versions: after });
  }

  /** The copy holds what will not come: it is made anew when it is needed next. */
  spoilt(): void {
    this.#copy.drop();
  }

  /** False: all of it was known. */
  accept(bytes: Uint8Array, ends: Versions): boolean {
    if (covers(this.#have, ends)) return false;
    this.#received.push({ bytes: owned(bytes), versions: ends });
    this.#have = merged(this.#have, ends);
    return true;
  }

  /** An update that is committed already. */
  adopt(bytes: Uint8Array): void {
    const { ends } = readFacts(bytes);
    this.#have = merged(this.#have, ends);
    this.#keep({ bytes, versions: ends });
  }

  /** All that was received, each update by itself; null when nothing was. */
  take(): readonly Delta[] | null {
    if (this.#received.length === 0) return null;
    this.#underWay = this.#received;
    this.#received = [];
    return this.#underWay;
  }

  /** One of those taken is committed. */
  settle(delta: Delta): void {
    this.#underWay = this.#underWay.filter((one) => one !== delta);
    this.#keep(delta);
  }

  get snapshot(): Delta | null {
    return this.#snapshot;
  }

  /** The log before the last snapshot but one is let go: who is behind that far starts over. */
  keepSnapshot(snapshot: Delta): void {
    const before = this.#snapshot?.versions;
    this.#snapshot = snapshot;
    if (!before) return;
    this.#log = this.#log.filter(({ versions }) => !covers(before, versions));
    this.#before = before;
  }

  /** The next update that `holds` lacks, and where it leads; null for none. Throws `stale_cursor`. */
  after(holds: Versions): Delta | null {
    if (covers(holds, this.#durable)) return null;
    if (!covers(holds, this.#before)) throw new Fault('stale_cursor', 'too far behind');
    const next = this.#log.find(({ versions }) => !covers(holds, versions));
    return next ? { bytes: next.bytes, versions: merged(holds, next.versions) } : null;
  }

  /** What a shadow that holds `from` lacks of what is durable. */
  food(from: Versions): Food {
    return { updates: this.#lacking(from, this.#log), versions: this.#durable };
  }

  /** Operations beyond `from` and up to `to`, which are durable. Throws `stale_cursor` below the root. */
  async between(from: Versions, to: Versions): Promise<Uint8Array | null> {
    if (covers(from, to)) return null;
    if (!reaches(this.root, from)) throw new Fault('stale_cursor', 'the history before this is gone');
    const input = { from: [...from], to: [...to] };
    return (await this.#copy.run('between', input, this.#copyFood())).bytes[0]!;
  }

  /** The operations at the front of what is durable. */
  async front(): Promise<OpId[]> {
    const at: Entries = [...this.#durable];
    const { json } = await this.#copy.run('front', { at }, this.#copyFood());
    return json.map(([peer, counter]) => ({ peer, counter }));
  }

  free(): void {
    this.#freed = true;
    this.#copy.close();
    this.#snapshot = null;
    this.#log = [];
  }

  #keep(delta: Delta): void {
    this.#log.push(delta);
    this.#durable = merged(this.#durable, delta.versions);
  }

  #copyFood(): Food {
    const updates = this.#lacking(this.#copy.versions, [...this.#log, ...this.#underWay, ...this.#received]);
    return { updates, versions: merged(this.#copy.versions, this.#have) };
  }

  #lacking(from: Versions, log: readonly Delta[]): Uint8Array[] {
    const isNear = from.size > 0 && covers(from, this.#before);
    const held = isNear ? from : (this.#snapshot?.versions ?? NO_VERSIONS);
    const base = isNear || !this.#snapshot ? [] : [this.#snapshot.bytes];
    return [...base, ...log.filter(({ versions }) => !covers(held, versions)).map(({ bytes }) => bytes)];
  }
}
