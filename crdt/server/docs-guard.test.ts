/** What a hostile, foreign or curious client may do to a document: nothing. Hand-made clients, real store. */

import type { PeerID } from 'loro-crdt';
import { afterEach, expect, test } from 'vitest';
import { Fault } from '../../src/base/fault.ts';
import { TempDatabase } from '../../src/testing/temp-database.ts';
import type { DocsOptions } from './options.ts';
import { boot as bootOn, codeOf, join, open } from './testing/booted.ts';
import { Hand } from './testing/hand.ts';

const database = { files: new TempDatabase() };
afterEach(() => {
  database.files.remove();
  database.files = new TempDatabase();
});

const boot = (options?: Partial<DocsOptions>) => bootOn(database.files, options);

test('[D3] random, truncated and bit-flipped updates are refused with a code; all goes on', async () => {
  const booted = await boot({ maxRefusals: 10_000 });
  await booted.insert('n1');
  await booted.insert('n2');
  const [a, other] = [await join(booted, 'n1'), await join(booted, 'n2')];
  const good = a.edit('good text');
  const { random } = booted.env;
  let refused = 0;
  for (let i = 0; i < 300; i++) {
    let bytes = new Uint8Array(good);
    if (i % 3 === 0) bytes = new Uint8Array(random.fill(new Uint8Array(1 + random.int(120))));
    else if (i % 3 === 1) bytes = bytes.slice(0, 1 + random.int(bytes.length - 1));
    else bytes[random.int(bytes.length)]! ^= 1 << random.int(8);
    a.push(bytes);
    const refusal = a.last('refuse');
    if (refusal?.n !== a.n) continue; // a bit that Loro does not look at: the text is the good one
    expect(refusal).toEqual({ kind: 'refuse', n: a.n, code: 'invalid', retry: 'never' });
    refused++;
    a.resync();
  }
  expect(refused).toBeGreaterThan(270);
  a.push(good);
  other.push(other.edit('other'));
  await booted.clock.advance(1000);
  expect(await booted.body('n1')).toBe('good text');
  expect(await booted.body('n2')).toBe('other');
  expect(a.fault).toBeUndefined();
});

test('[D3] a broken frame ends its channel alone; so do too many refused updates', async () => {
  const booted = await boot({ maxRefusals: 3 });
  await booted.insert('n1');
  const [a, b, c] = [await join(booted, 'n1'), await join(booted, 'n1'), await join(booted, 'n1')];
  expect(() => a.handler.frame(new Uint8Array([99]))).toThrow(Fault);
  for (let i = 0; i < 3; i++) {
    b.push(new Uint8Array([1, 2, 3]));
    b.resync();
  }
  expect(b.fault).toBeUndefined();
  b.push(new Uint8Array([1, 2, 3]));
  expect(b.fault?.code).toBe('bad_message');
  c.push(c.edit('fine'));
  await booted.clock.advance(1000);
  expect(await booted.body('n1')).toBe('fine');
});

test('[D5] who may not update cannot; who may not read learns nothing', async () => {
  const booted = await boot();
  await booted.insert('n1', { editor: 'ann', reader: '*' });
  await booted.insert('n2', { editor: '*', reader: 'ann' });
  const [ann, bob] = [await join(booted, 'n1'), await join(booted, 'n1', 'bob')];
  expect(bob.last('joined')).toMatchObject({ permission: 'read', peer: 0n });
  bob.push(bob.edit('vandal'));
  expect(bob.last('refuse')).toMatchObject({ code: 'forbidden', retry: 'never' });
  ann.push(ann.edit('mine'));
  ann.up({ kind: 'awareness', state: '1' });
  await booted.clock.advance(1000);
  expect(await booted.body('n1')).toBe('mine');
  expect(bob.all('update').length).toBe(1);
  expect(bob.all('awareness').length).toBe(1);
  expect(await codeOf(open(booted, 'n2', 'bob'))).toBe('not_found');
  expect(await codeOf(open(booted, 'n3', 'bob'))).toBe('not_found');
});

