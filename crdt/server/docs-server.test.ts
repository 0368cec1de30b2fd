/** The life of documents on a server: durable, shared, projected, compacted, unloaded. Hand-made clients, real store. */

import { LoroDoc } from 'loro-crdt';
import { afterEach, expect, test, vi } from 'vitest';
import { TempDatabase } from '../../src/testing/temp-database.ts';
import type { DocsOptions } from './options.ts';
import { readColumns } from './read-fields.ts';
import { boot as bootOn, codeOf, join, open } from './testing/booted.ts';
import { Hand } from './testing/hand.ts';

const database = { files: new TempDatabase() };
afterEach(() => {
  database.files.remove();
  database.files = new TempDatabase();
  vi.restoreAllMocks();
});

const boot = (options?: Partial<DocsOptions>) => bootOn(database.files, options);

test('[D2] durable comes after the commit, and readers see nothing before it', async () => {
  const booted = await boot();
  await booted.insert('n1');
  const [a, b] = [await join(booted, 'n1'), await join(booted, 'n1', 'bob')];
  booted.trouble.broken = 'INTO _doc_updates';
  a.push(a.edit('hi'));
  await booted.clock.advance(1000);
  expect(a.all('ack').map(({ level }) => level)).toEqual(['received']);
  expect(b.all('update')).toEqual([]);
  booted.trouble.broken = '';
  await booted.clock.until(() => b.all('update').length > 0);
  expect(a.last('ack')).toEqual({ kind: 'ack', n: 1, level: 'durable' });
  expect(b.text).toBe('hi');
});

test('what came in one turn is one update, and an author is spared its own', async () => {
  const booted = await boot();
  await booted.insert('n1');
  const [a, b] = [await join(booted, 'n1'), await join(booted, 'n1', 'bob')];
  for (const letter of 'abc') a.push(a.edit(letter));
  await booted.clock.advance(100);
  expect(b.all('update').length).toBe(1);
  expect(b.text).toBe('cba');
  expect(a.last('update')).toEqual({ kind: 'update', rev: 1, revs: 1, bytes: new Uint8Array(0) });
  a.push(a.edit('1'));
  b.push(b.edit('2'));
  await booted.clock.advance(100);
  expect(a.last('update').bytes).toEqual(b.last('update').bytes);
  expect(a.text).toBe(b.text);
});

test('[D4] one load for many at once; unloaded and freed after the last release plus linger', async () => {
  const booted = await boot({ lingerMs: 1000 });
  await booted.insert('n1');
  const first = await join(booted, 'n1');
  first.push(first.edit('kept'));
  await booted.clock.advance(500);
  first.handler.closed();
  await booted.clock.advance(900);
  expect(booted.hub.size).toBe(1);
  const free = vi.spyOn(LoroDoc.prototype, 'free');
  await booted.clock.advance(200);
  expect(booted.hub.size).toBe(0);
  expect(free.mock.calls.length).toBeGreaterThanOrEqual(2); // the replica and the shadow
  const before = booted.trouble.count('FROM _doc_meta WHERE entity');
  const hands = Array.from({ length: 8 }, () => new Hand('ann'));
  const opening = hands.map((hand) => booted.instance.channels.doc(hand, { entity: 'Note', id: 'n1' }));
  const handlers = await booted.clock.run(Promise.all(opening));
  for (const [i, hand] of hands.entries()) {
    hand.handler = handlers[i]!;
    hand.join();
  }
  await booted.clock.advance(100);
  expect(booted.trouble.count('FROM _doc_meta WHERE entity') - before).toBe(1);
  expect(new Set(hands.map((hand) => hand.text))).toEqual(new Set(['kept']));
  hands[0]!.handler.closed();
  hands[0]!.handler.closed();
  expect(booted.hub.entries[0]!.followers).toBe(7);
});

