/**
 * The others' cursors and selections in CodeMirror. Drawn in layers beside the text, so they disturb neither
 * typing nor an IME. Positions are looked up at each drawing: they follow the text.
 */
import { EditorSelection, type Extension, StateEffect } from '@codemirror/state';
import {
  EditorView,
  type LayerMarker,
  layer,
  RectangleMarker,
  ViewPlugin,
  type ViewUpdate,
} from '@codemirror/view';
import type { LoroDoc } from 'loro-crdt';
import { type FieldCursor, type FieldCursors, placeIn, placeOf } from 'ternion/crdt/client';
import { COLORS, colorClass, nameOf } from './people.ts';

export interface CodeCursorsOptions {
  readonly doc: LoroDoc;
  readonly field: string;
  readonly cursors: FieldCursors;
  /** Whether one's own cursor is shown to the others. */
  readonly shows: boolean;
}

const moved = StateEffect.define<null>();

export function codeCursors(options: CodeCursorsOptions): Extension {
  const update = (update: ViewUpdate) =>
    update.docChanged ||
    update.geometryChanged ||
    update.viewportChanged ||
    update.transactions.some(({ effects }) => effects.some((effect) => effect.is(moved)));
  return [
    ViewPlugin.define((view) => new OwnCursor(view, options)),
    layer({ above: true, class: 'others-carets', update, markers: (view) => caretsOf(view, options) }),
    layer({ above: false, class: 'others-selections', update, markers: (view) => rangesOf(view, options) }),
    theme,
  ];
}

/** Shows one's own cursor to the others, and draws theirs again when they move. */
class OwnCursor {
  readonly #options: CodeCursorsOptions;
  readonly #off: () => void;

  constructor(view: EditorView, options: CodeCursorsOptions) {
    this.#options = options;
    this.#off = options.cursors.subscribe(() => view.dispatch({ effects: moved.of(null) }));
  }

  update({ view, state, selectionSet, focusChanged, docChanged }: ViewUpdate): void {
    const { doc, field, cursors, shows } = this.#options;
    if (!shows || !(selectionSet || focusChanged || docChanged)) return;
    const text = doc.getText(field);
    const { anchor, head } = state.selection.main;
    const [from, to] = view.hasFocus ? [placeIn(text, anchor), placeIn(text, head)] : [];
    cursors.show(from && to ? { anchor: from, head: to } : null);
  }

  destroy(): void {
    this.#off();
  }
}

function caretsOf(view: EditorView, options: CodeCursorsOptions): readonly LayerMarker[] {
  return placesOf(view, options).flatMap(({ who, head }) =>
    RectangleMarker.forRange(view, `caret ${colorClass(who)}`, EditorSelection.cursor(head)).map(
      (rectangle) => new Caret(rectangle, nameOf(who)),
    ),
  );
}

function rangesOf(view: EditorView, options: CodeCursorsOptions): readonly LayerMarker[] {
  return placesOf(view, options).flatMap(({ who, anchor, head }) =>
    anchor === head
      ? []
      : RectangleMarker.forRange(view, `range ${colorClass(who)}`, EditorSelection.range(anchor, head)),
  );
}

interface Place {
  readonly who: FieldCursor;
  readonly anchor: number;
  readonly head: number;
}

function placesOf(view: EditorView, { doc, field, cursors }: CodeCursorsOptions): Place[] {
  const { id } = doc.getText(field);
  const offset = (place: string): number | undefined => {
    const found = placeOf(doc, place);
    return found?.container === id ? Math.min(found.index, view.state.doc.length) : undefined;
  };
  return cursors.others.flatMap((who) => {
    const [anchor, head] = [offset(who.anchor), offset(who.head)];
    return anchor === undefined || head === undefined ? [] : [{ who, anchor, head }];
  });
}

/** A rectangle as wide as a caret, with a name on it. */
class Caret implements LayerMarker {
  readonly rectangle: RectangleMarker;
  readonly name: string;

  constructor(rectangle: RectangleMarker, name: string) {
    this.rectangle = rectangle;
    this.name = name;
  }

  eq(other: Caret): boolean {
    return this.name === other.name && this.rectangle.eq(other.rectangle);
  }

  draw(): HTMLElement {
    const element = this.rectangle.draw();
    const flag = document.createElement('span');
    flag.className = this.rectangle.top < 16 ? 'flag below' : 'flag';
    flag.textContent = this.name;
    element.append(flag);
    return element;
  }
}

/** Styles of the page end at a shadow root; its custom properties do not. */
const colors = Array.from({ length: COLORS }, (_, i) => [
  `.person-${i}`,
  { '--person': `var(--person-${i})` },
]);

const theme = EditorView.baseTheme({
  ...Object.fromEntries(colors),
  '.others-carets': { pointerEvents: 'none' },
  '.caret': { borderLeft: '2px solid var(--person)', marginLeft: '-1px' },
  '.range': { backgroundColor: 'var(--person)', opacity: '0.25' },
  '.flag': {
    position: 'absolute',
    bottom: '100%',
    left: '-2px',
    padding: '0 0.35em',
    borderRadius: '0.3em 0.3em 0.3em 0',
    backgroundColor: 'var(--person)',
    color: '#ffffff',
    font: '600 0.6875rem/1.45 system-ui, sans-serif',
    whiteSpace: 'nowrap',
    animation: 'fade 0.5s 4s forwards',
  },
  // A name would hide what stands above the caret: it goes when the caret rests.
  '@keyframes fade': { to: { opacity: 0 } },
  '.flag.below': { top: '100%', bottom: 'auto', borderRadius: '0 0.3em 0.3em 0.3em' },
});
