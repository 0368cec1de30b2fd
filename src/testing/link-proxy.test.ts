import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { nodeEnv } from '../server/node-env.ts';
import type { LinkQuality } from './link-lane.ts';
import { LinkProxy } from './link-proxy.ts';

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

/** A server behind a proxy; `serve` gets each connection. */
async function behind(quality: LinkQuality, serve: (socket: Socket) => void, bufferBytes?: number) {
  const server: Server = createServer({ allowHalfOpen: true }, (socket) =>
    serve(socket.on('error', () => {})),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  opened.push(server);
  const address = server.address();
  const toPort = typeof address === 'object' && address ? address.port : 0;
  const proxy = new LinkProxy(nodeEnv('silent'), {
    quality,
    toPort,
    ...(bufferBytes === undefined ? {} : { bufferBytes }),
  });
  opened.push(proxy);
  const client = connect(await proxy.listen());
  client.on('error', () => {});
  await once(client, 'connect');
  return { proxy, client };
}

/** However it ended. */
function closed(socket: Socket): Promise<void> {
  socket.on('error', () => {});
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

async function readAll(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test('bytes come back whole and in order, not before twice the latency', async () => {
  const { client } = await behind({ latencyMs: 30, jitterMs: 10 }, (socket) => socket.pipe(socket));
  const sent = Buffer.from(Array.from({ length: 100_000 }, (_, i) => i % 251));
  const beginMs = performance.now();
  client.end(sent);
  const got = await readAll(client);
  expect(got.equals(sent)).toBe(true);
  expect(performance.now() - beginMs).toBeGreaterThanOrEqual(59); // timers may fire a little early
});

test('a narrow link takes its time, and a sender that is faster waits: what is held is bounded', async () => {
  const size = 400_000;
  const bufferBytes = 32 << 10;
  const { client, proxy } = await behind(
    { bytesPerSecond: 1_000_000 },
    (socket) => socket.end(Buffer.alloc(size, 1)),
    bufferBytes,
  );
  const beginMs = performance.now();
  let got = 0;
  let most = 0;
  client.on('data', (chunk: Buffer) => {
    got += chunk.length;
    most = Math.max(most, proxy.heldBytes);
  });
  await once(client, 'end');
  expect(got).toBe(size);
  expect(performance.now() - beginMs).toBeGreaterThanOrEqual(size / 1000 - 100);
  // One read of a socket, 64 KiB, may come on top.
  expect(most).toBeLessThan(bufferBytes + (64 << 10));
});

test('a reader that stops is felt by the sender', async () => {
  const bufferBytes = 32 << 10;
  const { client, proxy } = await behind(
    {},
    (socket) => {
      const fill = () => {
        while (socket.write(Buffer.alloc(64 << 10)));
      };
      socket.on('drain', fill);
      fill();
    },
    bufferBytes,
  );
  client.pause();
  while (proxy.heldBytes < bufferBytes) await new Promise((resolve) => setImmediate(resolve));
  for (let i = 0; i < 100; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    expect(proxy.heldBytes).toBeLessThan(bufferBytes + (64 << 10));
  }
  client.destroy();
});

test('an end that is cut takes the other with it', async () => {
  const ended: Promise<void>[] = [];
  const { client } = await behind({ latencyMs: 5 }, (socket) => {
    ended.push(closed(socket));
    socket.resume();
  });
  client.write('x');
  while (ended.length === 0) await new Promise((resolve) => setImmediate(resolve));
  client.resetAndDestroy();
  await Promise.all(ended);
});

test('without a server behind it, the client is cut off', async () => {
  const proxy = new LinkProxy(nodeEnv('silent'), { quality: {}, toPort: 1 });
  opened.push(proxy);
  const client = connect(await proxy.listen());
  await closed(client);
});
