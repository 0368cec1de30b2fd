/** One edit of a text as a splice, and where positions go when others edit meanwhile. Offsets are UTF-16 units. */
import type { Delta } from 'loro-crdt';

export interface Splice {
  readonly at: number;
  readonly remove: number;
  readonly insert: string;
}

/**
 * The one splice that turns `before` into `after`; null when they are equal. `caret` is where the caret
 * stands after the edit: an insertion ends there, which decides between equal letters. Splits no surrogate pair.
 */
export function spliceBetween(before: string, after: string, caret = after.length): Splice | null {
  if (before === after) return null;
  const shorter = Math.min(before.length, after.length);
  // What lies behind the caret was not typed: match there first.
  let tail = 0;
  const maxTail = Math.min(shorter, after.length - Math.min(caret, after.length));
  while (tail < maxTail && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail++;
  let head = 0;
  while (head < shorter - tail && before[head] === after[head]) head++;
  while (tail < shorter - head && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail++;
  if (head > 0 && isHigh(before.charCodeAt(head - 1))) head--;
  if (tail > 0 && isLow(before.charCodeAt(before.length - tail))) tail--;
  return { at: head, remove: before.length - head - tail, insert: after.slice(head, after.length - tail) };
}

/** Where a position of the old text is in the new one; text inserted right at it goes behind it. */
export function movePosition(position: number, delta: readonly Delta<string>[]): number {
  let old = 0;
  let shift = 0;
  for (const step of delta) {
    if (old > position) break;
    if (step.retain !== undefined) {
      old += step.retain;
    } else if (step.insert !== undefined) {
      if (old < position) shift += step.insert.length;
    } else if (step.delete !== undefined) {
      shift -= Math.min(step.delete, Math.max(0, position - old));
      old += step.delete;
    }
  }
  return position + shift;
}

/** What lies between two texts or lists as one change; of what was inserted only the length. */
export function difference(before: ArrayLike<string>, after: ArrayLike<string>): Delta<string>[] {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before[head] === after[head]) head++;
  let tail = 0;
  while (tail < shorter - head && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail++;
  const [inserted, removed] = [after.length - head - tail, before.length - head - tail];
  const delta: Delta<string>[] = [{ retain: head }];
  if (inserted > 0) delta.push({ insert: ' '.repeat(inserted) });
  if (removed > 0) delta.push({ delete: removed });
  return delta;
}

/** A change of a text or list as it is to be on one that `others` have changed meanwhile. */
export function moveDelta<T extends { readonly length: number }>(
  delta: readonly Delta<T>[],
  others: readonly Delta<string>[],
): Delta<T>[] {
  const moved: Delta<T>[] = [];
  let [old, written] = [0, 0];
  const retain = (position: number) => {
    if (position > written) moved.push({ retain: position - written });
    written = position;
  };
  for (const step of delta) {
    const start = movePosition(old, others);
    if (step.insert !== undefined) {
      retain(start);
      moved.push(step);
      continue;
    }
    const attributes = step.retain === undefined ? undefined : step.attributes;
    old += step.retain ?? step.delete ?? 0;
    if (step.retain !== undefined && !attributes) continue;
    if (!attributes) {
      const place = whole({ start: old - step.delete!, end: old }, others);
      if (!place) continue;
      retain(place.start);
      moved.push({ delete: place.end - place.start });
      written = place.end;
      continue;
    }
    const end = movePosition(old, others);
    if (end <= start) continue; // others have removed it
    retain(start);
    moved.push({ retain: end - start, attributes });
    written = end;
  }
  return moved;
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * Where that part of the old text is in the new one; null when others have changed any of it. Letters that happen to
 * be equal in two texts say little: nobody's new text may go with an old one.
 */
function whole({ start, end }: Range, others: readonly Delta<string>[]): Range | null {
  let [old, shift] = [0, 0];
  for (const step of others) {
    if (step.insert !== undefined) {
      if (start < old && old < end) return null;
      if (old <= start) shift += step.insert.length;
    } else if (step.retain !== undefined) old += step.retain;
    else {
      if (old < end && start < old + step.delete!) return null;
      if (old < end) shift -= step.delete!;
      old += step.delete!;
    }
  }
  return { start: start + shift, end: end + shift };
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}
