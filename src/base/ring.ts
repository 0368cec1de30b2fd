/** A first-in first-out queue over a fixed ring; full is an answer, not an error. */
export class Ring<T> {
  readonly #slots: (T | undefined)[];
  #head = 0;
  #size = 0;

  constructor(capacity: number) {
    this.#slots = new Array(capacity);
  }

  get size(): number {
    return this.#size;
  }

  get capacity(): number {
    return this.#slots.length;
  }

  /** False when the ring is full; the value was not taken. */
  push(value: T): boolean {
    if (this.#size === this.#slots.length) return false;
    this.#slots[(this.#head + this.#size++) % this.#slots.length] = value;
    return true;
  }

  /** Takes the oldest. */
  shift(): T | undefined {
    if (this.#size === 0) return undefined;
    const value = this.#slots[this.#head];
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) % this.#slots.length;
    this.#size--;
    return value;
  }

  /** The value `index` places behind the oldest. */
  at(index: number): T | undefined {
    return index < this.#size ? this.#slots[(this.#head + index) % this.#slots.length] : undefined;
  }

  clear(): void {
    this.#slots.fill(undefined);
    this.#head = 0;
    this.#size = 0;
  }
}
