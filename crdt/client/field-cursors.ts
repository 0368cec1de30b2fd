/**
 * Carets and selections in one field, by stable positions: they stay with their letters whoever types.
 * Shown to others and read through awareness, under `cursors`, beside what else the page shows there. Used
 * by editors, which know how to draw them. [D7]
 */
import { Cursor, type LoroDoc, type LoroText } from 'loro-crdt';
import { decodeBase64Url, encodeBase64Url } from '../../src/base/base64url.ts';
import type { Cancel } from '../../src/base/env.ts';
import type { Json, JsonObject } from '../../src/base/json.ts';
import type { Presence, PresenceHandle } from './presence-handle.ts';

/** A selection: where it began and where the caret is; equal when nothing is selected. */
export interface CursorRange {
  readonly anchor: Cursor;
  readonly head: Cursor;
}

/** Somebody's selection. Who it is says the server; the positions are theirs, and may be of anywhere. */
export interface FieldCursor extends CursorRange, Pick<Presence, 'key' | 'userId' | 'name'> {}

export class FieldCursors {
  readonly #awareness: PresenceHandle;
  readonly #field: string;
  #of: ReadonlyMap<number, Presence> | undefined;
  #others: readonly FieldCursor[] = [];

  /** Does not own the handle: `show(null)` when the editor goes. */
  constructor({ awareness }: { readonly awareness: PresenceHandle }, field: string) {
    this.#awareness = awareness;
    this.#field = field;
  }

  /** The others in this field, in order of their keys; another array after a change. */
  get others(): readonly FieldCursor[] {
    const { others } = this.#awareness;
    if (this.#of !== others) {
      this.#of = others;
      this.#others = [...others.values()].sort((a, b) => a.key - b.key).flatMap((one) => this.#read(one));
    }
    return this.#others;
  }

  /** Called when others come, go or move; positions also change with the document. */
  subscribe(listener: () => void): Cancel {
    return this.#awareness.subscribe(listener);
  }

  /** Shows the others where one is; null takes it back. */
  show(range: CursorRange | null): void {
    const mine = objectOf(this.#awareness.mine);
    const { [this.#field]: before, ...rest } = objectOf(mine.cursors ?? null);
    if (!range && before === undefined) return;
    const cursors = range ? { ...rest, [this.#field]: [textOf(range.anchor), textOf(range.head)] } : rest;
    const { cursors: _, ...beside } = mine;
    const state = Object.keys(cursors).length > 0 ? { ...beside, cursors } : beside;
    this.#awareness.set(Object.keys(state).length > 0 ? state : null);
  }

  #read({ key, userId, name, state }: Presence): FieldCursor[] {
    const pair = objectOf(objectOf(state).cursors ?? null)[this.#field];
    const [anchor, head] = Array.isArray(pair) ? pair.map(cursorFrom) : [];
    return anchor && head ? [{ key, userId, name, anchor, head }] : [];
  }
}

/**
 * Where a cursor is in a text, in UTF-16 units. Undefined when it is of another container, or of a letter
 * that has not come yet: awareness is faster than edits. Safe with cursors from others.
 */
export function offsetIn(text: LoroText, cursor: Cursor, doc: LoroDoc): number | undefined {
  try {
    if (cursor.containerId() !== text.id) return undefined;
    return doc.getCursorPos(cursor)?.offset;
  } catch {
    return undefined;
  }
}

function objectOf(value: Json): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}

function textOf(cursor: Cursor): string {
  return encodeBase64Url(cursor.encode());
}

/** Anything may stand there: it is somebody else's word. */
function cursorFrom(text: Json): Cursor | undefined {
  if (typeof text !== 'string') return undefined;
  try {
    return Cursor.decode(decodeBase64Url(text));
  } catch {
    return undefined;
  }
}
