/** The real engine in Node, and a guest for it. */

import { createSyncEngine, type SyncEngine } from 'ternion/client';
import type { AppShape } from '../src/schema/app-shape.ts';

export async function createGuest(url: string): Promise<string> {
  const response = await fetch(`${url}/api/auth/guest`, { method: 'POST', body: '{}' });
  const { token } = (await response.json()) as { token: string };
  return token;
}

/** Connected and up to date. */
export async function openClient<A extends AppShape>(
  url: string,
  schema: A['schema'],
  token: string,
): Promise<SyncEngine<A>> {
  const engine = createSyncEngine<A>(url, { token, schema, persist: false });
  await engine.start();
  await engine.synced();
  return engine;
}
