/** The guestbook: rows, newest first. One's own entries show at once and are marked until the server has them. */
import { type FormEvent, useState } from 'react';
import { useEngine, useMutationQueue, useQuery, useSession } from 'ternion/react';
import type { Visit } from '../visit.ts';
import { EntryItem } from './entry-item.tsx';

const SHOWN = 50;
const MAX_CHARS = 280;

export function GuestbookPanel({ visit }: { visit: Visit }) {
  const engine = useEngine();
  const session = useSession();
  const { data, complete } = useQuery('Entry', {
    orderBy: [{ field: 'writtenAt', direction: 'desc' }],
    limit: SHOWN,
  });
  const { pending, failed } = useMutationQueue();
  const [message, setMessage] = useState('');
  const waiting = new Set(pending.flatMap(({ change }) => (change.kind === 'call' ? [] : change.row_id)));

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const text = message.trim();
    const authorId = session?.userId;
    if (text === '' || !authorId) return;
    engine.insert('Entry', { name: visit.name, message: text, authorId, writtenAt: Date.now() });
    setMessage('');
  };

  return (
    <section className="card" aria-labelledby="guestbook-title">
      <header>
        <h2 id="guestbook-title">Guestbook</h2>
        <span className="plane rows">Rows</span>
      </header>
      <p className="note">Each entry is a row in SQLite behind a policy, synced by a cursor.</p>
      <form className="entry-form" onSubmit={submit}>
        <label htmlFor="message">Message, signed as {visit.name}</label>
        <div>
          <input
            id="message"
            value={message}
            maxLength={MAX_CHARS}
            placeholder="Say hello"
            autoComplete="off"
            onChange={(event) => setMessage(event.target.value)}
          />
          <button type="submit" disabled={message.trim() === '' || !session?.userId}>
            Post
          </button>
        </div>
      </form>
      {failed.map((op) => (
        <p className="refused" role="alert" key={op.id}>
          Refused: {op.error?.message ?? 'unknown reason'}
          <button type="button" onClick={() => engine.mutations.remove(op.id)}>
            Dismiss
          </button>
        </p>
      ))}
      <ol className="entries" aria-label="Entries, newest first">
        {data?.map((entry) => (
          <EntryItem
            key={entry.id}
            entry={entry}
            isPending={waiting.has(entry.id)}
            onDelete={entry.authorId === session?.userId ? () => engine.delete('Entry', entry.id) : undefined}
          />
        ))}
      </ol>
      {data?.length === 0 && complete && <p className="empty">Nobody has signed yet. Be the first.</p>}
      {!data && <p className="empty">Loading ...</p>}
    </section>
  );
}
