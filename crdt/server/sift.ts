/**
 * Takes out of a document's log what makes it trap, and what builds on that; everything else stays. Looks for the
 * first row that fails by halving, takes it apart by peer, and keeps the part of a peer's operations before the one
 * that fails. All trials run where a trap hurts nobody (trial-jobs.ts). Asked for by quarantine.ts. [D3]
 */
import type { PeerID } from 'loro-crdt';
import { Fault } from '../../src/base/fault.ts';
import type { Span } from './trial-jobs.ts';

/** `gap`: builds on what is not here. */
export type Verdict = 'fine' | 'refused' | 'trap' | 'gap';
export type Reason = 'refused' | 'trap' | 'builds_on';

export interface Laboratory {
  trial(bytes: readonly Uint8Array[]): Promise<Verdict>;
  /** See trial-jobs.ts; null when even that fails. */
  slice(
    bytes: readonly Uint8Array[],
    spans: readonly Span[] | null,
  ): Promise<{ spans: readonly Span[]; pieces: readonly Uint8Array[] } | null>;
  /** As one snapshot, proven as by a trial. */
  fold(bytes: readonly Uint8Array[]): Promise<Uint8Array>;
}

export interface Dropped {
  /** Index of the update that brought it. */
  readonly row: number;
  /** Null: the whole row, which cannot be taken apart. */
  readonly peer: PeerID | null;
  readonly bytes: Uint8Array;
  readonly reason: Reason;
}

export interface Sifted {
  /** What stays, as a snapshot; null when nothing does. */
  readonly clean: Uint8Array | null;
  readonly dropped: readonly Dropped[];
}

/** Throws `storage` when the snapshot itself is bad: there is nothing to go back to. */
export async function sift(
  laboratory: Laboratory,
  log: { snapshot: Uint8Array | null; updates: readonly Uint8Array[] },
): Promise<Sifted> {
  const base = log.snapshot ? [log.snapshot] : [];
  if (base.length > 0 && (await laboratory.trial(base)) !== 'fine')
    throw new Fault('storage', 'the snapshot of a document is damaged');
  const sifter = new Sifter(laboratory, base);
  await sifter.take(log.updates);
  return { clean: await sifter.clean(), dropped: sifter.dropped };
}

class Sifter {
  readonly dropped: Dropped[] = [];
  readonly #laboratory: Laboratory;
  /** As the hub has it: bad operations included. Only ever imported to append. */
  readonly #raw: Uint8Array[];
  /** What has been found good so far. */
  #good: Uint8Array[];

  constructor(laboratory: Laboratory, base: readonly Uint8Array[]) {
    this.#laboratory = laboratory;
    this.#raw = [...base];
    this.#good = [...base];
  }

  async take(updates: readonly Uint8Array[]): Promise<void> {
    for (let at = 0; at < updates.length; at++) {
      const rest = updates.slice(at);
      const fine = await longestFine(rest.length, (count) => this.#fits(rest.slice(0, count)));
      const kept = rest.slice(0, fine);
      this.#raw.push(...kept);
      this.#good.push(...kept);
      at += fine;
      if (at >= updates.length) return;
      await this.#takeApart(at, updates[at]!);
    }
  }

  async clean(): Promise<Uint8Array | null> {
    return this.#good.length === 0 ? null : this.#laboratory.fold(this.#good);
  }

  async #fits(more: readonly Uint8Array[]): Promise<boolean> {
    return (await this.#laboratory.trial([...this.#good, ...more])) === 'fine';
  }

  async #takeApart(row: number, update: Uint8Array): Promise<void> {
    const apart = await this.#laboratory.slice([...this.#raw, update], null);
    if (!apart) {
      this.dropped.push({ row, peer: null, bytes: update, reason: 'trap' });
      return; // what comes later and builds on it has a gap
    }
    this.#raw.push(update);
    let waiting = apart.spans.map((span, i) => ({ span, bytes: apart.pieces[i]! }));
    for (let progress = true; progress && waiting.length > 0; ) {
      progress = false;
      const again: typeof waiting = [];
      for (const piece of waiting) {
        const verdict = await this.#laboratory.trial([...this.#good, piece.bytes]);
        if (verdict === 'gap') again.push(piece);
        else progress = true;
        if (verdict === 'fine') this.#good.push(piece.bytes);
        else if (verdict !== 'gap') await this.#cut(row, piece.span, verdict);
      }
      waiting = again;
    }
    for (const { span } of waiting) await this.#cut(row, span, 'gap');
  }

  /** Keeps the operations of a peer before the first one that fails. */
  async #cut(row: number, span: Span, verdict: Exclude<Verdict, 'fine'>): Promise<void> {
    const fine = await longestFine(span.length - 1, async (length) => {
      const bytes = await this.#part({ ...span, length });
      return bytes !== null && (await this.#fits([bytes]));
    });
    const head = fine === 0 ? null : await this.#part({ ...span, length: fine });
    if (head) this.#good.push(head);
    const rest = { ...span, start: span.start + fine, length: span.length - fine };
    const bytes = (await this.#part(rest)) ?? new Uint8Array(0);
    this.dropped.push({ row, peer: span.peer, bytes, reason: verdict === 'gap' ? 'builds_on' : verdict });
  }

  async #part(span: Span): Promise<Uint8Array | null> {
    const part = await this.#laboratory.slice(this.#raw, [span]);
    return part?.pieces[0] ?? null;
  }
}

/** The greatest count, up to `most`, that is fine; none is. Asks first for all, as mostly all is well. */
async function longestFine(most: number, isFine: (count: number) => Promise<boolean>): Promise<number> {
  if (most === 0 || (await isFine(most))) return most;
  let [fine, bad] = [0, most];
  while (bad - fine > 1) {
    const middle = (fine + bad) >> 1;
    if (await isFine(middle)) fine = middle;
    else bad = middle;
  }
  return fine;
}
