/**
 * What the unsent edits of a document changed, to be made anew on another life of it: the operations themselves fit
 * there no more. Positions are moved past what differs between the two. Used by shared-doc.ts.
 * [D2] an edit is made anew once: what the other document holds already, or another page has taken, is left out.
 */
import { type ContainerID, type Diff, LoroDoc, type PeerID } from 'loro-crdt';
import { toVector } from '../core/versions.ts';
import { type PendingEntry, startOf } from './device-record.ts';
import type { DocReplica } from './doc-replica.ts';
import { difference, moveDelta } from './splice.ts';

type Change = [ContainerID, Diff];
type Span = { readonly from: number; readonly end: number };

/** Not recorded as a step to undo (undo-handle.ts). */
export const REMAKE_ORIGIN = 'ternion:remake';

export class UnsentEdits {
  readonly #replica: DocReplica;
  readonly #epoch: string | null;
  readonly #spans: Map<PeerID, Span>;

  /**
   * The document must not change any more. With an epoch, that life of it is over for all: edits of other pages are
   * taken as well, if the device has them.
   */
  constructor(replica: DocReplica, spans: ReadonlyMap<PeerID, Span>, epoch: string | null) {
    this.#replica = replica;
    this.#epoch = epoch;
    this.#spans = new Map(spans);
  }

  get isEmpty(): boolean {
    return this.#spans.size === 0;
  }

  /** Whose they are, and up to which of their operations. */
  get ends(): ReadonlyMap<bigint, number> {
    return new Map([...this.#spans].map(([peer, { end }]) => [BigInt(peer), end]));
  }

  /** What the device has of other pages: one that crashes before it hears of the new life could not bring them. */
  take(entries: readonly PendingEntry[]): void {
    const present = entries.filter(({ epoch }) => epoch === this.#epoch);
    for (const { bytes } of present) this.#replica.import(bytes); // one may build on a later one
    const { versions } = this.#replica;
    for (const entry of present) {
      const peer = `${entry.peer}` as PeerID;
      const { from = startOf(entry), end = 0 } = this.#spans.get(peer) ?? {};
      const isHere = (versions.get(peer) ?? 0) >= entry.end;
      if (isHere && entry.end > end) this.#spans.set(peer, { from, end: entry.end });
    }
  }

  /** `some` could not be made anew, and are lost. `taken`: operations that are somebody else's by now. */
  applyTo(fresh: DocReplica, taken: ReadonlyMap<bigint, number>): 'nothing' | 'all' | 'some' {
    try {
      return this.#apply(fresh, taken);
    } catch {
      return 'some'; // the document that they are of cannot go back to where they began
    }
  }

  #apply(fresh: DocReplica, taken: ReadonlyMap<bigint, number>): 'nothing' | 'all' | 'some' {
    const changes = this.#changes(fresh, taken);
    if (changes.length === 0) return 'nothing';
    const trial = fresh.doc.fork();
    const fits = applies(trial, changes);
    trial.free();
    const fitting = fits ? changes : changes.filter(isRootText);
    const done = fitting.length === 0 || applies(fresh.doc, fitting);
    fresh.doc.commit({ origin: REMAKE_ORIGIN });
    return fits && done ? 'all' : 'some';
  }

  #changes(fresh: DocReplica, taken: ReadonlyMap<bigint, number>): Change[] {
    if (this.isEmpty) return [];
    const { doc, versions } = this.#replica;
    const there = fresh.versions;
    const before = new Map(versions);
    for (const [peer, { from, end }] of this.#spans) {
      const known = Math.max(from, there.get(peer) ?? 0, taken.get(BigInt(peer)) ?? 0);
      before.set(peer, Math.min(end, known));
    }
    const vector = toVector(before);
    const from = doc.vvToFrontiers(vector);
    vector.free();
    const changes: Change[] = doc.diff(from, doc.oplogFrontiers(), false);
    if (changes.length === 0) return [];
    const base = new LoroDoc(); // not `forkAt`, which shallow documents cannot do
    try {
      base.import(doc.export({ mode: 'snapshot' }));
      base.checkout(from);
      return changes.map((change) => moved(change, base, fresh.doc));
    } finally {
      base.free();
    }
  }
}

function applies(doc: LoroDoc, changes: Change[]): boolean {
  try {
    doc.applyDiff(changes);
    return true;
  } catch {
    return false; // a container or a node that is not there
  }
}

function isRootText([id, diff]: Change): boolean {
  return diff.type === 'text' && id.startsWith('cid:root-');
}

/** The change as it is to be on `fresh`, whose container may differ from that of `base`. */
function moved([id, diff]: Change, base: LoroDoc, fresh: LoroDoc): Change {
  if (diff.type === 'text') {
    return [id, { ...diff, diff: moveDelta(diff.diff, difference(textAt(base, id), textAt(fresh, id))) }];
  }
  if (diff.type === 'list') {
    return [id, { ...diff, diff: moveDelta(diff.diff, difference(itemsAt(base, id), itemsAt(fresh, id))) }];
  }
  return [id, diff];
}

function textAt(doc: LoroDoc, id: ContainerID): string {
  const container = doc.getContainerById(id);
  const text = container?.kind() === 'Text' ? container.toString() : '';
  container?.free();
  return text;
}

function itemsAt(doc: LoroDoc, id: ContainerID): string[] {
  const container = doc.getContainerById(id);
  const items: unknown = container?.toJSON();
  container?.free();
  return Array.isArray(items) ? items.map((item) => JSON.stringify(item)) : [];
}
