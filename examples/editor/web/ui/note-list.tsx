/** All notes as a live query, and a form for one more. */
import { type FormEvent, useState } from 'react';
import { useMutationQueue, useSession } from 'ternion/react';
import { useEngine, useQuery } from '../hooks.ts';

const MAX_CHARS = 80;
const SHOWN = 100;
const GLIMPSE_CHARS = 60;

export function NoteList({ open }: { open: string }) {
  const engine = useEngine();
  const session = useSession();
  const [title, setTitle] = useState('');
  const { data } = useQuery('Note', {
    orderBy: [{ field: 'createdAt', direction: 'desc' }],
    limit: SHOWN,
  });
  const { pending } = useMutationQueue();
  const waiting = new Set(pending.flatMap(({ change }) => (change.kind === 'call' ? [] : change.row_id)));

  const add = (event: FormEvent) => {
    event.preventDefault();
    const ownerId = session?.userId;
    if (title.trim() === '' || !ownerId) return;
    const note = { title: title.trim(), ownerId, open: true, createdAt: Date.now() };
    location.hash = engine.insert('Note', note);
    setTitle('');
  };

  return (
    <>
      <form className="add" onSubmit={add}>
        <label className="hidden" htmlFor="new-title">
          Title of a new note
        </label>
        <input
          id="new-title"
          value={title}
          maxLength={MAX_CHARS}
          placeholder="New note"
          autoComplete="off"
          onChange={(event) => setTitle(event.target.value)}
        />
        <button type="submit" disabled={title.trim() === '' || !session?.userId}>
          Add
        </button>
      </form>
      <ul>
        {data?.map(({ id, title, summary, body, open: isOpen }) => (
          <li key={id}>
            <a href={`#${id}`} aria-current={id === open ? 'page' : undefined}>
              <b>{title}</b>
              <span className="glimpse">{glimpse(summary, body)}</span>
              {!isOpen && <span className="tag">read-only</span>}
              {waiting.has(id) && <span className="tag pending">sending</span>}
            </a>
          </li>
        ))}
      </ul>
      {!data && <p className="empty">Loading ...</p>}
    </>
  );
}

/** From the columns that the server projects: the list opens no document. */
function glimpse(summary: string, body: string): string {
  const text = (summary || body).trim().replace(/\s+/g, ' ');
  return text.length > GLIMPSE_CHARS ? `${text.slice(0, GLIMPSE_CHARS)} ...` : text || 'Empty';
}
