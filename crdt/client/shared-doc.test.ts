/** A page's document against a server that is played by hand: states, and what it does with what does not fit. */
import { LoroDoc } from 'loro-crdt';
import { afterEach, expect, test, vi } from 'vitest';
import { Fault } from '../../src/base/fault.ts';
import type { DocHandle } from './doc-handle.ts';
import { FakeDocServer } from './testing/fake-server.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

const textIn = (handle: DocHandle) => handle.text('body').toString();
function type(handle: DocHandle, text: string, at = handle.text('body').length): void {
  handle.text('body').insert(at, text);
  handle.doc.commit();
}

/** The states that a handle goes through, without repetitions. */
function statesOf(handle: DocHandle): string[] {
  const states: string[] = [handle.state.name];
  handle.subscribe(() => {
    if (states.at(-1) !== handle.state.name) states.push(handle.state.name);
  });
  return states;
}

async function joined(server: FakeDocServer, options: Parameters<FakeDocServer['open']>[0] = {}) {
  server.doc.getText('body').insert(0, 'hello');
  server.doc.commit();
  const handle = await server.open(options);
  const states = statesOf(handle);
  server.accept();
  server.join('snapshot');
  return { handle, states };
}

/** Loses the connection, and comes back to this. */
function reconnect(server: FakeDocServer): void {
  server.lose();
  server.accept();
}

test('states: loading, syncing, live; a gap in the revisions is syncing until the next answer', async () => {
  const server = new FakeDocServer();
  const { handle, states } = await joined(server);
  server.edit(5, ' world');
  expect(textIn(handle)).toBe('hello world');
  server.rev++; // one that never came
  server.edit(0, 'X');
  expect(handle.state.name).toBe('syncing');
  expect(server.heard.at(-1)?.kind).toBe('resync');
  server.join('delta');
  expect(textIn(handle)).toBe('Xhello world');
  expect(handle.rev).toBe(server.rev);
  expect(states).toEqual(['loading', 'syncing', 'live', 'syncing', 'live']);
  server.edit(0, 'Y');
  expect(textIn(handle)).toBe('YXhello world');
});

test('states: a refusal that passes is syncing until the next answer', async () => {
  const server = new FakeDocServer();
  const { handle, states } = await joined(server);
  type(handle, '!');
  await server.env.clock.advance(50);
  const refuse = (code: 'stale_cursor' | 'overloaded', retry: 'now' | 'backoff') =>
    server.say({ kind: 'refuse', n: 1, code, retry });
  refuse('stale_cursor', 'now');
  expect(server.heard.at(-1)?.kind).toBe('resync');
  server.join('none', { bytes: new Uint8Array(0) });
  await server.env.clock.advance(50);
  refuse('overloaded', 'backoff');
  expect(server.heard.at(-1)?.kind).toBe('push');
  await server.env.clock.advance(20_000);
  expect(server.heard.at(-1)?.kind).toBe('resync');
  server.join('none', { bytes: new Uint8Array(0) });
  server.takePushes();
  expect(states).toEqual(['loading', 'syncing', 'live', 'syncing', 'live', 'syncing', 'live']);
  expect(handle.pending).toBe(false);
});

test('states: offline from loading, syncing and live, and back', async () => {
  const server = new FakeDocServer();
  const early = await server.open();
  const states = statesOf(early);
  server.lose();
  server.accept();
  server.lose();
  server.accept();
  server.join('delta');
  server.lose();
  expect(states).toEqual(['loading', 'offline', 'syncing', 'offline', 'syncing', 'live', 'offline']);
});

test('states: a copy on the device is offline before anything is heard; then syncing', async () => {
  const server = new FakeDocServer();
  const { handle } = await joined(server);
  await server.env.clock.advance(2000);
  handle.close();
  await server.env.clock.advance(2000);
  const again = await server.open();
  expect(again.state.name).toBe('offline');
  expect(textIn(again)).toBe('hello');
  server.accept();
  expect(again.state.name).toBe('syncing');
  const join = server.joins.at(-1)!;
  expect(join.epoch).toBe('e1');
  expect(join.vv).toEqual(server.doc.oplogVersion().encode()); // only what is new is asked for
});

test('states: refused and closed, from any state', async () => {
  const server = new FakeDocServer();
  const { handle, states } = await joined(server);
  server.refuse(new Fault('too_large', 'no'));
  expect(handle.state).toMatchObject({ name: 'refused', fault: { code: 'too_large' } });
  expect(handle.editable).toBe(false);
  await expect(handle.synced()).rejects.toMatchObject({ code: 'too_large' });
  server.lose();
  handle.close();
  expect(handle.state.name).toBe('closed');
  expect(states).toEqual(['loading', 'syncing', 'live', 'refused']);
  await expect(handle.synced()).rejects.toMatchObject({ code: 'cancelled' });
  const early = await new FakeDocServer().open();
  early.close();
  expect(early.state.name).toBe('closed');
});

test('states: a refusal that passes opens the channel again, later', async () => {
  const server = new FakeDocServer();
  const { handle } = await joined(server);
  server.refuse(new Fault('overloaded', 'later'));
  expect(handle.state.name).toBe('offline');
  await server.env.clock.advance(15_000);
  server.accept();
  expect(handle.state.name).toBe('syncing');
});

