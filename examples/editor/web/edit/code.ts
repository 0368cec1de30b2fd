/**
 * A text field in CodeMirror 6. `loro-codemirror` keeps editor and text equal; undo is the field's own, and
 * the others' cursors are drawn by code-cursors.ts.
 */
import { defaultKeymap } from '@codemirror/commands';
import { EditorState, type Extension } from '@codemirror/state';
import { EditorView, keymap, placeholder } from '@codemirror/view';
import { LoroSyncPlugin } from 'loro-codemirror';
import type { LoroDoc, UndoManager } from 'loro-crdt';
import { type DocHandle, docOfField, FieldCursors, mountOnDoc } from 'ternion/crdt/client';
import { codeCursors } from './code-cursors.ts';
import { undoOf } from './undo.ts';

export interface CodeOptions {
  /** Where it is put. A shadow root keeps its styles within a strict content security policy. */
  readonly parent: Element | ShadowRoot;
  /** What screen readers call it. */
  readonly label: string;
}

/** Shows the field until the returned function is called. */
export function mountCode(handle: DocHandle, field: string, options: CodeOptions): () => void {
  return mountOnDoc(handle, (doc, editable) => {
    const undo = undoOf(doc, field);
    const cursors = new FieldCursors(handle, field);
    const view = new EditorView({
      parent: options.parent,
      state: EditorState.create({
        extensions: [
          codeText(doc, field),
          codeCursors({ doc, field, cursors, shows: editable }),
          EditorState.readOnly.of(!editable),
          EditorView.editable.of(editable),
          keymap.of([...undoKeys(undo), ...defaultKeymap]),
          EditorView.contentAttributes.of({ 'aria-label': options.label }),
          placeholder(editable ? 'Write here' : ''),
          EditorView.lineWrapping,
          theme,
        ],
      }),
    });
    settle(view);
    return () => {
      cursors.show(null);
      view.destroy();
      undo.free();
    };
  });
}

/** Keeps the editor and the text equal. */
function codeText(doc: LoroDoc, field: string): Extension {
  return [
    LoroSyncPlugin(docOfField(doc, field), (own) => own.getText(field)),
    // A text may hold \r\n; taken for one break, it would shift all positions behind it.
    EditorState.lineSeparator.of('\n'),
  ];
}

/** The plugin fills the editor in a microtask, and takes the next update for its own: give it one. */
function settle(view: EditorView): void {
  queueMicrotask(() => view.dispatch({}));
}

function undoKeys(undo: UndoManager) {
  const run = (step: () => boolean) => () => {
    step();
    return true;
  };
  const redo = run(() => undo.redo());
  return [
    { key: 'Mod-z', run: run(() => undo.undo()), preventDefault: true },
    { key: 'Mod-Shift-z', run: redo, preventDefault: true },
    { key: 'Mod-y', run: redo, preventDefault: true },
  ];
}

const theme = EditorView.theme({
  '&': { minHeight: '9rem', borderRadius: 'inherit', cursor: 'text' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { minHeight: 'inherit', font: '0.9375rem/1.6 ui-monospace, monospace' },
  '.cm-content': { padding: '1rem 0', caretColor: 'var(--ink)' },
  '.cm-content[contenteditable=false]': { color: 'var(--soft)' },
  '.cm-line': { padding: '0 0.9rem' },
  '.cm-placeholder': { color: 'var(--soft)' },
});
