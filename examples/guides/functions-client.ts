/** The client of docs/guides/functions.md. */
import { createApi, type SyncEngine } from 'ternion/client';
import type { App } from './functions.ts';

export async function use(engine: SyncEngine<App>) {
  const api = createApi<App>();
  const { id } = await engine.call(api.notes.create, { title: 'Hello' });
  const notes = await engine.query(api.notes.list, { authorId: 'u1' });

  // Given up after five seconds: the server aborts the action's signal.
  const signal = AbortSignal.timeout(5000);
  await engine.call(api.notes.addBook, { isbn: '9780140328721' }, { signal });

  // The parts of an answer, in order, then the result.
  let story = '';
  const onChunk = (text: unknown) => {
    story += text;
  };
  const { words } = await engine.call(api.notes.tell, { topic: 'the sea' }, { onChunk });
  return [id, notes, story, words];
}
