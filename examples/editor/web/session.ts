/** One page's session: a guest with a name, and the engine that everything here goes through. */
import { createApi, createSyncEngine, defaultStorage, guestToken, type SyncEngine } from 'ternion/client';
import type { EditorApp } from '../app.ts';
import { schema } from '../schema.ts';

const NAME_KEY = 'ternion-editor:name';
const NAMES = [
  'Ada',
  'Alan',
  'Barbara',
  'Claude',
  'Donald',
  'Edsger',
  'Grace',
  'Hedy',
  'Ivan',
  'Joan',
  'Radia',
  'Tim',
];

export function startSession(url: string): SyncEngine<EditorApp> {
  const engine = createSyncEngine<EditorApp>(url, {
    schema,
    appName: 'editor',
    reconnectDelay: 250,
    token: (refused) => guestToken(url, { name: guestName(), refused }),
  });
  void engine
    .start()
    .then(() => engine.call(createApi<EditorApp>().notes.open, {}))
    .catch(() => {}); // another page will do it
  return engine;
}

/** The name of a guest is asked for once, with his identity; the server vouches for it from then on. */
function guestName(): string {
  const storage = defaultStorage();
  const kept = storage.getItem(NAME_KEY);
  if (kept) return kept;
  const name = NAMES[Math.floor(Math.random() * NAMES.length)]!;
  try {
    storage.setItem(NAME_KEY, name);
  } catch {
    // A full storage only means another name next time.
  }
  return name;
}
