/**
 * Places in a text that stay where they are when others edit before them: short texts, to be shown to others in an
 * awareness state. Behind `handle.cursor` and `handle.resolveCursor`.
 */
import { Cursor, type LoroDoc } from 'loro-crdt';
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
  const text = textOf(doc, field);
  const cursor = text.getCursor(Math.min(Math.max(0, index), text.length));
  if (!cursor) return null;
  const bytes = cursor.encode();
  cursor.free();
  return encodeBase64Url(bytes);
}

/** Null for what is no cursor, or of a text that has not come yet. The text is another client's: it may say anything. */
export function resolveCursor(doc: LoroDoc, encoded: string): TextPlace | null {
  if (encoded.length > MAX_CHARS) return null;
  try {
    const cursor = Cursor.decode(decodeBase64Url(encoded));
    const field = fieldOf(cursor.containerId());
    const found = field === null ? undefined : doc.getCursorPos(cursor);
    cursor.free();
    return found && field !== null ? { field, index: found.offset } : null;
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
