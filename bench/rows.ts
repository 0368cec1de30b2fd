/** Rows: durable mutations per second (synchronous=FULL, policy, log and ledger written), and write to view. */

import { newId } from '../src/base/id.ts';
import { type BenchServer, benchServer } from './bench-server.ts';
import { createGuest, openClient } from './client.ts';
import { quantile, type Workload } from './figure.ts';
import { runLoad } from './load.ts';
import { api, app, schema, TITLE } from './rows-app.ts';

const IN_PROCESS = 20_000;
const IN_FLIGHT = 100;
const SOCKET_CLIENTS = 50;
const SOCKET_SECONDS = 3;
const VIEW_WRITES = 300;

async function withServer<T>(work: (server: BenchServer['server']) => Promise<T>): Promise<T> {
  const { server, close } = await benchServer(app);
  try {
    return await work(server);
  } finally {
    await close();
  }
}

/** `IN_FLIGHT` callers in the server's own process, each calling again when answered. */
function inProcess(): Workload {
  const run = () =>
    withServer(async ({ host }) => {
      const viewer = { userId: 'bench', kind: 'user', roles: [], name: null } as const;
      let left = IN_PROCESS;
      const caller = async () => {
        while (left-- > 0) {
          await host.functions.call({
            name: 'notes.create',
            args: { title: TITLE },
            viewer,
            opId: newId(host.env),
          });
        }
      };
      const start = performance.now();
      await Promise.all(Array.from({ length: IN_FLIGHT }, caller));
      return { 'rows.mutations.process': IN_PROCESS / ((performance.now() - start) / 1000) };
    });
  return { units: { 'rows.mutations.process': 'mutations/s' }, run };
}

/** 50 raw sockets in a second process, a few calls in flight each. */
function overSockets(): Workload {
  const units = { 'rows.mutations.socket': 'mutations/s', 'rows.mutations.socket.p99': 'ms' };
  const run = () =>
    withServer(async ({ url }) => {
      const options = { url, clients: SOCKET_CLIENTS, seconds: SOCKET_SECONDS, inFlight: 4, title: TITLE };
      const { perSecond, p99 } = await runLoad<{ perSecond: number; p99: number }>('calls', options);
      return { 'rows.mutations.socket': perSecond, 'rows.mutations.socket.p99': p99 };
    });
  return { units, run };
}

/** From `engine.call` of one client to the live query of another, over sockets, in a view of 1,000 rows. */
function writeToView(): Workload {
  const units = { 'rows.write-to-view.p50': 'ms', 'rows.write-to-view.p99': 'ms' };
  const run = () =>
    withServer(async ({ url, host }) => {
      const token = await createGuest(url);
      const { userId } = await host.authenticator.authenticate(token);
      const row = { title: TITLE, ownerId: userId ?? '', likes: 0, updatedAt: 0 };
      await host.store.write(async ({ tx }) => {
        for (let i = 0; i < 1000; i++) await tx.insert('Note', { id: `n${i}`, ...row });
      });
      const [writer, reader] = [await openClient(url, schema, token), await openClient(url, schema, token)];
      const view = reader.liveQuery({
        entity: 'Note',
        orderBy: [{ field: 'updatedAt', direction: 'desc' }],
        limit: 1000,
      });
      const delays: number[] = [];
      for (let i = 0; i < VIEW_WRITES; i++) {
        const start = performance.now();
        const seen = new Promise<void>((resolve) => {
          const cancel = view.subscribe(() => {
            cancel();
            resolve();
          });
        });
        void writer.call(api.notes.create, { title: `${TITLE} ${i}` });
        await seen;
        delays.push(performance.now() - start);
      }
      view.close();
      await Promise.all([writer.close(), reader.close()]);
      delays.sort((a, b) => a - b);
      return {
        'rows.write-to-view.p50': quantile(delays, 0.5),
        'rows.write-to-view.p99': quantile(delays, 0.99),
      };
    });
  return { units, run };
}

export const rowsWorkloads: Record<string, () => Workload> = {
  'rows.mutations.process': inProcess,
  'rows.mutations.socket': overSockets,
  'rows.write-to-view': writeToView,
};
