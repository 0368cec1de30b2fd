/**
 * What becomes of unsent edits when what a page holds is void: they wait for the next body, are made anew in it, or
 * are dropped; the state `live` says which. Used by shared-doc.ts. Two pages that found the same edits make them
 * anew once: the device says which page took them. [D2]
 */
import { Fault } from '../../src/base/fault.ts';
import { isTaken } from './device-doc.ts';
import type { PendingEntry } from './device-record.ts';
import type { DocKeeper, Kept } from './doc-keeper.ts';
import type { DocReplica } from './doc-replica.ts';
import type { UnsentEdits } from './unsent-edits.ts';

export interface RemakePlace {
  readonly keeper: DocKeeper;
  readonly replica: DocReplica;
  kept(): Kept;
  /** False: the place is void as well; the edits wait for the next one. */
  isCurrent(): boolean;
}

export class EditFates {
  #unsent: readonly UnsentEdits[] = [];
  #dropped: Fault | undefined;
  #rebased: Fault | undefined;

  /** For the state `live`. */
  get told(): { dropped: Fault | undefined; rebased: Fault | undefined } {
    return { dropped: this.#dropped, rebased: this.#rebased };
  }

  /** Something is to be made anew, or to be looked for on the device. */
  get waiting(): boolean {
    return this.#unsent.length > 0;
  }

  /** Edits of this page, as far as it knows. */
  get unsent(): boolean {
    return this.#unsent.some(({ isEmpty }) => !isEmpty);
  }

  /** Whether operations of this peer id wait: another page may send them, so what is made anew needs another. */
  names(peer: bigint): boolean {
    return this.#unsent.some(({ ends }) => ends.has(peer));
  }

  setAside(unsent: UnsentEdits): void {
    this.#unsent = [...this.#unsent, unsent];
  }

  dropped(fault: Fault): void {
    this.#unsent = [];
    this.#dropped = fault;
  }

  /** There is no place to make them anew. */
  giveUp(): void {
    this.#unsent = [];
  }

  /** Resolves when they are in the place and on the device. */
  async remake({ keeper, replica, kept, isCurrent }: RemakePlace): Promise<void> {
    let isMade = false;
    const make = (entries: readonly PendingEntry[]) => {
      if (!isCurrent() || isMade) throw new Fault('cancelled', 'the document was made anew once more');
      isMade = true;
      const former = new Map(entries.filter(isTaken).map(({ peer, end }) => [peer, end]));
      const present = entries.filter((entry) => !isTaken(entry));
      for (const unsent of this.#unsent) unsent.take(present);
      const taken = new Map(this.#unsent.flatMap((unsent) => [...unsent.ends]));
      this.#tell(this.#unsent.map((unsent) => unsent.applyTo(replica, former)));
      this.#unsent = [];
      return { kept: kept(), taken };
    };
    await keeper.remake(make);
    if (!isMade && isCurrent()) make([]); // the device keeps nothing: this page alone has them
  }

  #tell(results: readonly ('nothing' | 'all' | 'some')[]): void {
    const fault = new Fault('conflict', 'the document was made anew');
    if (results.some((result) => result !== 'nothing')) this.#rebased = fault;
    if (results.includes('some')) this.#dropped = fault;
  }
}
