/** Bytes that lie in several places, read as one: a large frame is cut from where they are, and never copied as a whole. */
export class Pieces {
  readonly length: number;
  readonly #parts: readonly Uint8Array[];

  constructor(...parts: readonly Uint8Array[]) {
    this.#parts = parts.filter(({ length }) => length > 0);
    this.length = parts.reduce((sum, { length }) => sum + length, 0);
  }

  /** From `start` up to `end`, or to where they end. A view where it can be one. */
  cut(start: number, end: number): Uint8Array {
    const found: Uint8Array[] = [];
    let at = 0;
    for (const part of this.#parts) {
      const piece = part.subarray(Math.max(0, start - at), Math.max(0, end - at));
      if (piece.length > 0) found.push(piece);
      at += part.length;
      if (at >= end) break;
    }
    if (found.length === 1) return found[0]!;
    const whole = new Uint8Array(found.reduce((sum, { length }) => sum + length, 0));
    at = 0;
    for (const piece of found) {
      whole.set(piece, at);
      at += piece.length;
    }
    return whole;
  }
}