test('[D4] coming back within the linger, or while it flushes, keeps the document', async () => {
  const booted = await boot({ lingerMs: 1000 });
  await booted.insert('n1');
  const a = await join(booted, 'n1');
  booted.trouble.broken = 'INTO _doc_updates';
  a.push(a.edit('x'));
  a.handler.closed();
  await booted.clock.advance(5000);
  expect(booted.hub.entries[0]!.state).toBe('flushing'); // [D10] kept until it is stored
  const b = await join(booted, 'n1', 'bob');
  booted.trouble.broken = '';
  await booted.clock.until(() => b.text === 'x');
  expect(booted.hub.entries[0]!.state).toBe('open');
});

test('[D10] a load that fails leaves nothing and is tried again', async () => {
  const booted = await boot();
  await booted.insert('n1');
  booted.trouble.broken = 'FROM _doc_updates';
  expect(await codeOf(open(booted, 'n1'))).toBe('storage');
  expect(booted.hub.size).toBe(0);
  booted.trouble.broken = '';
  expect((await join(booted, 'n1')).last('joined').permission).toBe('write');
});

test('[D10] a failing store is reported, and retried until it works', async () => {
  const booted = await boot();
  await booted.insert('n1');
  const a = await join(booted, 'n1');
  booted.trouble.broken = 'INTO _doc_updates';
  for (let i = 0; i < 20; i++) {
    a.push(a.edit('x'));
    await booted.clock.advance(1000);
  }
  const failing = () => booted.instance.gauges.find(({ name }) => name === 'ternion_docs_failing')!.read();
  expect(failing()).toBe(1);
  booted.trouble.broken = '';
  await booted.clock.until(() => a.last('ack').level === 'durable');
  expect(failing()).toBe(0);
  await booted.clock.advance(1000);
  expect(await booted.body('n1')).toBe('x'.repeat(20));
});

test('[D10] a projection that fails is tried again', async () => {
  const booted = await boot();
  await booted.insert('n1');
  const a = await join(booted, 'n1');
  booted.trouble.broken = 'UPDATE "Note"';
  a.push(a.edit('text'));
  await booted.clock.advance(5000);
  expect(await booted.body('n1')).toBe('');
  booted.trouble.broken = '';
  await booted.clock.advance(20_000);
  expect(await booted.body('n1')).toBe('text');
});

test('[D1] typing projects a few times a second, as row changes; a crash before it is made good', async () => {
  const booted = await boot({ projectMs: 250 });
  await booted.insert('n1');
  const a = await join(booted, 'n1');
  const { seq } = booted.store;
  for (let i = 0; i < 100; i++) {
    a.push(a.edit('x'));
    await booted.clock.advance(20);
  }
  await booted.clock.advance(500);
  const changes = booted.store.seq - seq;
  expect(changes).toBeGreaterThanOrEqual(8);
  expect(changes).toBeLessThanOrEqual(10);
  booted.trouble.broken = 'UPDATE "Note"';
  a.push(a.edit('!'));
  await booted.clock.advance(1000);
  await booted.stop();
  const again = await boot();
  await again.clock.advance(1000);
  expect(await again.body('n1')).toBe(`!${'x'.repeat(100)}`);
});

test('[D6] the log is folded into a snapshot that keeps everything', async () => {
  const booted = await boot({ compactUpdates: 5, snapshotOps: 10 });
  await booted.insert('n1');
  const [a, away] = [await join(booted, 'n1'), await join(booted, 'n1', 'bob')];
  const { epoch, peer } = away.last('joined');
  const offline = away.edit('offline ');
  away.handler.closed();
  for (let i = 0; i < 33; i++) {
    a.push(a.edit(`${i} `));
    await booted.clock.advance(20);
  }
  expect((await booted.rows('SELECT * FROM _doc_updates')).length).toBeLessThanOrEqual(5);
  expect((await booted.rows('SELECT * FROM _doc_snapshots')).length).toBe(1);
  await booted.stop();
  const again = await boot({ snapshotOps: 10 });
  const fresh = await join(again, 'n1');
  expect(fresh.last('joined').mode).toBe('snapshot');
  expect(fresh.text).toBe(a.text);
  const back = await open(again, 'n1', 'bob');
  back.doc.import(offline);
  back.join(epoch, peer);
  await again.clock.until(() => back.all('joined').length > 0);
  back.push(offline);
  await again.clock.advance(1000);
  expect(fresh.text).toBe(back.text);
  expect(await again.body('n1')).toBe(back.text);
  expect(back.text).toContain('offline');
});

