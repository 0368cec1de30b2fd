/** What a client sends over a real socket arrives, whoever reads it: small-frames.ts or `ws`. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { silentLog } from '../base/env.ts';
import { offerSubprotocols } from '../protocol/handshake.ts';
import { simEnv } from '../testing/sim-env.ts';
import { attachWebSockets } from './ws-transport.ts';

const MAX_PAYLOAD = 200_000;

let server: Server;
let closeDoor: () => void;
let url: string;
/** Texts, and of bytes how many there were of what value. */
let heard: string[];
let closes: number[];

beforeEach(async () => {
  heard = [];
  closes = [];
  server = createServer();
  closeDoor = attachWebSockets(
    server,
    { ...simEnv(1), log: silentLog },
    {
      maxPayload: MAX_PAYLOAD,
      origins: [],
      accept: (transport) =>
        transport.listen({
          message(data) {
            heard.push(typeof data === 'string' ? data : shown(data));
            if (data === 'echo') transport.send(Uint8Array.of(1, 2, 3));
            if (data === 'bye') transport.close(4000, 'bye');
          },
          drain() {},
          close: (code) => closes.push(code),
        }),
    },
  );
  await once(server.listen(0, '127.0.0.1'), 'listening');
  url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws`;
});

afterEach(async () => {
  closeDoor();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function connected(): Promise<WebSocket> {
  const client = new WebSocket(url, offerSubprotocols(null));
  await once(client, 'open');
  return client;
}

const bytes = (length: number, value: number) => new Uint8Array(length).fill(value);

function shown(data: Uint8Array): string {
  return `${data.length} x ${[...new Set(data)].join(', ')}`;
}

test('messages of all kinds and sizes arrive once and in order', async () => {
  const client = await connected();
  const sent: string[] = [];
  for (let i = 0; i < 300; i++) {
    const length = [0, 1, 20, 125, 126, 3000, 65_535, 70_000][(i * 5) % 8]!;
    if (i % 3 === 0) {
      sent.push('x'.repeat(length));
      client.send('x'.repeat(length));
    } else {
      sent.push(shown(bytes(length, i % 256)));
      client.send(bytes(length, i % 256));
    }
  }
  client.send('echo');
  const [answer] = await once(client, 'message');
  expect([...answer]).toEqual([1, 2, 3]);
  expect(heard).toEqual([...sent, 'echo']);
  client.terminate();
  await expect.poll(() => closes).toEqual([1006]);
});

test('pings are answered and parts are joined, between small messages', async () => {
  const client = await connected();
  client.send(bytes(3, 1));
  client.ping('are you there');
  const [pong] = await once(client, 'pong');
  expect(String(pong)).toBe('are you there');
  client.send(bytes(2, 2), { fin: false });
  client.send(bytes(2, 3), { fin: true });
  client.send(bytes(1, 4));
  client.close(4001);
  const [code] = await once(client, 'close');
  expect(code).toBe(4001);
  expect(heard).toEqual(['3 x 1', '4 x 2, 3', '1 x 4']);
  expect(closes).toEqual([4001]);
});

test('when the server closes, the client answers and both know why', async () => {
  const client = await connected();
  client.send(bytes(3, 1));
  client.send('bye');
  const [code, reason] = await once(client, 'close');
  expect([code, String(reason)]).toEqual([4000, 'bye']);
  await expect.poll(() => closes).toEqual([4000]);
});

test.each([
  ['text that is no UTF-8', (client: WebSocket) => client.send(Uint8Array.of(0xff, 0xfe), { binary: false })],
  ['more than may be', (client: WebSocket) => client.send(bytes(MAX_PAYLOAD + 1, 1))],
])('[N1] %s ends the connection', async (_, send) => {
  const client = await connected();
  client.on('error', () => {});
  client.send(bytes(3, 1));
  send(client);
  for (let i = 0; i < 10; i++) client.send(`behind ${i}`);
  await once(client, 'close');
  await expect.poll(() => closes.length).toBe(1);
  expect(heard).toEqual(['3 x 1']);
});
