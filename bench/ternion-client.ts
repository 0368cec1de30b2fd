/** SyncClient with the real engine, in memory. */
import { openClient } from './client.ts';
import type { SyncApp } from './sync-app.ts';
import { type SyncClient, type SyncClientOptions, VIEW_ROWS } from './sync-client.ts';
import { schema } from './sync-schema.ts';

export async function openTernion({ url, token }: SyncClientOptions): Promise<SyncClient> {
  const engine = await openClient<SyncApp>(url, schema, token);
  const view = engine.liveQuery({
    entity: 'Item',
    orderBy: [{ field: 'rank', direction: 'desc' }],
    limit: VIEW_ROWS,
  });
  let waiting: { rank: number; seen: () => void } | undefined;
  const look = () => {
    const { rank, seen } = waiting ?? {};
    if (!view.data?.some((item) => item.rank === rank)) return;
    waiting = undefined;
    seen?.();
  };
  return {
    async all(rows) {
      const found = engine.liveQuery({ entity: 'Item' }).data?.length;
      if (found !== rows) throw new Error(`${found} rows instead of ${rows}`);
    },
    async openView() {
      view.subscribe(look);
      if (!view.complete) throw new Error('the view is not complete');
    },
    whenInView(rank, seen) {
      waiting = { rank, seen };
    },
    insert(rank) {
      engine.insert('Item', { title: `item ${rank} of the benchmark`, owner: 'somebody', rank });
    },
    close: () => engine.close(),
  };
}