test('[D5] a right is asked again when the row or the identity changes', async () => {
  const booted = await boot();
  await booted.insert('n1');
  const bob = await join(booted, 'n1', 'bob');
  await booted.update('n1', { editor: 'ann' });
  expect(bob.last('permission').permission).toBe('read');
  bob.push(bob.edit('late'));
  expect(bob.last('refuse').code).toBe('forbidden');
  await booted.update('n1', { editor: 'bob' });
  expect(bob.last('permission').permission).toBe('write');
  await booted.update('n1', { reader: 'ann' });
  expect(bob.fault?.code).toBe('forbidden');
  const carl = await open(booted, 'n1', 'ann');
  carl.become('carl');
  expect(carl.fault?.code).toBe('unauthorized');
});

test('[D5] a row that is deleted ends its document; one made anew under its id is another', async () => {
  const booted = await boot();
  await booted.insert('n1');
  const a = await join(booted, 'n1');
  a.push(a.edit('old'));
  await booted.clock.advance(1000);
  await booted.clock.run(booted.store.write(({ tx }) => tx.delete('Note', 'n1')));
  expect(a.fault?.code).toBe('not_found');
  await booted.insert('n1');
  await booted.clock.advance(100);
  for (const table of ['_doc_meta', '_doc_updates', '_doc_peers', '_doc_snapshots']) {
    expect(await booted.rows(`SELECT * FROM ${table}`)).toEqual([]);
  }
  const epoch = a.last('joined').epoch;
  const b = await open(booted, 'n1');
  b.doc.import(a.doc.export({ mode: 'update' }));
  b.join(epoch);
  await booted.clock.advance(100);
  expect(b.last('joined')).toMatchObject({ mode: 'reset', bytes: new Uint8Array(0) });
  expect(b.last('joined').epoch).not.toBe(epoch);
});

test('[D9] operations of foreign peers, gaps and snapshots are refused; a resend is harmless', async () => {
  const booted = await boot();
  await booted.insert('n1');
  const [a, b] = [await join(booted, 'n1'), await join(booted, 'n1', 'bob')];
  const first = a.edit('one ');
  const forger = new Hand('bob');
  forger.doc.setPeerId(a.last('joined').peer);
  b.push(forger.edit('forged'));
  expect(b.last('refuse')).toMatchObject({ code: 'forbidden', retry: 'never' });
  const second = a.edit('two ');
  a.push(second);
  expect(a.last('refuse')).toMatchObject({ code: 'stale_cursor', retry: 'now' });
  a.push(first);
  await booted.clock.advance(10);
  expect(a.all('ack')).toEqual([]); // after a refusal nothing counts until the next resync
  a.resync();
  for (const bytes of [first, first, second, first]) a.push(bytes);
  await booted.clock.advance(100);
  expect(a.last('ack')).toEqual({ kind: 'ack', n: a.n, level: 'durable' });
  a.push(a.doc.export({ mode: 'snapshot' }));
  expect(a.last('refuse').code).toBe('invalid');
  await booted.clock.advance(1000);
  expect(await booted.body('n1')).toBe('two one ');
});

test('[D9] leases outlive the server; a page keeps its own, another identity gets a new one', async () => {
  const booted = await boot();
  await booted.insert('n1');
  const a = await join(booted, 'n1');
  const { epoch, peer } = a.last('joined');
  const unsent = a.edit('late');
  await booted.stop();
  const again = await boot();
  const b = await open(again, 'n1');
  b.join(epoch, peer);
  await again.clock.until(() => b.all('joined').length > 0);
  expect(b.last('joined').peer).toBe(peer);
  b.push(unsent);
  await again.clock.advance(100);
  expect(b.last('ack').level).toBe('durable');
  const bob = await open(again, 'n1', 'bob');
  bob.join(epoch, peer);
  await again.clock.until(() => bob.all('joined').length > 0);
  expect(bob.last('joined').peer).not.toBe(peer);
});

test('[D9] a join that wants a spare gets one more peer id, whose edits pass later; a resync gets none', async () => {
  const booted = await boot();
  await booted.insert('n1');
  const a = await open(booted, 'n1');
  a.join('', 0n, { lazy: false, spare: true });
  await booted.clock.until(() => a.all('joined').length > 0);
  const { peer, spare } = a.last('joined');
  expect([peer, spare]).not.toContain(0n);
  expect(spare).not.toBe(peer);
  a.resync();
  expect(a.last('joined')).toMatchObject({ peer, spare: 0n });
  const next = await open(booted, 'n1');
  next.doc.setPeerId(spare);
  const edit = next.edit('before the join');
  next.join('', spare);
  await booted.clock.until(() => next.all('joined').length > 0);
  expect(next.last('joined')).toMatchObject({ peer: spare, spare: 0n });
  next.push(edit);
  await booted.clock.advance(1000);
  expect(await booted.body('n1')).toBe('before the join');
});

