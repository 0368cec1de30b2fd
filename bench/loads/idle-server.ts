/**
 * A server whose memory is measured: prints its url, and for each line it reads the bytes that it holds after
 * a garbage collection. `bare`: sockets that nobody listens to, as `ws` makes them. Ends when its input does.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { WebSocketServer } from 'ws';
import { syncServer } from '../sync-server.ts';

const kind = process.argv[2];
const ROWS = 1000;
/** For timers and callbacks of the sockets to come to rest. */
const REST_MS = 300;

async function bare(): Promise<string> {
  const http = createServer().listen(0, '127.0.0.1');
  const door = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  http.on('upgrade', (request, socket, head) => {
    door.handleUpgrade(request, socket, head, (ws) => {
      ws.on('message', () => {});
      ws.on('error', () => ws.terminate());
    });
  });
  await once(http, 'listening');
  const address = http.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `http://127.0.0.1:${address.port} none`;
}

let close = async () => {};

async function sessions(): Promise<string> {
  const bench = await syncServer(ROWS);
  close = bench.close;
  return `${bench.server.url} ${bench.token}`;
}

async function held(): Promise<string> {
  for (let i = 0; i < 4; i++) {
    await new Promise((resolve) => setTimeout(resolve, REST_MS));
    globalThis.gc?.();
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return JSON.stringify({ heap: heapUsed + external, rss });
}

console.log(kind === 'bare' ? await bare() : await sessions());
const lines = createInterface({ input: process.stdin });
for await (const _ of lines) console.log(await held());
await close();
process.exit(0);
