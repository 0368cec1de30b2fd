/**
 * What the unsent edits of a document changed, to be made anew on another life of it: the operations themselves fit
 * there no more. Positions are moved past what differs between the two. Used by shared-doc.ts.
 * [D2] an edit is made anew once: what the other document holds already, or another page has taken, is left out.
 */
import { type ContainerID, type Diff, LoroDoc, type PeerID } from 'loro-crdt';
import { toVector, type Versions } from '../core/versions.ts';
import type { DocReplica } from './doc-replica.ts';
import { difference, moveDelta } from './splice.ts';

type Change = [ContainerID, Diff];
type Span = { readonly from: number; readonly end: number };

/** Not recorded as a step to undo (undo-handle.ts). */
export const REMAKE_ORIGIN = 'ternion:remake';

export class UnsentEdits {
  readonly #doc: LoroDoc;
  readonly #versions: Versions;
  readonly #spans: ReadonlyMap<PeerID, Span>;

  /** The document must not change any more. */
  constructor({ doc, versions }: DocReplica, spans: ReadonlyMap<PeerID, Span>) {
    this.#doc = doc;
    this.#versions = versions;
    this.#spans = spans;
  }

  /** Whose they are, and up to which of their operations. */
  get ends(): ReadonlyMap<bigint, number> {
    return new Map([...this.#spans].map(([peer, { end }]) => [BigInt(peer), end]));
  }

  /** False: some could not be made anew, and are lost. `taken`: operations that are somebody else's by now. */
  applyTo(fresh: DocReplica, taken: ReadonlyMap<bigint, number>): boolean {
    try {
      return this.#apply(fresh, taken);
    } catch {
      return false; // the document that they are of cannot go back to where they began
    }
  }

  #apply(fresh: DocReplica, taken: ReadonlyMap<bigint, number>): boolean {
    const changes = this.#changes(fresh, taken);
    if (changes.length === 0) return true;
    const trial = fresh.doc.fork();
    const fits = applies(trial, changes);
    trial.free();
    const fitting = fits ? changes : changes.filter(isRootText);
    const done = fitting.length === 0 || applies(fresh.doc, fitting);
    fresh.doc.commit({ origin: REMAKE_ORIGIN });
    return fits && done;
  }

  #changes(fresh: DocReplica, taken: ReadonlyMap<bigint, number>): Change[] {
    const there = fresh.versions;
    const before = new Map(this.#versions);
    for (const [peer, { from, end }] of this.#spans) {
      const known = Math.max(from, there.get(peer) ?? 0, taken.get(BigInt(peer)) ?? 0);
      before.set(peer, Math.min(end, known));
    }
    const vector = toVector(before);
    const from = this.#doc.vvToFrontiers(vector);
    vector.free();
    const changes: Change[] = this.#doc.diff(from, this.#doc.oplogFrontiers(), false);
    if (changes.length === 0) return [];
    const base = new LoroDoc(); // not `forkAt`, which shallow documents cannot do
    try {
      base.import(this.#doc.export({ mode: 'snapshot' }));
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
