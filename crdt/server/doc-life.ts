/**
 * How long one document stays loaded. Made by doc-entry.ts, which is what lives.
 *
 *   open <--acquire()/last release--> idle --linger over--> flushing --all written--> closed
 *    ^--------------acquire()---------------------------------'     any --end()--> closed
 *
 * [D4] it is unloaded after its last release plus linger, and not before all is written.
 */
import type { Cancel, Clock } from '../../src/base/env.ts';
import { Fault } from '../../src/base/fault.ts';
import { Refcount } from '../../src/base/refcount.ts';

interface Deps {
  /** Resolves when all is written. */
  readonly settle: () => Promise<void>;
  /** Whether something is to be written again. */
  readonly isBehind: () => boolean;
  /** Called once. */
  readonly closed: (fault: Fault) => void;
}

type State = { name: 'open' } | { name: 'idle' } | { name: 'flushing' } | { name: 'closed'; fault: Fault };

export class DocLife {
  readonly #deps: Deps;
  readonly #refs: Refcount;
  #state: State = { name: 'idle' };

  constructor(clock: Clock, deps: Deps, lingerMs: number) {
    this.#deps = deps;
    this.#refs = new Refcount(clock, lingerMs, () => void this.unload());
  }

  get state(): State['name'] {
    return this.#state.name;
  }

  get isOver(): boolean {
    return this.#state.name === 'closed';
  }

  /** Throws why it is over. */
  require(): void {
    if (this.#state.name === 'closed') throw this.#state.fault;
  }

  /** Keeps it loaded until the returned release is called. */
  acquire(): Cancel {
    this.require();
    const release = this.#refs.acquire();
    this.#to({ name: 'open' });
    return () => {
      release();
      if (this.#refs.count === 0 && this.#state.name === 'open') this.#to({ name: 'idle' });
    };
  }

  /** Lets it go if nobody has it, after all is written. */
  async unload(): Promise<void> {
    if (this.state !== 'idle') return;
    const flushing: State = { name: 'flushing' };
    this.#to(flushing);
    do await this.#deps.settle();
    while (this.#state === flushing && this.#deps.isBehind());
    // Somebody may have come back meanwhile, and even have left again.
    if (this.#state === flushing) this.end(new Fault('unavailable', 'the document was unloaded'));
  }

  end(fault: Fault): void {
    this.#to({ name: 'closed', fault });
  }

  #to(next: State): void {
    if (this.#state.name === 'closed') return;
    this.#state = next;
    if (next.name !== 'closed') return;
    this.#refs.close();
    this.#deps.closed(next.fault);
  }
}
