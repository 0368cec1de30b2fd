/** The code of docs/guides/optimistic.md: what the browser shows of a call before the server has run it. */
import { createApi, createSyncEngine, type Optimistic } from 'ternion/client';
import type { App } from './functions.ts';

// By the names of the functions. The types of `args` and of the rows are those of the app.
export const optimistic: Optimistic<App> = {
  'notes.create'(local, { title }, { id, auth }) {
    local.insert('Note', { id, title, authorId: auth.userId ?? '' });
  },
};

export async function start() {
  const engine = createSyncEngine<App>('http://localhost:4321', { optimistic });
  await engine.start();

  const api = createApi<App>();
  const created = engine.call(api.notes.create, { title: 'Hello' });
  engine.store.list('Note'); // the note is in it already
  const { id } = await created; // as the server made it, and `store` shows it in place of ours
  return id;
}
