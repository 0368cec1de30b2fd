/** The code of docs/guides/editors.md, beside that of examples/editor. */
import { defineSchema, entity, field, policy } from 'ternion';
import type { SyncEngine } from 'ternion/client';
import { bindTextarea, type DocHandle, FieldCursors, mountOnDoc, openDoc } from 'ternion/crdt/client';
import { useCollabTextarea } from 'ternion/crdt/react';

const Note = entity('Note', {
  title: field.string(80),
  summary: field.text(), // a <textarea>
  body: field.text(), // CodeMirror
  page: field.map(), // ProseMirror: its document is a tree of nodes
});

export const schema = defineSchema({
  entities: [Note],
  policies: [policy({ entity: 'Note', allowRead: 'true', allowUpdate: 'auth.userId != null' })],
});

export function Summary({ id }: { id: string }) {
  return <textarea aria-label="Summary" ref={useCollabTextarea('Note', id, 'summary')} />;
}

export function bindSummary(engine: SyncEngine, id: string, element: HTMLTextAreaElement) {
  const note = openDoc(engine, 'Note', id);
  const unbind = bindTextarea(note, 'summary', element);
  return () => {
    unbind();
    note.close();
  };
}

export function mountPreview(note: DocHandle, element: HTMLElement) {
  return mountOnDoc(note, (doc, editable) => {
    const show = () => {
      element.textContent = doc.getText('body').toString();
      element.dataset.editable = String(editable);
    };
    show();
    return doc.subscribe(show);
  });
}

export function cursorsOf(note: DocHandle, say: (line: string) => void) {
  const cursors = new FieldCursors(note, 'body');
  const select = (from: number, to: number) => {
    const [anchor, head] = [note.cursor('body', from), note.cursor('body', to)];
    cursors.show(anchor && head ? { anchor, head } : null);
  };
  const off = cursors.subscribe(() => {
    for (const { name, head } of cursors.others) {
      const place = note.resolveCursor(head);
      if (place?.field === 'body') say(`${name ?? 'Somebody'} is at ${place.index}`);
    }
  });
  return { select, off };
}

export function undoButtons(note: DocHandle, undo: HTMLButtonElement, redo: HTMLButtonElement) {
  undo.onclick = () => note.undo.undo();
  redo.onclick = () => note.undo.redo();
  return note.undo.subscribe(() => {
    undo.disabled = !note.undo.canUndo;
    redo.disabled = !note.undo.canRedo;
  });
}
