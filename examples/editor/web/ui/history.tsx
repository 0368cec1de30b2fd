/** Who changed the note when, and the way back. The server keeps the history, so there is none offline. */
import { useRef, useState } from 'react';
import type { DocChange, DocHandle } from 'ternion/crdt/client';
import { useAwareness } from 'ternion/crdt/react';
import { useSession } from 'ternion/react';

const SHOWN = 20;

export function History({ handle, canGoBack }: { handle: DocHandle; canGoBack: boolean }) {
  const nameOf = useNames(handle);
  const [changes, setChanges] = useState<readonly DocChange[] | null>(null);
  const [trouble, setTrouble] = useState('');

  const show = async (first: Promise<void>) => {
    try {
      await first;
      setChanges((await handle.history.list({ limit: SHOWN })).changes);
      setTrouble('');
    } catch (error) {
      setTrouble(error instanceof Error ? error.message : String(error));
    }
  };

  return (
    <details
      className="history"
      onToggle={({ currentTarget }) => currentTarget.open && show(handle.synced())}
    >
      <summary>History</summary>
      {trouble && <p role="alert">{trouble}</p>}
      {changes?.length === 0 && <p className="empty">Nobody has written here yet.</p>}
      <ol>
        {changes?.map(({ since, at, authors }) => (
          <li key={since}>
            <time dateTime={new Date(at).toISOString()}>{new Date(at).toLocaleString()}</time>
            <span>{authors.map(nameOf).join(', ')}</span>
            <button
              type="button"
              className="quiet"
              disabled={!canGoBack}
              onClick={() => show(handle.history.restore(since))}
            >
              Go back to before this
            </button>
          </li>
        ))}
      </ol>
    </details>
  );
}

/** Names of user ids, as far as they are known here: one's own, and of those who have been seen in the note. */
function useNames(handle: DocHandle): (userId: string | null) => string {
  const session = useSession();
  const [others] = useAwareness(handle);
  const seen = useRef(new Map<string, string>()).current;
  for (const { userId, name } of others.values()) if (userId && name) seen.set(userId, name);
  return (userId) => {
    if (userId === null) return 'A guest';
    if (userId === session?.userId) return 'You';
    return seen.get(userId) ?? 'Somebody';
  };
}
