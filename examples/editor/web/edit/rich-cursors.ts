/** The others' cursors and selections in ProseMirror, as decorations, and one's own shown to them. */
import type { LoroDoc } from 'loro-crdt';
import { type EditorState, Plugin } from 'prosemirror-state';
import { Decoration, DecorationSet, type EditorView } from 'prosemirror-view';
import type { FieldCursor, FieldCursors } from 'ternion/crdt/client';
import { colorClass, nameOf } from './people.ts';
import { findPlace, namePlace } from './rich-places.ts';

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
    const { $anchor, $head } = this.#view.state.selection;
    const root = doc.getMap(field);
    const [anchor, head] = this.#view.hasFocus() ? [namePlace(root, $anchor), namePlace(root, $head)] : [];
    cursors.show(anchor && head ? { anchor, head } : null);
  }

  destroy(): void {
    this.#off();
    this.#view.dom.removeEventListener('focusin', this.#show);
    this.#view.dom.removeEventListener('focusout', this.#show);
  }
}

function decorationsOf(state: EditorState, { doc, field, cursors }: RichCursorsOptions): DecorationSet {
  const tree = { doc, root: doc.getMap(field) };
  const drawn = cursors.others.flatMap((who) => {
    const [anchor, head] = [findPlace(state.doc, tree, who.anchor), findPlace(state.doc, tree, who.head)];
    if (anchor === undefined || head === undefined) return [];
    const key = `${who.key} ${colorClass(who)} ${nameOf(who)} ${head}`;
    const caret = Decoration.widget(head, () => caretOf(who), { key, side: 10, ignoreSelection: true });
    if (anchor === head) return [caret];
    const range = { class: `range ${colorClass(who)}` };
    return [caret, Decoration.inline(Math.min(anchor, head), Math.max(anchor, head), range)];
  });
  return DecorationSet.create(state.doc, drawn);
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
