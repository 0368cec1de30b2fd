/** A map field in ProseMirror: rich text as a tree of nodes, which `loro-prosemirror` maps onto Loro. */
import { baseKeymap, toggleMark } from 'prosemirror-commands';
import { keymap } from 'prosemirror-keymap';
import { type Command, EditorState } from 'prosemirror-state';
import { EditorView } from 'prosemirror-view';
import { type DocHandle, FieldCursors, mountOnDoc } from 'ternion/crdt/client';
import { richCursors } from './rich-cursors.ts';
import { marks, richSchema } from './rich-schema.ts';
import { readRich, richSync } from './rich-sync.ts';
import { undoOf } from './undo.ts';

/** Of a document with one empty paragraph. */
const EMPTY_SIZE = 2;

export interface RichOptions {
  readonly parent: Element;
  readonly label: string;
  /** Told of each editor that is mounted and of null when it goes: for a toolbar. */
  readonly onView?: (view: EditorView | null) => void;
  /** Told after each change of state. */
  readonly onState?: (state: EditorState) => void;
}

/** Shows the field until the returned function is called. */
export function mountRich(handle: DocHandle, field: string, options: RichOptions): () => void {
  return mountOnDoc(handle, (doc, editable) => {
    const undo = undoOf(doc, field);
    const cursors = new FieldCursors(handle, field);
    const run =
      (step: () => boolean): Command =>
      (_state, dispatch) => {
        if (dispatch) step();
        return true;
      };
    const redo = run(() => undo.redo());
    const view: EditorView = new EditorView(options.parent, {
      state: EditorState.create({
        doc: readRich(doc, field, richSchema),
        plugins: [
          richSync(doc, field),
          richCursors({ doc, field, cursors, shows: editable }),
          keymap({ 'Mod-z': run(() => undo.undo()), 'Mod-y': redo, 'Mod-Shift-z': redo }),
          keymap({ 'Mod-b': toggleMark(marks.strong), 'Mod-i': toggleMark(marks.em) }),
          keymap(baseKeymap),
        ],
      }),
      editable: () => editable,
      attributes: ({ doc: { content } }) => ({
        'aria-label': options.label,
        'aria-multiline': 'true',
        role: 'textbox',
        'data-placeholder': editable && content.size <= EMPTY_SIZE ? 'Write here' : '',
      }),
      dispatchTransaction(transaction) {
        view.updateState(view.state.apply(transaction));
        options.onState?.(view.state);
      },
    });
    options.onView?.(view);
    return () => {
      options.onView?.(null);
      cursors.show(null);
      view.destroy();
      undo.free();
    };
  });
}
