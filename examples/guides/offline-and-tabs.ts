/** The code of docs/guides/offline-and-tabs.md. */
import { createSyncEngine } from 'ternion/client';

export function engines(url: string) {
  // Tabs of one origin share a socket, and what is stored survives a reload.
  const shared = createSyncEngine(url, { appName: 'notes' });

  // This page has a socket of its own.
  const alone = createSyncEngine(url, { appName: 'notes', tabs: false });
  return { shared, alone };
}
