/**
 * Pushes of one channel that are tried before they are imported: one after another, in their order. Those that come
 * meanwhile wait, within a bound. Used by push-desk.ts for suspects, for collections that ask for it, and for what a
 * worker imports. [D3]
 */
import { Fault, isFault, toFault } from '../../src/base/fault.ts';
import type { Verdict } from './sift.ts';
import type { UpdateFacts } from './update-facts.ts';

export interface Push {
  readonly n: number;
  readonly bytes: Uint8Array;
}

interface Deps {
  /** What it says of itself. Throws what the client is to be told. */
  readonly inspect: (bytes: Uint8Array) => Promise<UpdateFacts | Exclude<Verdict, 'fine'>>;
  /** What can be said without a trial. Throws what the client is to be told. */
  readonly check: (bytes: Uint8Array, facts: UpdateFacts) => void;
  readonly attempt: (bytes: Uint8Array, facts: UpdateFacts) => Promise<Verdict | 'base'>;
  /** Tried and found good; without facts when there was nothing to try. */
  readonly passed: (push: Push, facts: UpdateFacts | undefined) => void;
  /** Found good, but nobody wants it any more. */
  readonly unwanted: () => void;
  /** Those that waited behind it are gone, too. `bad`: its author is to blame. */
  readonly failed: (n: number, fault: Fault, bad: 'trap' | 'refused' | null) => void;
}

interface Judgement {
  readonly fault?: Fault;
  readonly bad: 'trap' | 'refused' | null;
  readonly facts?: UpdateFacts;
}

/** About what a push takes beside its bytes: one may have none. */
const PUSH_BYTES = 64;

export class PushTrials {
  readonly #deps: Deps;
  readonly #maxBytes: number;
  /** The first one is being tried. Another array after `clear`. */
  #queue: Push[] = [];
  #sizeBytes = 0;

  constructor(deps: Deps, maxBytes: number) {
    this.#deps = deps;
    this.#maxBytes = maxBytes;
  }

  /** While it is, all pushes have to queue up here. */
  get busy(): boolean {
    return this.#queue.length > 0;
  }

  /** Throws `overloaded`. */
  add(push: Push): void {
    if (this.#sizeBytes + sizeOf(push) > this.#maxBytes)
      throw new Fault('overloaded', 'too many updates wait to be tried');
    this.#queue.push(push);
    this.#sizeBytes += sizeOf(push);
    if (this.#queue.length === 1) void this.#run();
  }

  clear(): void {
    this.#queue = [];
    this.#sizeBytes = 0;
  }

  async #run(): Promise<void> {
    const queue = this.#queue;
    for (let push = queue[0]; push; push = queue[0]) {
      const { fault, bad, facts } = await this.#judge(push.bytes);
      if (queue !== this.#queue) {
        if (!fault) this.#deps.unwanted();
        return; // cleared meanwhile
      }
      if (fault) {
        this.clear();
        return this.#deps.failed(push.n, fault, bad);
      }
      queue.shift();
      this.#sizeBytes -= sizeOf(push);
      this.#deps.passed(push, facts);
    }
  }

  async #judge(bytes: Uint8Array): Promise<Judgement> {
    if (bytes.length === 0) return { bad: null }; // asks for acks only
    try {
      const facts = await this.#deps.inspect(bytes);
      if (typeof facts === 'string')
        return {
          fault: new Fault('invalid', 'not a document update'),
          bad: facts === 'trap' ? 'trap' : null,
        };
      this.#deps.check(bytes, facts);
      const verdict = await this.#deps.attempt(bytes, facts);
      if (verdict === 'fine') return { bad: null, facts };
      if (verdict === 'base' || verdict === 'gap')
        return { fault: new Fault('stale_cursor', 'not on the document as it is'), bad: null };
      return { fault: new Fault('invalid', 'no page could read this update'), bad: verdict };
    } catch (error) {
      return { fault: isFault(error) ? error : toFault(error), bad: null };
    }
  }
}

function sizeOf({ bytes }: Push): number {
  return PUSH_BYTES + bytes.length;
}