test('[N3] [D6] compactBytes of updates are folded, and one byte fewer are not', async () => {
  const booted = await boot();
  await booted.insert('n1');
  const a = await join(booted, 'n1');
  for (let i = 0; i < 3; i++) {
    a.push(a.edit('word'));
    await booted.clock.advance(100);
  }
  const [stored] = await booted.rows('SELECT SUM(LENGTH(bytes)) AS size FROM _doc_updates');
  const sizeBytes = Number(stored?.size);
  await booted.stop();
  const folds = async (compactBytes: number) => {
    const again = await boot({ compactBytes });
    await join(again, 'n1');
    await again.clock.advance(1000);
    const count = (await again.rows('SELECT * FROM _doc_snapshots')).length;
    await again.stop();
    return count;
  };
  expect(await folds(sizeBytes + 1)).toBe(0);
  expect(await folds(sizeBytes)).toBe(1);
});

test('[N3] [D1] a text of maxColumnChars shows as it is, of a longer one the beginning; a long map shows as the default', async () => {
  const booted = await boot({ maxColumnChars: 10, projectMs: 0 });
  await booted.insert('n1');
  const a = await join(booted, 'n1');
  a.push(a.edit('0123456789'));
  await booted.clock.advance(1000);
  expect(await booted.body('n1')).toBe('0123456789');
  a.push(a.edit('X', 10));
  await booted.clock.advance(1000);
  expect(await booted.body('n1')).toBe('0123456789');
  const [row] = await booted.rows("SELECT docRev FROM Note WHERE id = 'n1'");
  expect(row?.docRev).toBe(2);
  a.push(a.edit('\u{1f600}', 9)); // not half of it
  await booted.clock.advance(1000);
  expect(await booted.body('n1')).toBe('012345678');
  expect(readColumns(mapOf(2), [{ field: 'm', container: 'map' }], 9)).toEqual({});
  expect(readColumns(mapOf(1), [{ field: 'm', container: 'map' }], 9)).toEqual({ m: { k0: 1 } });
});

function mapOf(keys: number): LoroDoc {
  const doc = new LoroDoc();
  for (let i = 0; i < keys; i++) doc.getMap('m').set(`k${i}`, 1);
  return doc;
}

test('a slow reader gets one delta, from where it stood; refusals and acks are not lost', async () => {
  const booted = await boot();
  await booted.insert('n1');
  const [a, slow] = [await join(booted, 'n1'), await join(booted, 'n1', 'bob')];
  const before = slow.frames.length;
  slow.room = 0;
  for (let i = 0; i < 10; i++) {
    a.push(a.edit('a'));
    await booted.clock.advance(20);
  }
  slow.push(new Uint8Array([1]));
  expect(slow.frames.length).toBe(before);
  slow.room = Number.POSITIVE_INFINITY;
  slow.handler.drained!();
  expect(slow.frames.slice(before).map(({ kind }) => kind)).toEqual(['refuse', 'lagging', 'update']);
  expect(slow.last('update').rev).toBe(10);
  expect(slow.text).toBe('a'.repeat(10));
  a.push(a.edit('b'));
  await booted.clock.advance(100);
  expect(slow.last('update').rev).toBe(11);
});

