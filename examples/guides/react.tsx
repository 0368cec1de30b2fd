/** The components of docs/guides/react.md. */
import type { FunctionRef, SyncEngine } from 'ternion/client';
import {
  createHooks,
  TernionProvider,
  useConnection,
  useMutation,
  usePaginatedQuery,
  useReactiveQuery,
} from 'ternion/react';
import type { App } from './functions.ts';

const { useQuery, useRow, useInfiniteQuery, useEntity } = createHooks<App>();

export function Root({ engine }: { engine: SyncEngine<App> }) {
  return (
    <TernionProvider engine={engine}>
      <Titles authorId="u1" />
    </TernionProvider>
  );
}

function Titles({ authorId }: { authorId: string }) {
  const { data, complete } = useQuery('Note', { where: { authorId }, limit: 20 });
  if (!data) return <p>Loading</p>;
  return (
    <ul className={complete ? '' : 'old'}>
      {data.map((note) => (
        <li key={note.id}>{note.title}</li>
      ))}
    </ul>
  );
}

export function Note({ id }: { id: string }) {
  const note = useRow('Note', id);
  const { update, remove } = useEntity('Note');
  if (!note) return null;
  return (
    <p>
      <input value={note.title} onChange={(event) => update(id, { title: event.target.value })} />
      <button type="button" onClick={() => remove(id)}>
        Remove
      </button>
    </p>
  );
}

export function Everything() {
  const { data = [], hasMore, loadMore } = useInfiniteQuery('Note', { pageSize: 50 });
  return (
    <>
      {data.map((note) => (
        <Note key={note.id} id={note.id} />
      ))}
      {hasMore && (
        <button type="button" onClick={loadMore}>
          More
        </button>
      )}
    </>
  );
}

export function Count({ fn, tag }: { fn: FunctionRef<{ tag: string }, number>; tag: string | undefined }) {
  const { data, error } = useReactiveQuery(fn, tag === undefined ? 'skip' : { tag });
  return <p>{error ? error.message : data}</p>;
}

type Feed = FunctionRef<
  { tag: string; page: { cursor: string | null; size: number; until?: string } },
  { rows: { id: string; title: string }[]; cursor: string | null }
>;

export function Pages({ fn }: { fn: Feed }) {
  const { data = [], hasMore, loading, loadMore } = usePaginatedQuery(fn, { tag: 'x' }, { pageSize: 20 });
  return (
    <>
      {data.map((note) => (
        <p key={note.id}>{note.title}</p>
      ))}
      {hasMore && (
        <button type="button" disabled={loading} onClick={loadMore}>
          More
        </button>
      )}
    </>
  );
}

export function Add({ fn }: { fn: FunctionRef<{ title: string }, { id: string }> }) {
  const { mutate, pending, error, reset } = useMutation(fn);
  const connection = useConnection();
  return (
    <>
      <button type="button" disabled={pending} onClick={() => mutate({ title: 'Hello' })}>
        Add
      </button>
      {error && (
        <button type="button" onClick={reset}>
          {error.message}
        </button>
      )}
      {connection.name !== 'ready' && <p>Offline</p>}
    </>
  );
}
