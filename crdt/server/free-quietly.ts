/** Gives memory back to Loro. What a trap left in the middle of a call cannot be given back: it stays, and is no error. */
export function freeQuietly(thing: { free(): void }): void {
  try {
    thing.free();
  } catch {
    // See above.
  }
}
