/** SyncClient (bench/sync-client.ts) with Zero's client, in memory. Nothing of an earlier client is found again. */
import { randomUUID } from 'node:crypto';
import { Zero } from '@rocicorp/zero';
import { schema } from './schema.js';

const VIEW_ROWS = 1000;

export async function openZero({ url }) {
  const userID = randomUUID();
  const zero = new Zero({ cacheURL: url, schema, userID, kvStore: 'mem', logLevel: 'error' });
  const views = [];
  /** Resolves with the rows once the server has confirmed them. */
  const complete = (query, listener) =>
    new Promise((resolve) => {
      const view = zero.materialize(query);
      views.push(view);
      view.addListener((rows, state) => {
        if (state === 'complete') resolve(rows);
        listener?.(rows);
      });
    });
  let waiting;
  const look = (rows) => {
    if (!waiting || !rows.some(({ rank }) => rank === waiting.rank)) return;
    const { seen } = waiting;
    waiting = undefined;
    seen();
  };
  return {
    async all(count) {
      const rows = await complete(zero.query.item);
      if (rows.length !== count) throw new Error(`${rows.length} rows instead of ${count}`);
    },
    async openView() {
      await complete(zero.query.item.orderBy('rank', 'desc').limit(VIEW_ROWS), look);
    },
    whenInView(rank, seen) {
      waiting = { rank, seen };
    },
    insert(rank) {
      const title = `item ${rank} of the benchmark`;
      void zero.mutate.item.insert({ id: randomUUID().slice(0, 22), title, owner: 'somebody', rank });
    },
    async close() {
      for (const view of views) view.destroy();
      await zero.close();
    },
  };
}