test('a large document travels in pieces, one by one to a slow reader, and what came meanwhile follows', async () => {
  const booted = await boot({ snapshotOps: 1000 });
  await booted.insert('n1');
  const a = await join(booted, 'n1');
  const { random } = booted.env;
  let large = '';
  while (large.length < 300_000) large += random.next().toString(36);
  a.push(a.edit(large));
  await booted.clock.advance(100);
  const b = await open(booted, 'n1', 'bob');
  b.room = 1;
  b.join();
  await booted.clock.advance(100);
  expect(b.all('joined')).toEqual([]);
  a.push(a.edit('more '));
  await booted.clock.advance(100);
  while (b.all('update').length === 0) {
    b.room = 1;
    b.handler.drained!();
  }
  expect(b.frames.map(({ kind }) => kind)).toEqual(['joined', 'lagging', 'update']);
  expect(b.text).toBe(a.text);
  expect(b.largest).toBeLessThan(65 * 1024);
});

test('limits hold at their edges', async () => {
  const booted = await boot({ maxDocs: 2, maxReaders: 2, maxUpdateBytes: 500, maxUndurableBytes: 600 });
  for (const id of ['n1', 'n2', 'n3']) await booted.insert(id);
  const a = await join(booted, 'n1');
  await join(booted, 'n1');
  expect(await codeOf(open(booted, 'n1'))).toBe('overloaded');
  await join(booted, 'n2');
  expect(await codeOf(open(booted, 'n3'))).toBe('overloaded');
  a.push(new Uint8Array(500));
  expect(a.last('refuse').code).toBe('invalid'); // the size was fine
  a.resync();
  a.push(new Uint8Array(501));
  expect(a.last('refuse').code).toBe('too_large');
  a.resync();
  booted.trouble.broken = 'INTO _doc_updates';
  const [fits, over] = [a.edit('x'.repeat(300)), a.edit('y'.repeat(300))];
  a.push(fits);
  a.push(over);
  expect(a.last('refuse')).toMatchObject({ n: a.n, code: 'overloaded', retry: 'backoff' });
  booted.trouble.broken = '';
  await booted.clock.advance(5000);
  a.resync();
  a.push(over);
  await booted.clock.advance(5000);
  expect(a.last('ack')).toEqual({ kind: 'ack', n: a.n, level: 'durable' });
  expect(
    await codeOf(booted.clock.run(booted.instance.channels.doc(new Hand('x'), { entity: 'Plain', id: 'p' }))),
  ).toBe('not_found');
});

test('drain makes everything durable and visible in the rows', async () => {
  const booted = await boot({ projectMs: 60_000 });
  await booted.insert('n1');
  const a = await join(booted, 'n1');
  a.push(a.edit('1'));
  await booted.clock.advance(100);
  a.push(a.edit('2'));
  await booted.clock.run(booted.instance.drain());
  expect(await booted.body('n1')).toBe('21');
  booted.trouble.broken = 'INTO _doc_updates';
  a.push(a.edit('3'));
  const start = booted.clock.monotonic();
  await booted.clock.run(booted.instance.drain());
  expect(booted.clock.monotonic() - start).toBe(10_000); // it does not wait for ever
  await booted.stop();
  expect(a.fault?.code).toBe('unavailable');
});

test('[D10] a loaded document that was given another epoch in the database ends, and is loaded with that one', async () => {
  const booted = await boot();
  await booted.insert('n1');
  const a = await join(booted, 'n1');
  await booted.clock.run(
    booted.store.write(async ({ tx }) => {
      await tx.run("UPDATE _doc_meta SET epoch = 'next'");
    }),
  );
  a.push(a.edit('void'));
  await booted.clock.advance(1000);
  expect(a.fault?.code).toBe('stale_cursor');
  const again = await join(booted, 'n1');
  again.push(again.edit('kept'));
  await booted.clock.advance(1000);
  expect(again.last('ack').level).toBe('durable');
  expect(await booted.body('n1')).toBe('kept');
});
