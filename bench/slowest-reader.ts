/** How far the slowest of many readers has come, without asking all of them at each step. */
export class SlowestReader {
  readonly #seen: Float64Array;
  #edits = 0;
  /** Readers that are no further than the slowest. */
  #last: number;

  constructor(readers: number) {
    this.#seen = new Float64Array(readers);
    this.#last = readers;
  }

  get edits(): number {
    return this.#edits;
  }

  /** Whether the slowest is further now. */
  moved(reader: number, edits: number): boolean {
    const before = this.#seen[reader]!;
    if (edits <= before) return false;
    this.#seen[reader] = edits;
    if (before > this.#edits || --this.#last > 0) return false;
    this.#edits = this.#seen.reduce((least, seen) => Math.min(least, seen), Number.POSITIVE_INFINITY);
    this.#last = this.#seen.reduce((count, seen) => count + (seen === this.#edits ? 1 : 0), 0);
    return true;
  }
}
