/**
 * Carets and selections in one field, by places that stay with their letters whoever types (cursor.ts). Shown to
 * others and read through awareness, under `cursors`, beside what else the page shows there. Used by editors, which
 * know how to draw them. [D7]
 */
import type { Cancel } from '../../src/base/env.ts';
import type { Json, JsonObject } from '../../src/base/json.ts';
import type { Presence, PresenceHandle } from './presence-handle.ts';

/** A selection: where it began and where the caret is, as `handle.cursor` names places. */
export interface CursorRange {
  readonly anchor: string;
  readonly head: string;
}

/** Somebody's selection. Who it is says the server; the places are theirs, and may be anywhere or nonsense. */
export interface FieldCursor extends CursorRange, Pick<Presence, 'key' | 'userId' | 'name'> {}

/** Carets and selections of one text field: one's own, shown to others, and theirs. For editor bindings. */
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

  /** Shows the others where one is; null takes it back. Throws as `awareness.set`. */
  show(range: CursorRange | null): void {
    const mine = objectOf(this.#awareness.mine);
    const { [this.#field]: before, ...rest } = objectOf(mine.cursors ?? null);
    if (!range && before === undefined) return;
    const cursors = range ? { ...rest, [this.#field]: [range.anchor, range.head] } : rest;
    const { cursors: _, ...beside } = mine;
    const state = Object.keys(cursors).length > 0 ? { ...beside, cursors } : beside;
    this.#awareness.set(Object.keys(state).length > 0 ? state : null);
  }

  #read({ key, userId, name, state }: Presence): FieldCursor[] {
    const pair = objectOf(objectOf(state).cursors ?? null)[this.#field];
    const [anchor, head] = Array.isArray(pair) ? pair : [];
    return typeof anchor === 'string' && typeof head === 'string'
      ? [{ key, userId, name, anchor, head }]
      : [];
  }
}

function objectOf(value: Json): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}
