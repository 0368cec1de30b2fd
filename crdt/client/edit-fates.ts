/**
 * What becomes of unsent edits when what a page holds is void: they wait for the next body, are made anew in it, or
 * are dropped; the state `live` says which. Used by shared-doc.ts. Two pages that found the same edits make them
 * anew once: the device says which page took them. [D2]
 */
import { Fault } from '../../src/base/fault.ts';
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

  get waiting(): boolean {
    return this.#unsent.length > 0;
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

  /** Resolves when they are in the place and on the device. */
  async remake({ keeper, replica, kept, isCurrent }: RemakePlace): Promise<void> {
    const ends = new Map(this.#unsent.flatMap((unsent) => [...unsent.ends]));
    let isMade = false;
    const make = (taken: ReadonlyMap<bigint, number>): Kept => {
      if (!isCurrent() || isMade) throw new Fault('cancelled', 'the document was made anew once more');
      isMade = true;
      const done = this.#unsent.map((unsent) => unsent.applyTo(replica, taken));
      this.#unsent = [];
      const fault = new Fault('conflict', 'the document was made anew');
      this.#rebased = fault;
      if (done.includes(false)) this.#dropped = fault;
      return kept();
    };
    await keeper.remake(ends, make);
    if (!isMade && isCurrent()) make(new Map()); // the device keeps nothing: this page alone has them
  }
}
