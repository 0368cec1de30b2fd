/**
 * Memory of an idle session beyond its socket, on the server. Two servers, each a process of its own: ours, and
 * bare `ws` sockets. What 2,000 sockets add to each, after garbage collections, is divided by their number; the
 * figure is the difference. `-kb`: JavaScript heap and buffers. `-rss-kb`: pages of the process, which are coarser.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { WebSocket } from 'ws';
import type { Workload } from './figure.ts';
import { WireClient } from './wire-client.ts';

const SESSIONS = 2000;
/** Before anything is counted: code is compiled, pools are filled. */
const WARM_UP = 200;
const TIMEOUT_MS = 60_000;

interface Held {
  readonly heap: number;
  readonly rss: number;
}
interface Client {
  end(): void;
}

class IdleServer {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(kind: 'bare' | 'sessions') {
    const file = join(import.meta.dirname, 'loads/idle-server.ts');
    const args = ['--conditions=ternion-source', '--expose-gc', file, kind];
    // The time limit also ends a server whose benchmark is gone.
    this.#child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'], timeout: TIMEOUT_MS });
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  async line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('the server ended');
    return value;
  }

  async held(): Promise<Held> {
    this.#child.stdin!.write('\n');
    return JSON.parse(await this.line());
  }

  async close(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.stdin!.end();
    await ended;
  }
}

async function perSocket(
  kind: 'bare' | 'sessions',
  connect: (url: string, token: string) => Promise<Client>,
): Promise<Held> {
  const server = new IdleServer(kind);
  const [url, token] = (await server.line()).split(' ') as [string, string];
  const open = async (count: number) => {
    const clients: Client[] = [];
    for (let i = 0; i < count; i++) clients.push(await connect(url, token));
    return clients;
  };
  for (const client of await open(WARM_UP)) client.end();
  const before = await server.held();
  const clients = await open(SESSIONS);
  const after = await server.held();
  for (const client of clients) client.end();
  await server.close();
  const each = (key: keyof Held) => (after[key] - before[key]) / SESSIONS;
  return { heap: each('heap'), rss: each('rss') };
}

async function connectBare(url: string): Promise<Client> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`);
  await once(socket, 'open');
  return { end: () => socket.terminate() };
}

function sessionMemory(): Workload {
  const run = async () => {
    const bare = await perSocket('bare', connectBare);
    const ours = await perSocket('sessions', (url, token) =>
      WireClient.connect(url, token, { only: 'none' }),
    );
    return {
      'sync.session-kb': (ours.heap - bare.heap) / 1024,
      'sync.session-rss-kb': (ours.rss - bare.rss) / 1024,
      'sync.session-kb.socket': bare.heap / 1024,
    };
  };
  const units = { 'sync.session-kb': 'KB', 'sync.session-rss-kb': 'KB', 'sync.session-kb.socket': 'KB' };
  return { units, run };
}

export const sessionWorkloads: Record<string, () => Workload> = { 'sync.session-kb': sessionMemory };
