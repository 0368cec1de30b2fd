/** One note: its row above, the three fields of its document below. */
import { useDoc, useDocStatus, useTextareaRef } from 'ternion/crdt/react';
import { useMutationQueue, useSession } from 'ternion/react';
import { useEngine, useRow } from '../hooks.ts';
import { CodeField } from './code-field.tsx';
import { docState } from './doc-state.ts';
import { History } from './history.tsx';
import { People } from './people.tsx';
import { RichField } from './rich-field.tsx';

export function NoteView({ id }: { id: string }) {
  const row = useRow('Note', id);
  const { pending } = useMutationQueue();
  // The document belongs to the row, so it can be opened once the server has the row.
  const isSending = pending.some(({ change }) => change.kind === 'insert' && change.row_id === id);
  if (!row) return <p className="empty">There is no such note, or it is not here yet.</p>;
  if (isSending) return <p className="empty">The note is on its way to the server.</p>;
  return <OpenNote id={id} />;
}

function OpenNote({ id }: { id: string }) {
  const engine = useEngine();
  const session = useSession();
  const row = useRow('Note', id);
  const handle = useDoc('Note', id);
  const status = useDocStatus(handle);
  const bindSummary = useTextareaRef(handle, 'summary');
  if (!row) return null;
  const isMine = row.ownerId !== null && row.ownerId === session?.userId;
  return (
    <article aria-labelledby="title" data-editable={status?.editable ?? false}>
      <header className="head">
        <h2 id="title">{row.title}</h2>
        {isMine && (
          <label className="switch">
            <input
              type="checkbox"
              checked={row.open}
              onChange={(event) => engine.update('Note', id, { open: event.target.checked })}
            />
            Others may write
          </label>
        )}
        {isMine && (
          <button type="button" className="quiet" onClick={() => engine.delete('Note', id)}>
            Delete
          </button>
        )}
      </header>
      <p className="state" data-state={status?.state.name} data-pending={status?.pending}>
        <span role="status">{docState(status)}</span>
        <People handle={handle} />
      </p>
      <section className="field">
        <label htmlFor="summary">Summary</label>
        <span className="with">a textarea</span>
        <textarea id="summary" ref={bindSummary} rows={2} placeholder="In a few words" />
      </section>
      {handle && (
        <>
          <section className="field">
            <h3>Text</h3>
            <span className="with">CodeMirror</span>
            <CodeField handle={handle} field="body" label="Text" />
          </section>
          <section className="field">
            <h3>Page</h3>
            <span className="with">ProseMirror</span>
            <RichField handle={handle} field="page" label="Page" />
          </section>
          <History handle={handle} canGoBack={status?.editable ?? false} />
        </>
      )}
    </article>
  );
}
