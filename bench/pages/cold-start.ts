/** The page of bench/cold-start.ts: fills the browser's database in one visit, and starts from it in the next. */
import { createSyncEngine, type SyncEngine } from 'ternion/client';
import type { SyncApp } from '../sync-app.ts';
import { schema } from '../sync-schema.ts';

export interface ColdStartPage {
  /** Gets the server's rows; resolves with their number. */
  visit(token: string): Promise<number>;
  /** Writes that nobody takes, all in the database when it resolves. */
  leave(writes: number): Promise<void>;
  /** The ms from nothing to the `rows` in the view, what has been written and not sent among them. */
  start(token: string, wanted: { rows: number; writes: number }): Promise<number>;
}

declare global {
  interface Window {
    coldStart?: ColdStartPage;
  }
}

let engine: SyncEngine<SyncApp> | undefined;
const open = (token: string) =>
  createSyncEngine<SyncApp>(location.origin, { token, schema, appName: 'bench' });

window.coldStart = {
  async visit(token) {
    engine = open(token);
    await engine.start();
    await engine.synced();
    return engine.liveQuery({ entity: 'Item' }).data?.length ?? 0;
  },
  async leave(writes) {
    for (let i = 0; i < writes; i++)
      engine?.insert('Item', { title: `item ${i} of nobody`, owner: 'somebody', rank: i });
    await engine?.close();
  },
  async start(token, { rows, writes }) {
    const begin = performance.now();
    const cold = open(token);
    await cold.start();
    const found = cold.liveQuery({ entity: 'Item' }).data?.length;
    const ms = performance.now() - begin;
    const waiting = cold.mutations.pending().length;
    if (found !== rows || waiting !== writes) throw new Error(`${found} rows, ${waiting} writes`);
    return ms;
  },
};
