/** The code of docs/guides/documents.md. */
import { defineSchema, entity, field, policy } from 'ternion';
import type { SyncEngine } from 'ternion/client';
import { bindTextarea, type DocHandle, openDoc, openDocWith } from 'ternion/crdt/client';
import {
  useAwareness,
  useCollabText,
  useCollabTextarea,
  useDoc,
  useDocStatus,
  useLoroDoc,
  useTextareaRef,
  useUndo,
} from 'ternion/crdt/react';
import { docs } from 'ternion/crdt/server';
import { defineApp } from 'ternion/server';

const Note = entity('Note', {
  ownerId: field.id('User'),
  headline: field.richtext(),
  body: field.richtext(),
});

const notes = policy({
  entity: 'Note',
  allowRead: 'true',
  allowInsert: 'data.ownerId == auth.userId',
  allowUpdate: 'existing.ownerId == auth.userId',
});

export const app = defineApp({
  schema: defineSchema({ entities: [Note], policies: [notes] }),
  plugins: [docs()],
});

export async function write(engine: SyncEngine, id: string) {
  const note = openDoc(engine, 'Note', id);
  await note.synced(); // it is here
  note.text('body').insert(0, 'Hello');
  note.doc.commit(); // an edit leaves when it is committed
  await note.synced(); // the server has it on its disk
  note.close();
}

export function follow(note: DocHandle, show: (line: string) => void) {
  const offStatus = note.subscribe(() => {
    const { state, pending, editable } = note;
    if (state.name === 'refused') return show(`no: ${state.fault.code}`);
    if (state.name === 'live' && state.dropped) return show('what you typed was not accepted');
    show(`${state.name}${editable ? '' : ', read-only'}${pending ? ', not saved yet' : ''}`);
  });
  const offText = note.doc.subscribe(() => show(note.text('body').toString()));
  return () => {
    offStatus();
    offText();
  };
}

export function openSmall(engine: SyncEngine, id: string) {
  return openDocWith(engine, { entity: 'Note', id }, { keepDocs: 20, keepBytes: 4 << 20, history: 'full' });
}

export function edit(note: DocHandle, area: HTMLTextAreaElement) {
  const unbind = bindTextarea(note, 'body', area);
  area.addEventListener('keydown', (event) => {
    if (event.key === 'z' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      if (event.shiftKey) note.undo.redo();
      else note.undo.undo();
    }
  });
  return unbind;
}

export function replaceAll(note: DocHandle, from: string, to: string) {
  const text = note.text('body');
  note.undo.group(() => text.update(text.toString().replaceAll(from, to)));
}

export function showCaret(note: DocHandle, area: HTMLTextAreaElement) {
  const at = note.cursor('body', area.selectionStart);
  note.awareness.set({ at });
}

export function caretsOf(note: DocHandle) {
  return [...note.awareness.others.values()].flatMap(({ name, state }) => {
    const at = typeof state === 'object' && state !== null && !Array.isArray(state) ? state.at : null;
    const place = typeof at === 'string' ? note.resolveCursor(at) : null;
    return place ? [{ name: name ?? 'somebody', index: place.index }] : [];
  });
}

export function Headline({ id }: { id: string }) {
  const [headline, setHeadline] = useCollabText('Note', id, 'headline');
  return <input value={headline} onChange={(event) => setHeadline(event.target.value)} />;
}

export function Body({ id }: { id: string }) {
  return <textarea ref={useCollabTextarea('Note', id, 'body')} />;
}

export function Editor({ id }: { id: string }) {
  const note = useDoc('Note', id);
  const status = useDocStatus(note);
  const { canUndo, canRedo, undo, redo } = useUndo(note);
  const [others] = useAwareness(note);
  return (
    <>
      <p>
        {status?.state.name} {status?.pending && 'saving'} {others.size} others
      </p>
      <button type="button" disabled={!canUndo} onClick={undo}>
        undo
      </button>
      <button type="button" disabled={!canRedo} onClick={redo}>
        redo
      </button>
      <textarea ref={useTextareaRef(note, 'body')} />
    </>
  );
}

export function Canvas({ id, draw }: { id: string; draw: (handle: DocHandle) => void }) {
  const open = useLoroDoc('Note', id);
  if (!open) return null;
  draw(open.handle);
  return open.editable ? null : <p>read-only</p>;
}
