/** The list of notes, and beside it (below it on a phone) the note that is open. Which one says the address. */
import { useSyncExternalStore } from 'react';
import { WELCOME_ID } from '../../schema.ts';
import { ConnectionBadge } from './connection-badge.tsx';
import { NoteList } from './note-list.tsx';
import { NoteView } from './note-view.tsx';

export function Page() {
  const id = useSyncExternalStore(onHash, openNote);
  return (
    <div className="page">
      <nav className="notes" aria-label="Notes">
        <header>
          <h1>Notes</h1>
          <ConnectionBadge />
        </header>
        <p className="lead">
          Each note is a row with a <b>document</b>: three fields, three editors, everybody at once.
        </p>
        <NoteList open={id} />
      </nav>
      <main className="note">
        <NoteView key={id} id={id} />
      </main>
    </div>
  );
}

function onHash(listener: () => void): () => void {
  addEventListener('hashchange', listener);
  return () => removeEventListener('hashchange', listener);
}

function openNote(): string {
  return location.hash.slice(1) || WELCOME_ID;
}
