/**
 * Documents: from a keystroke to every reader's text, with real engines and real Loro documents on both
 * sides; and how many updates a second one document takes. The server runs in this process, all clients in a
 * second one; every update is durable in the log.
 */
import { defineSchema, entity, field, policy } from 'ternion';
import { auth } from 'ternion/auth';
import { docs } from 'ternion/crdt/server';
import { defineApp } from 'ternion/server';
import { benchServer } from './bench-server.ts';
import { closedLoop } from './docs-closed.ts';
import { idle, released } from './docs-memory.ts';
import { coldOpen } from './docs-open.ts';
import { bytesPerKeystroke, paced } from './docs-paced.ts';
import { typists } from './docs-typists.ts';
import type { Workload } from './figure.ts';
import { runLoad } from './load.ts';

const READERS = 10;
const KEYSTROKES = 100;
const PER_SECOND = 20;

const Page = entity('Page', { body: field.richtext() });
const schema = defineSchema({
  entities: [Page],
  policies: [policy({ entity: 'Page', allowRead: 'true', allowUpdate: 'true' })],
});

async function withPage<T>(work: (url: string) => Promise<T>): Promise<T> {
  const { server, close } = await benchServer(defineApp({ schema, plugins: [auth(), docs()] }));
  try {
    await server.host.store.write(({ tx }) => tx.insert('Page', { id: 'p', body: '' }));
    return await work(server.url);
  } finally {
    await close();
  }
}

function keystroke(): Workload {
  const name = (what: string) => `docs.keystroke.${READERS}.${what}`;
  const units = { [name('p50')]: 'ms', [name('p99')]: 'ms', [name('bytes')]: 'B/keystroke/reader' };
  const run = () =>
    withPage(async (url) => {
      const options = { url, readers: READERS, keystrokes: KEYSTROKES, perSecond: PER_SECOND };
      const { p50, p99, bytes } = await runLoad<{ p50: number; p99: number; bytes: number }>(
        'typing',
        options,
      );
      return { [name('p50')]: p50, [name('p99')]: p99, [name('bytes')]: bytes };
    });
  return { units, run };
}

export const docsWorkloads: Record<string, () => Workload> = {
  'docs.keystroke': keystroke,
  'docs.closed.10': () => closedLoop(10),
  'docs.closed.100': () => closedLoop(100),
  'docs.closed.500': () => closedLoop(500),
  'docs.paced.100': () => paced(100),
  'docs.cold-open': coldOpen,
  'docs.bytes-per-keystroke': bytesPerKeystroke,
  'docs.idle-1000': idle,
  'docs.released-10000': released,
  'docs.typists-20': typists,
};