test('[D9] updates that build on what never came are refused, and forgotten past a bound', async () => {
  const booted = await boot({ maxPendingBytes: 300, maxRefusals: 1000 });
  await booted.insert('n1');
  const [a, ghost] = [await join(booted, 'n1'), new Hand('ghost')];
  ghost.doc.setPeerId('77');
  for (let i = 0; i < 10; i++) {
    a.resync();
    const start =
      a.doc
        .oplogVersion()
        .toJSON()
        .get(`${a.last('joined').peer}` as PeerID) ?? 0;
    a.edit(`own${i}`); // fine by itself
    a.doc.import(ghost.edit('?'));
    a.edit(`on ghost${i}`); // builds on an operation of nobody
    const end = a.doc
      .oplogVersion()
      .toJSON()
      .get(`${a.last('joined').peer}` as PeerID)!;
    const id = { peer: `${a.last('joined').peer}` as PeerID, counter: start };
    a.push(a.doc.export({ mode: 'updates-in-range', spans: [{ id, len: end - start }] }));
    expect(a.last('refuse').code).toBe('stale_cursor');
  }
  await booted.clock.advance(1000);
  const b = await join(booted, 'n1', 'bob');
  b.push(b.edit('goes on '));
  await booted.clock.advance(1000);
  expect(String(await booted.body('n1'))).toContain('goes on');
});

test('[D7] awareness is stamped by the server, never stored, and gone with its connection or in time', async () => {
  const booted = await boot({ awarenessMs: 50, awarenessTimeoutMs: 5000 });
  await booted.insert('n1');
  const [a, b] = [await join(booted, 'n1'), await join(booted, 'n1', 'bob')];
  a.up({ kind: 'awareness', state: '{"at":1}' });
  a.up({ kind: 'awareness', state: '{"at":2}' });
  await booted.clock.advance(100);
  expect(b.all('awareness').flatMap(({ states }) => states)).toEqual([
    { key: expect.any(Number), userId: 'ann', name: 'ann', state: '{"at":2}' },
  ]);
  expect(a.all('awareness')).toEqual([]);
  const late = await join(booted, 'n1', 'carl');
  expect(late.last('awareness').states.map(({ state }) => state)).toEqual(['{"at":2}']);
  await booted.clock.advance(4000);
  expect(b.last('awareness').states[0]!.state).toBe('{"at":2}');
  await booted.clock.advance(1000);
  expect(b.last('awareness').states[0]!.state).toBe('');
  a.up({ kind: 'awareness', state: '"back"' });
  await booted.clock.advance(100);
  a.handler.closed();
  await booted.clock.advance(100);
  expect(b.last('awareness').states[0]).toMatchObject({ userId: 'ann', state: '' });
  for (const table of ['_doc_meta', '_doc_updates', '_doc_snapshots', '_log', 'Note']) {
    expect(JSON.stringify(await booted.rows(`SELECT * FROM ${table}`))).not.toContain('back');
  }
});

test('[D7] a slow reader to whom it could not be told learns who is gone once he reads again', async () => {
  const booted = await boot({ awarenessMs: 50 });
  await booted.insert('n1');
  const [a, b, slow] = [
    await join(booted, 'n1'),
    await join(booted, 'n1', 'bob'),
    await join(booted, 'n1', 'carl'),
  ];
  a.up({ kind: 'awareness', state: '"a"' });
  b.up({ kind: 'awareness', state: '"b"' });
  await booted.clock.advance(100);
  slow.room = 0;
  a.handler.closed();
  await booted.clock.advance(100);
  const before = slow.all('awareness').length;
  slow.room = 1; // less than it takes
  slow.handler.drained!();
  slow.room = Number.POSITIVE_INFINITY;
  slow.handler.drained!();
  const told = slow.all('awareness').slice(before);
  expect(told.map(({ states }) => states.map(({ userId }) => userId))).toEqual([[], [], ['bob']]);
  slow.handler.drained!();
  expect(slow.all('awareness').length).toBe(before + 3); // once
});
