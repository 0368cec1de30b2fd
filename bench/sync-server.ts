/** A server with items, and a guest for it. */
import { type BenchServer, benchServer } from './bench-server.ts';
import { createGuest } from './client.ts';
import { itemOf } from './items.ts';
import { app } from './sync-app.ts';

export interface SyncServer extends BenchServer {
  readonly token: string;
}

export async function syncServer(rows: number): Promise<SyncServer> {
  const bench = await benchServer(app);
  const { store } = bench.server.host;
  await store.write(async ({ tx }) => {
    for (let i = 0; i < rows; i++) await tx.insert('Item', { ...itemOf(i) });
  });
  return { ...bench, token: await createGuest(bench.server.url) };
}
