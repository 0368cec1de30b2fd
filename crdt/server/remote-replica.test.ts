/** Documents that a worker holds: when they are, and that nobody notices. Hand-made clients, a real store. */
import { LoroDoc } from 'loro-crdt';
import { afterEach, expect, test } from 'vitest';
import { TempDatabase } from '../../src/testing/temp-database.ts';
import type { DocsOptions } from './options.ts';
import { boot as bootOn, join, open } from './testing/booted.ts';

const database = { files: new TempDatabase() };
afterEach(() => {
  database.files.remove();
  database.files = new TempDatabase();
});

const boot = (options?: Partial<DocsOptions>) => bootOn(database.files, options);
const remote: Partial<DocsOptions> = { maxImportBytes: 0, maxLoadBytes: -1 };

test('[N3] an update of over maxImportBytes takes its document to the worker; one of just as many does not', async () => {
  const booted = await boot({ maxImportBytes: 250 });
  await booted.insert('n1');
  const [a, b] = [await join(booted, 'n1'), await join(booted, 'n1', 'bob')];
  const entry = booted.hub.entries[0]!;
  let text = '';
  const push = async (characters: number) => {
    for (text = ''; text.length < characters; ) text += booted.env.random.next().toString(36).slice(2);
    const bytes = a.edit(text.slice(0, characters));
    a.push(bytes);
    await booted.clock.advance(100);
    return bytes.length;
  };
  let most = 0;
  for (let characters = 60; !entry.isRemote; characters++) {
    const sizeBytes = await push(characters);
    expect(entry.isRemote).toBe(sizeBytes > 250);
    if (!entry.isRemote) most = sizeBytes;
  }
  expect(most).toBeGreaterThanOrEqual(247);
  expect(b.text).toBe(a.text);
  a.push(a.edit('small'));
  b.push(b.edit('other'));
  await booted.clock.advance(1000);
  expect(b.text).toBe(a.text);
  expect(await booted.body('n1')).toBe(a.text);
  expect(a.last('ack')).toEqual({ kind: 'ack', n: a.n, level: 'durable' });
});

test('[N3] a snapshot of over maxLoadBytes is loaded by the worker; one of just as many is not', async () => {
  const booted = await boot({ compactUpdates: 1 });
  await booted.insert('n1');
  const a = await join(booted, 'n1');
  a.push(a.edit('some text'));
  await booted.clock.advance(1000);
  const [row] = await booted.rows('SELECT LENGTH(bytes) AS size FROM _doc_snapshots');
  await booted.stop();
  for (const [maxLoadBytes, isRemote] of [
    [Number(row?.size), false],
    [Number(row?.size) - 1, true],
  ] as const) {
    const again = await boot({ maxLoadBytes });
    expect((await join(again, 'n1')).text).toBe(a.text);
    expect(again.hub.entries[0]!.isRemote).toBe(isRemote);
    await again.stop();
  }
});

test('who joins, returns, or reads slowly gets what the worker holds, each update once', async () => {
  const booted = await boot({ ...remote, compactUpdates: 4, snapshotOps: 10 });
  await booted.insert('n1');
  const [a, away, slow] = [
    await join(booted, 'n1'),
    await join(booted, 'n1', 'bob'),
    await join(booted, 'n1', 'cat'),
  ];
  const { epoch, peer } = away.last('joined');
  const offline = away.edit('offline ');
  away.handler.closed();
  slow.room = 0;
  for (let i = 0; i < 3; i++) {
    a.push(a.edit(`${i} `));
    await booted.clock.advance(20);
  }
  slow.room = Number.POSITIVE_INFINITY;
  slow.handler.drained!();
  expect(slow.text).toBe(a.text);
  expect(slow.all('update').at(-1)!.rev).toBe(3);
  for (let i = 3; i < 20; i++) {
    a.push(a.edit(`${i} `));
    await booted.clock.advance(50);
  }
  expect((await booted.rows('SELECT * FROM _doc_snapshots')).length).toBe(1);
  const fresh = await join(booted, 'n1', 'dan');
  expect(fresh.last('joined').mode).toBe('snapshot');
  expect(fresh.text).toBe(a.text);
  const back = await open(booted, 'n1', 'bob');
  back.doc.import(offline);
  back.join(epoch, peer);
  await booted.clock.until(() => back.all('joined').length > 0);
  expect(back.last('joined')).toMatchObject({ mode: 'delta', peer });
  back.push(offline);
  await booted.clock.advance(1000);
  for (const hand of [fresh, slow, a]) expect(hand.text).toBe(back.text);
  expect(back.text).toContain('offline');
  expect(await booted.body('n1')).toBe(back.text);
});

