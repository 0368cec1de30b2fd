/**
 * The others' cursors and selections in ProseMirror, as decorations. A position is a place in the text of one
 * block; blocks are found by the way down from the root, which is the same in the document and in the editor.
 */
import { type Cursor, type LoroDoc, LoroMap, LoroText } from 'loro-crdt';
import type { Node, ResolvedPos } from 'prosemirror-model';
import { type EditorState, Plugin } from 'prosemirror-state';
import { Decoration, DecorationSet, type EditorView } from 'prosemirror-view';
import { type FieldCursor, type FieldCursors, offsetIn } from 'ternion/crdt/client';
import { colorClass, nameOf } from './people.ts';
import { childrenOf } from './rich-sync.ts';

export interface RichCursorsOptions {
  readonly doc: LoroDoc;
  readonly field: string;
  readonly cursors: FieldCursors;
  /** Whether one's own cursor is shown to the others. */
  readonly shows: boolean;
}

export function richCursors(options: RichCursorsOptions): Plugin {
  return new Plugin({
    props: { decorations: (state) => decorationsOf(state, options) },
    view: (view) => new OwnCursor(view, options),
  });
}

class OwnCursor {
  readonly #view: EditorView;
  readonly #options: RichCursorsOptions;
  readonly #off: () => void;
  readonly #show = () => this.update();

  constructor(view: EditorView, options: RichCursorsOptions) {
    this.#view = view;
    this.#options = options;
    this.#off = options.cursors.subscribe(() => view.updateState(view.state)); // draws them again
    view.dom.addEventListener('focusin', this.#show);
    view.dom.addEventListener('focusout', this.#show);
  }

  update(): void {
    const { doc, field, cursors, shows } = this.#options;
    if (!shows) return;
    const { selection } = this.#view.state;
    const { $anchor, $head } = selection;
    const has = this.#view.hasFocus();
    const place = (at: typeof $anchor) => cursorAt(doc.getMap(field), at);
    const [anchor, head] = has ? [place($anchor), place($head)] : [];
    cursors.show(anchor && head ? { anchor, head } : null);
  }

  destroy(): void {
    this.#off();
    this.#view.dom.removeEventListener('focusin', this.#show);
    this.#view.dom.removeEventListener('focusout', this.#show);
  }
}

function decorationsOf(state: EditorState, { doc, field, cursors }: RichCursorsOptions): DecorationSet {
  const map = doc.getMap(field);
  const drawn = cursors.others.flatMap((who) => {
    const [anchor, head] = [positionOf(who.anchor), positionOf(who.head)];
    if (anchor === undefined || head === undefined) return [];
    const key = `${who.key} ${colorClass(who)} ${nameOf(who)}`;
    const caret = Decoration.widget(head, () => caretOf(who), { key, side: 10, ignoreSelection: true });
    if (anchor === head) return [caret];
    const range = { class: `range ${colorClass(who)}` };
    return [caret, Decoration.inline(Math.min(anchor, head), Math.max(anchor, head), range)];
  });
  return DecorationSet.create(state.doc, drawn);

  function positionOf(cursor: Cursor): number | undefined {
    return positionIn(state.doc, { doc, map }, cursor);
  }
}

function caretOf(who: FieldCursor): HTMLElement {
  const caret = document.createElement('span');
  caret.className = `caret ${colorClass(who)}`;
  const flag = document.createElement('span');
  flag.className = 'flag';
  flag.textContent = nameOf(who);
  caret.append(flag);
  return caret;
}

/** A stable position for a place in the editor; undefined where there is no text. */
function cursorAt(root: LoroMap, at: ResolvedPos): Cursor | undefined {
  let map = root;
  for (let depth = 0; depth < at.depth; depth++) {
    const child = childrenOf(map)[at.index(depth)];
    if (!(child instanceof LoroMap)) return undefined;
    map = child;
  }
  let offset = at.parentOffset;
  for (const child of childrenOf(map)) {
    const size = child instanceof LoroText ? child.length : 1;
    if (child instanceof LoroText && offset <= size) return child.getCursor(offset);
    offset -= size;
  }
  return undefined;
}

/** The place of a stable position in the editor; undefined when it is elsewhere or not here yet. */
function positionIn(
  node: Node,
  { doc, map }: { doc: LoroDoc; map: LoroMap },
  cursor: Cursor,
): number | undefined {
  try {
    const text = doc.getContainerById(cursor.containerId());
    if (!(text instanceof LoroText)) return undefined;
    const offset = offsetIn(text, cursor, doc);
    const way = wayTo(text, map);
    if (offset === undefined || !way) return undefined;
    const inBlock = way.pop()!;
    let [position, at] = [0, node];
    for (const index of way) {
      for (let i = 0; i < index; i++) position += at.child(i).nodeSize;
      at = at.child(index);
      position += 1;
    }
    if (!at.isTextblock) return undefined;
    return position + Math.min(inBlock + offset, at.content.size);
  } catch {
    return undefined; // a block that the schema did not take, or anything else that somebody sent
  }
}

/** Indices of blocks from the root down to the text's, and at last what stands before the text in its block. */
function wayTo(text: LoroText, root: LoroMap): number[] | undefined {
  const way: number[] = [];
  let child: LoroText | LoroMap = text;
  while (child.id !== root.id) {
    const parent: unknown = child.parent()?.parent();
    if (!(parent instanceof LoroMap)) return undefined;
    const siblings = childrenOf(parent);
    const { id } = child;
    const index = siblings.findIndex(
      (one) => (one instanceof LoroMap || one instanceof LoroText) && one.id === id,
    );
    if (index < 0) return undefined;
    const before = siblings.slice(0, index);
    way.unshift(
      child === text
        ? before.reduce((sum: number, one) => sum + (one instanceof LoroText ? one.length : 1), 0)
        : index,
    );
    child = parent;
  }
  return way;
}
