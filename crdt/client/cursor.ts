/**
 * Places in a text that stay where they are when others edit before them: short texts, to be shown to others in an
 * awareness state. Behind `handle.cursor` and `handle.resolveCursor`.
 */
import { type ContainerID, Cursor, type LoroDoc, type LoroText } from 'loro-crdt';
import { decodeBase64Url, encodeBase64Url } from '../../src/base/base64url.ts';
import { containerOf, textOf } from '../core/containers.ts';

/** A field, and an offset in UTF-16 units. */
export interface TextPlace {
  readonly field: string;
  readonly index: number;
}

/** Of one that names a field of 200 characters. */
const MAX_CHARS = 400;

export function encodeCursor(doc: LoroDoc, { field, index }: TextPlace): string | null {
  return placeIn(textOf(doc, field), index);
}

/** Null for what is no cursor, or of a text that has not come yet. The text is another client's: it may say anything. */
export function resolveCursor(doc: LoroDoc, encoded: string): TextPlace | null {
  const found = placeOf(doc, encoded);
  const field = found && fieldOf(found.container);
  return found && field ? { field, index: found.index } : null;
}

/** As `handle.cursor`, for any text, such as one inside of a map. */
export function placeIn(text: LoroText, index: number): string | null {
  const cursor = text.getCursor(Math.min(Math.max(0, index), text.length));
  if (!cursor) return null;
  const bytes = cursor.encode();
  cursor.free();
  return encodeBase64Url(bytes);
}

/** As `handle.resolveCursor`, for any text. Never throws. */
export function placeOf(
  doc: LoroDoc,
  encoded: string,
): { readonly container: ContainerID; readonly index: number } | null {
  if (encoded.length > MAX_CHARS) return null;
  try {
    const cursor = Cursor.decode(decodeBase64Url(encoded));
    const container = cursor.containerId();
    const found = container.endsWith(AFTER) ? doc.getCursorPos(cursor) : undefined;
    cursor.free();
    return found ? { container, index: found.offset } : null;
  } catch {
    return null;
  }
}

const [BEFORE, AFTER] = ['cid:root-', ':Text'];

function fieldOf(container: string): string | null {
  if (!container.startsWith(BEFORE) || !container.endsWith(AFTER)) return null;
  const name = container.slice(BEFORE.length, -AFTER.length);
  return containerOf(name) === name ? name : null;
}
