/** Settings of documents on a page, at their edges. */
import { expect, test } from 'vitest';
import { encodeDown } from '../core/down-frame.ts';
import { encodeVersions, NO_VERSIONS } from '../core/versions.ts';
import type { DocHandle } from './doc-handle.ts';
import type { DocOptions } from './options.ts';
import { FakeDocServer } from './testing/fake-server.ts';

function type(handle: DocHandle, text: string): void {
  handle.text('body').insert(handle.text('body').length, text);
  handle.doc.commit();
}

async function joined(server: FakeDocServer, options: Partial<DocOptions>): Promise<DocHandle> {
  server.doc.getText('body').insert(0, 'hello');
  server.doc.commit();
  const handle = await server.open(options);
  server.accept();
  server.join('snapshot');
  return handle;
}

/** What the device would show without network. */
async function textOnDevice(server: FakeDocServer): Promise<string> {
  const page = new FakeDocServer(server.disk);
  const handle = await page.open();
  return handle.text('body').toString();
}

test('[N3] [D2] what others edited is on the device after copyMs, and not before', async () => {
  const server = new FakeDocServer();
  await joined(server, { copyMs: 400 });
  await server.env.clock.advance(1000);
  server.edit(5, '!');
  await server.env.clock.advance(399);
  expect(await textOnDevice(server)).toBe('hello');
  await server.env.clock.advance(1);
  expect(await textOnDevice(server)).toBe('hello!');
});

test('[N3] maxInFlight pushes are on their way; what is edited meanwhile waits, and goes as one', async () => {
  const server = new FakeDocServer();
  const handle = await joined(server, { maxInFlight: 2, batchMs: 10 });
  const pushes = () => server.heard.filter(({ kind }) => kind === 'push');
  for (const [i, letter] of [...'abcd'].entries()) {
    type(handle, letter);
    await server.env.clock.advance(50);
    expect(pushes().length).toBe(Math.min(i + 1, 2));
  }
  server.say({ kind: 'ack', n: 1, level: 'durable' });
  await server.env.clock.advance(50);
  expect(pushes().length).toBe(3);
  server.takePushes();
  expect(server.doc.getText('body').toString()).toBe('helloabcd');
  expect(handle.pending).toBe(false);
});

test('[N3] a closed document with edits that are not durable waits lingerMs maxLingers times more', async () => {
  const server = new FakeDocServer();
  const handle = await joined(server, { lingerMs: 100, maxLingers: 3 });
  type(handle, '!');
  handle.close();
  await server.env.clock.advance(399);
  expect(server.isClosed).toBe(false);
  await server.env.clock.advance(1);
  expect(server.isClosed).toBe(true);
});

test('[N3] a frame of maxFrameBytes is taken, a larger one is not', async () => {
  for (const [over, state] of [
    [0, 'live'],
    [1, 'offline'],
  ] as const) {
    const server = new FakeDocServer();
    const text = Array.from({ length: 30_000 }, () => server.env.random.next().toString(36)).join('');
    server.doc.getText('body').insert(0, text);
    server.doc.commit();
    const frame = encodeDown({
      kind: 'joined',
      permission: 'write',
      epoch: 'e1',
      rev: 0,
      peer: 101n,
      spare: 0n,
      vv: encodeVersions(NO_VERSIONS),
      mode: 'snapshot',
      bytes: server.doc.export({ mode: 'update' }),
      tail: new Uint8Array(0),
    });
    const handle = await server.open({ maxFrameBytes: frame.length - over });
    server.accept();
    server.sayInPieces(frame);
    expect(handle.state.name).toBe(state);
  }
});
