/** The code of docs/guides/transports-and-server-rendering.md. */
import {
  createApi,
  createSyncEngine,
  directCalls,
  getServerData,
  isFault,
  type ServerData,
  type SyncEngine,
  serializeServerData,
} from 'ternion/client';
import { createServer } from 'ternion/server';
import { type App, app } from './functions.ts';

const url = 'http://localhost:4321';
const api = createApi<App>();

export function transports() {
  const engine = createSyncEngine<App>(url, { transport: 'sse' });
  const patient = createSyncEngine<App>(url, { transport: 'poll', pollInterval: 2000 });
  return [engine, patient];
}

export const server = () =>
  createServer(app, {
    origins: ['https://app.example'],
    httpSync: { sessions: 10_000, idleMs: 30_000, longPollMs: 25_000, copyRows: 2000 },
  });

export async function render(token: string, toHtml: (engine: SyncEngine<App>) => string) {
  const data = await getServerData(url, ['Note'], { token });
  const engine = createSyncEngine<App>(url, { token });
  engine.hydrate(data);
  const html = toHtml(engine);
  return `${html}<script id="rows" type="application/json">${serializeServerData(data)}</script>`;
}

export async function inTheBrowser(token: string) {
  const data: ServerData = JSON.parse(document.getElementById('rows')!.textContent!);
  const engine = createSyncEngine<App>(url, { token });
  engine.hydrate(data);
  // hydrateRoot(...) here: the first paint has the rows
  await engine.start();
  return engine;
}

export async function script(token: string) {
  const direct = directCalls<App>(url, { token });
  const { rows, cursor, done } = await direct.fetchList('Note', { size: 50 });
  const { id } = await direct.callFn(api.notes.create, { title: 'Hello' });
  try {
    await direct.fetchById('Note', id);
  } catch (error) {
    if (!isFault(error, 'not_found')) throw error;
  }
  await direct.remove('Note', id, { idempotencyKey: 'remove-1' });
  return [rows, cursor, done];
}