test('one who is behind by more than is kept in memory starts over', async () => {
  const booted = await boot({ ...remote, compactUpdates: 2, snapshotOps: 1 });
  await booted.insert('n1');
  const [a, slow] = [await join(booted, 'n1'), await join(booted, 'n1', 'bob')];
  a.push(a.edit('first'));
  await booted.clock.advance(500);
  slow.room = 0;
  for (let i = 0; i < 12; i++) {
    a.push(a.edit(`${i} `));
    await booted.clock.advance(500);
  }
  slow.room = Number.POSITIVE_INFINITY;
  slow.handler.drained!();
  expect(slow.fault?.code).toBe('stale_cursor');
  expect((await join(booted, 'n1', 'bob')).text).toBe(a.text);
});

test('[D3] [D9] what the worker refuses is refused with a code, and nobody else hears of it', async () => {
  const booted = await boot(remote);
  await booted.insert('n1');
  const [a, b] = [await join(booted, 'n1'), await join(booted, 'n1', 'bob')];
  a.push(a.edit('good'));
  await booted.clock.advance(100);
  const refusal = async () => {
    await booted.clock.advance(100);
    const { code } = a.last('refuse');
    a.resync();
    await booted.clock.advance(100);
    return code;
  };
  a.push(new Uint8Array(100));
  expect(await refusal()).toBe('invalid');
  const stranger = new LoroDoc();
  stranger.getText('body').insert(0, 'foreign');
  a.push(stranger.export({ mode: 'update' }));
  expect(await refusal()).toBe('forbidden');
  a.edit('skipped');
  const late = a.edit('gap');
  a.push(late);
  expect(await refusal()).toBe('stale_cursor');
  const { peer } = a.last('joined');
  a.push(a.doc.export({ mode: 'update' })); // all of it, known and new
  await booted.clock.advance(500);
  expect(peer).not.toBe(0n);
  expect(b.text).toBe(a.text);
});

test('[D9] an update that the worker took and the document did not is not in what the next page gets', async () => {
  const booted = await boot(remote);
  await booted.insert('n1', { editor: 'ann' });
  const [a, b] = [await join(booted, 'n1'), await join(booted, 'n1', 'bob')];
  a.push(a.edit('kept '));
  await booted.clock.advance(100);
  const twin = new LoroDoc();
  twin.import(a.doc.export({ mode: 'update' }));
  twin.setPeerId(a.last('joined').peer);
  a.push(a.edit('lost '));
  a.join(a.last('joined').epoch, a.last('joined').peer); // while the worker has it
  await booted.clock.advance(100);
  // The page has forgotten that edit, and another one gets its name.
  const from = twin.oplogVersion();
  twin.getText('body').insert(0, 'anew ');
  twin.commit();
  a.push(twin.export({ mode: 'update', from }));
  await booted.clock.advance(500);
  const fresh = await join(booted, 'n1', 'cat');
  expect(fresh.text).toBe('anew kept ');
  expect(b.text).toBe(fresh.text);
  expect(await booted.body('n1')).toBe(fresh.text);
});

test('the history of a document that a worker holds: changes, a view, a restoration', async () => {
  const booted = await boot({ ...remote, historyMs: 10 });
  await booted.insert('n1');
  const a = await join(booted, 'n1');
  for (const word of ['one ', 'two ']) {
    a.push(a.edit(word));
    await booted.clock.advance(1000);
  }
  const ask = async (question: object) => {
    a.up({ kind: 'ask', id: 1, json: JSON.stringify(question) });
    const before = a.all('told').length;
    await booted.clock.until(() => a.all('told').length > before);
    return JSON.parse(a.last('told').json);
  };
  const { changes } = await ask({ t: 'list' });
  expect(changes.length).toBe(2);
  expect((await ask({ t: 'view', version: changes[1].version })).body).toBe('one ');
  await ask({ t: 'restore', version: changes[1].version });
  await booted.clock.advance(1000);
  expect(a.text).toBe('one ');
});