test('a first open asks for a shallow snapshot, and for a spare; a page that has both asks for neither', async () => {
  const server = new FakeDocServer();
  const { handle } = await joined(server);
  expect(server.joins[0]).toMatchObject({ wants: { lazy: true, spare: true }, lease: 0n, epoch: '' });
  server.lose();
  server.accept();
  server.join('none', { bytes: new Uint8Array(0), spare: 77n });
  reconnect(server);
  expect(server.joins.at(-1)).toMatchObject({ wants: { lazy: false, spare: false } });
  handle.close();
  const full = new FakeDocServer();
  await full.open({ history: 'full', keepDocs: 0 });
  full.accept();
  expect(full.joins[0]).toMatchObject({ wants: { lazy: false, spare: false } });
});

test('a shallow document is edited, kept and reloaded; an edit from before its root makes it whole', async () => {
  const server = new FakeDocServer();
  server.doc.getText('body').insert(0, 'hello');
  server.doc.commit();
  const early = FakeDocServer.from('9', server.doc.export({ mode: 'update' }));
  server.doc.getText('body').insert(5, ' world');
  server.doc.commit();
  const first = await server.open();
  server.accept();
  server.join('shallow');
  expect(first.doc.isShallow()).toBe(true);
  type(first, '!');
  await server.env.clock.advance(2000);
  server.takePushes();
  await server.env.clock.advance(2000);
  first.close();
  await server.env.clock.advance(2000);
  const handle = await server.open();
  expect(textIn(handle)).toBe('hello world!');
  server.accept();
  server.join('none', { bytes: new Uint8Array(0) });
  type(handle, ' unsent');
  // Somebody who was away since `hello` comes back.
  early.getText('body').insert(0, 'EARLY ');
  early.commit();
  const from = server.doc.oplogVersion();
  server.doc.import(early.export({ mode: 'update' }));
  server.say({
    kind: 'update',
    rev: ++server.rev,
    revs: 1,
    bytes: server.doc.export({ mode: 'update', from }),
  });
  expect(handle.state.name).toBe('syncing');
  expect(server.joins.at(-1)).toMatchObject({ wants: { lazy: false }, epoch: '' });
  server.join('snapshot');
  if (handle.state.name === 'syncing') server.join('none', { bytes: new Uint8Array(0) });
  await server.env.clock.advance(100);
  server.takePushes();
  expect(handle.doc.isShallow()).toBe(false);
  expect(textIn(handle)).toBe('EARLY hello world! unsent');
  expect(handle.doc).toBeDefined();
  expect(server.doc.getText('body').toString()).toBe(textIn(handle));
});

test('[D6] a shallow snapshot onto a document that is not empty: what was there is void, unsent edits go on', async () => {
  const server = new FakeDocServer();
  const { handle } = await joined(server);
  server.lose();
  type(handle, ' mine');
  server.doc.getText('body').insert(0, 'Oh, ');
  server.doc.commit();
  server.accept();
  server.join('shallow');
  if (handle.state.name === 'syncing') server.join('none', { bytes: new Uint8Array(0) });
  await server.env.clock.advance(100);
  server.takePushes();
  expect(textIn(handle)).toBe('Oh, hello mine');
  expect(server.doc.getText('body').toString()).toBe('Oh, hello mine');
  expect(handle.state).toMatchObject({ name: 'live', rebased: { code: 'conflict' } });
});

test('an update that builds on what is not there leads to all of the document', async () => {
  const server = new FakeDocServer();
  const { handle } = await joined(server);
  const missing = FakeDocServer.from('8', server.doc.export({ mode: 'update' }));
  missing.getText('body').insert(0, 'A');
  missing.commit();
  const from = missing.oplogVersion();
  missing.getText('body').insert(1, 'B');
  missing.commit();
  server.edit(5, '.', missing.export({ mode: 'update', from }));
  expect(handle.state.name).toBe('syncing');
  server.join('snapshot');
  expect(textIn(handle)).toBe('hello.');
  expect(handle.state.name).toBe('live');
});

/** The next `times` imports break their document, as bytes with a refitted checksum do. */
function trap(times: number): void {
  const real = LoroDoc.prototype.import;
  let left = times;
  vi.spyOn(LoroDoc.prototype, 'import').mockImplementation(function (this: LoroDoc, bytes: Uint8Array) {
    if (left-- > 0) throw new WebAssembly.RuntimeError('unreachable');
    return real.call(this, bytes);
  });
}

test('[D3] [D2] a document that breaks is loaded anew with its unsent edits', async () => {
  const server = new FakeDocServer();
  const { handle } = await joined(server, { persistMs: 10 });
  server.lose();
  type(handle, ' mine');
  await server.env.clock.advance(100);
  server.accept();
  const before = handle.doc;
  trap(1);
  server.edit(0, 'x');
  server.join('delta');
  vi.restoreAllMocks();
  await server.env.clock.advance(10);
  expect(handle.doc).not.toBe(before);
  server.accept();
  expect(server.joins.at(-1)).toMatchObject({ epoch: '', wants: { lazy: false } });
  server.join('snapshot');
  await server.env.clock.advance(100);
  server.takePushes();
  expect(textIn(handle)).toBe('xhello mine');
  expect(server.doc.getText('body').toString()).toBe('xhello mine');
  expect(handle.pending).toBe(false);
});

test('[D3] one that breaks again and again is refused with a typed fault', async () => {
  const server = new FakeDocServer();
  const { handle } = await joined(server, { maxRestarts: 2 });
  trap(3);
  server.edit(0, 'x');
  for (let i = 0; i < 2; i++) {
    await server.env.clock.advance(10);
    expect(handle.state.name).not.toBe('refused');
    server.accept();
    server.join('snapshot');
  }
  expect(handle.state).toMatchObject({ name: 'refused', fault: { code: 'internal' } });
  expect(server.isClosed).toBe(true);
  expect(() => handle.close()).not.toThrow();
});
