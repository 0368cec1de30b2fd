/**
 * The last snapshots in order of their ticks, in a fixed ring whose tables are filled again and again.
 * Written as frames are decoded, read by interpolate.ts.
 */
import type { Components } from '../core/component.ts';
import type { RecordType } from '../core/record-type.ts';
import { Snapshot } from '../core/snapshot.ts';

/** More than the longest interpolation delay holds at 60 frames a second. */
const CAPACITY = 40;

export class SnapshotBuffer<C extends Components> {
  readonly #ring: Snapshot<C>[];
  #first = 0;
  #count = 0;

  constructor(type: RecordType<C>) {
    this.#ring = Array.from({ length: CAPACITY }, () => new Snapshot(type));
  }

  get newest(): Snapshot<C> | undefined {
    return this.#count === 0 ? undefined : this.#at(this.#count - 1);
  }

  /** A snapshot to fill; what it holds is not seen before `commit`. */
  next(): Snapshot<C> {
    if (this.#count === CAPACITY) {
      this.#first = (this.#first + 1) % CAPACITY;
      this.#count--;
    }
    return this.#at(this.#count);
  }

  commit(): void {
    this.#count++;
  }

  /** The snapshot in front of `snapshot`, or itself when it is the oldest. */
  earlier(snapshot: Snapshot<C>): Snapshot<C> {
    for (let i = 1; i < this.#count; i++) {
      if (this.#at(i) === snapshot) return this.#at(i - 1);
    }
    return snapshot;
  }

  /** The newest snapshot that is not after `tick`; the oldest when all are. */
  before(tick: number): Snapshot<C> | undefined {
    for (let i = this.#count - 1; i > 0; i--) {
      if (this.#at(i).tick <= tick) return this.#at(i);
    }
    return this.#count === 0 ? undefined : this.#at(0);
  }

  /** The snapshot that follows `snapshot`, or itself when it is the newest. */
  after(snapshot: Snapshot<C>): Snapshot<C> {
    for (let i = 0; i < this.#count - 1; i++) {
      if (this.#at(i) === snapshot) return this.#at(i + 1);
    }
    return snapshot;
  }

  #at(index: number): Snapshot<C> {
    return this.#ring[(this.#first + index) % CAPACITY]!;
  }
}
