import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { auth } from '../auth/plugin.ts';
import { defineApp } from '../plugin/define-app.ts';
import { defineSchema } from '../schema/define-schema.ts';
import { TempDatabase } from '../testing/temp-database.ts';
import { resolveConfig } from './config.ts';
import { createServer, type Server } from './create-server.ts';

let database: TempDatabase;
let server: Server;

beforeAll(async () => {
  database = new TempDatabase();
  const app = defineApp({ schema: defineSchema({ entities: [] }), plugins: [auth()] });
  server = await createServer(app, {
    port: 0,
    database: database.path,
    logLevel: 'silent',
    signals: false,
    origins: ['https://friend.example'],
    maxBodyBytes: 100,
    http: (hono) => hono.get('/own', (context) => context.text('mine')),
  });
});
afterAll(async () => {
  await server.close();
  database.remove();
});

/** Sends raw bytes and resolves with the first line of the answer. */
function rawLine(request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(server.port, '127.0.0.1', () => socket.write(request));
    socket.on('error', reject);
    socket.once('data', (data) => {
      resolve(data.toString().split('\r\n')[0]!);
      socket.destroy();
    });
  });
}

const upgrade = (path: string, headers: string[] = []) =>
  rawLine(
    [
      `GET ${path} HTTP/1.1`,
      `Host: 127.0.0.1:${server.port}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      ...headers,
      '\r\n',
    ].join('\r\n'),
  );
const PROTOCOL = 'Sec-WebSocket-Protocol: ternion.6';

describe('HTTP', () => {
  test('health, readiness, metrics and the app’s own routes', async () => {
    expect(await (await fetch(`${server.url}/health`)).json()).toEqual({ ok: true });
    expect(await (await fetch(`${server.url}/ready`)).json()).toEqual({ ready: true });
    expect(await (await fetch(`${server.url}/own`)).text()).toBe('mine');
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    expect(metrics).toContain('ternion_connections 0');
    expect(metrics).toContain('process_cpu_seconds_total');
  });

  test('guests sign in and are known by their token alone', async () => {
    const { token, session } = await (
      await fetch(`${server.url}/api/auth/guest`, { method: 'POST', body: '{}' })
    ).json();
    const me = (headers = {}) => fetch(`${server.url}/api/auth/me`, { headers }).then((r) => r.json());
    expect(await me({ authorization: `Bearer ${token}` })).toEqual({ session });
    expect(await me()).toMatchObject({ session: { userId: null, kind: 'anonymous' } });
    expect(await me({ authorization: 'Bearer x' })).toMatchObject({ error: { code: 'unauthorized' } });
  });

  test('[N1] errors have one form and the status of their code', async () => {
    const missing = await fetch(`${server.url}/api/nothing`);
    expect([missing.status, await missing.json()]).toEqual([
      404,
      { error: { code: 'not_found', message: 'nothing here' } },
    ]);
    const broken = await fetch(`${server.url}/api/auth/guest`, { method: 'POST', body: '{' });
    expect([broken.status, (await broken.json()).error.code]).toEqual([400, 'invalid']);
  });

  test('[N3] a body over the limit is refused, one at the limit is read', async () => {
    const send = (bytes: number) =>
      fetch(`${server.url}/api/auth/guest`, { method: 'POST', body: '{}'.padEnd(bytes) }).then(
        (r) => r.status,
      );
    expect([await send(100), await send(101)]).toEqual([200, 413]);
  });
});

describe('the upgrade', () => {
  test('takes our subprotocol', async () => {
    expect(await upgrade('/ws', [PROTOCOL])).toContain('101');
  });

  test.each<[string, string, string[], string]>([
    ['another path', '/other', [PROTOCOL], '404'],
    ['no subprotocol', '/ws', [], '426'],
    ['another protocol number', '/ws', ['Sec-WebSocket-Protocol: ternion.99'], '426'],
    ['a token that is not percent-encoded', '/ws', ['Sec-WebSocket-Protocol: ternion.6, bearer.%zz'], '401'],
    ['[P6] a foreign origin', '/ws', [PROTOCOL, 'Origin: https://evil.example'], '403'],
    ['[P6] an origin that is none', '/ws', [PROTOCOL, 'Origin: null'], '403'],
    ['[N1] regression: a path that is no URL', '//', [PROTOCOL], '404'],
  ])('refuses %s', async (_, path, headers, status) => {
    expect(await upgrade(path, headers)).toContain(status);
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
  });

  test('[P6] takes its own origin and those in the settings', async () => {
    expect(await upgrade('/ws', [PROTOCOL, `Origin: ${server.url}`])).toContain('101');
    expect(await upgrade('/ws', [PROTOCOL, 'Origin: https://friend.example'])).toContain('101');
  });

  test('[N3] a message over the limit ends the connection before it is read', async () => {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/ws`, ['ternion.6']);
    const code = await new Promise((resolve) => {
      socket.on('open', () => socket.send('x'.repeat((1 << 20) + 1)));
      socket.on('close', resolve);
    });
    expect(code).toBe(1009);
  });
});

describe('settings', () => {
  test('what the code gives beats the environment, which beats the default', () => {
    expect(resolveConfig({}, {}).port).toBe(4321);
    expect(resolveConfig({}, { TERNION_PORT: '5000', TERNION_ORIGINS: 'https://a,https://b' })).toMatchObject(
      {
        port: 5000,
        origins: ['https://a', 'https://b'],
      },
    );
    expect(resolveConfig({ port: 6000 }, { TERNION_PORT: '5000' }).port).toBe(6000);
  });

  test.each([
    [{ TERNION_PORT: 'x' }, 'TERNION_PORT'],
    [{ TERNION_PORT: '65536' }, 'TERNION_PORT'],
    [{ TERNION_LOG_LEVEL: 'loud' }, 'TERNION_LOG_LEVEL'],
  ])('%o is refused by name', (environment, name) => {
    expect(() => resolveConfig({}, environment)).toThrow(name);
  });
});
