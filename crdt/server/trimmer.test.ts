/** History that nobody needs is dropped from the log of documents that nobody has open. Hand-made clients, real store. */
import { LoroDoc } from 'loro-crdt';
import { afterEach, expect, test, vi } from 'vitest';
import { TempDatabase } from '../../src/testing/temp-database.ts';
import { rootOf } from '../core/shallow.ts';
import type { DocsOptions } from './options.ts';
import { type Booted, boot as bootOn, join, open } from './testing/booted.ts';
import type { Hand } from './testing/hand.ts';

const database = { files: new TempDatabase() };
afterEach(() => {
  vi.restoreAllMocks();
  database.files.remove();
  database.files = new TempDatabase();
});

const HOUR_MS = 3_600_000;
const boot = (options: Partial<DocsOptions> = {}) =>
  bootOn(database.files, {
    trimHistoryMs: HOUR_MS,
    historyMs: 1000,
    lingerMs: 100,
    deviceMs: 10 * HOUR_MS,
    ...options,
  });

async function typeOn({ clock }: Booted, hand: Hand, text: string): Promise<void> {
  hand.push(hand.edit(text));
  await clock.advance(2000);
}

/** Everybody leaves, and it is unloaded. */
async function leave({ clock, hub }: Booted, ...hands: Hand[]): Promise<void> {
  for (const hand of hands) hand.handler.closed();
  await clock.until(() => hub.size === 0);
  await clock.advance(100);
}

/** The stored document, loaded by a way of its own. */
async function stored({ rows }: Booted): Promise<LoroDoc> {
  const doc = new LoroDoc();
  for (const row of await rows('SELECT bytes FROM _doc_snapshots')) doc.import(row.bytes as Uint8Array);
  for (const row of await rows('SELECT bytes FROM _doc_updates ORDER BY rev'))
    doc.import(row.bytes as Uint8Array);
  return doc;
}

/** A page of `before`'s device, as it is after `before` was sent no more. */
async function comesBack(booted: Booted, before: Hand): Promise<Hand> {
  const { epoch, peer, spare } = before.last('joined');
  const hand = await open(booted, 'n1', before.viewer.userId);
  hand.doc.import(before.doc.export({ mode: 'snapshot' }));
  const lease = spare === 0n ? peer : spare;
  hand.join(epoch, lease, { lazy: false, spare: true });
  await booted.clock.until(() => hand.all('joined').length > 0);
  hand.doc.setPeerId(hand.last('joined').peer);
  return hand;
}

async function firstVisit(booted: Booted, user: string): Promise<Hand> {
  const hand = await open(booted, 'n1', user);
  hand.join('', 0n, { lazy: false, spare: true });
  await booted.clock.until(() => hand.all('joined').length > 0);
  hand.doc.setPeerId(hand.last('joined').peer);
  return hand;
}

test('[D6] history that is old and that every device holds is dropped; the document stays', async () => {
  const booted = await boot();
  await booted.insert('n1');
  const ann = await firstVisit(booted, 'ann');
  for (let n = 0; n < 30; n++) await typeOn(booted, ann, `${n} `);
  await leave(booted, ann);
  expect((await stored(booted)).isShallow()).toBe(false);
  await booted.clock.advance(2 * HOUR_MS);
  const again = await comesBack(booted, ann);
  await leave(booted, again);
  const doc = await stored(booted);
  expect(doc.isShallow()).toBe(true);
  expect(doc.getText('body').toString()).toBe(ann.text);
  expect(await booted.rows('SELECT 1 FROM _doc_updates')).toEqual([]);
  // It goes on as before, for those who were there and for new ones.
  const ann2 = await comesBack(booted, again);
  expect(ann2.last('joined').mode).toBe('none');
  const bob = await join(booted, 'n1', 'bob');
  expect(bob.text).toBe(ann.text);
  await typeOn(booted, ann2, 'more ');
  await typeOn(booted, bob, 'and more ');
  expect(ann2.text).toBe(bob.text);
  expect(await booted.body('n1')).toBe(bob.text);
});

test('[D6] nothing is dropped that a known device lacks', async () => {
  const booted = await boot();
  await booted.insert('n1');
  const ann = await firstVisit(booted, 'ann');
  for (let n = 0; n < 5; n++) await typeOn(booted, ann, `${n} `);
  const bob = await firstVisit(booted, 'bob');
  const had = bob.doc.oplogVersion().toJSON();
  bob.handler.closed();
  for (let n = 0; n < 5; n++) await typeOn(booted, ann, `later ${n} `);
  await leave(booted, ann);
  await booted.clock.advance(5 * HOUR_MS);
  const again = await comesBack(booted, ann);
  await leave(booted, again);
  const root = rootOf(await stored(booted))!;
  for (const [peer, counter] of root) expect(counter).toBeLessThanOrEqual(had.get(peer) ?? 0);
  const offline = bob.edit('from bob ');
  const back = await comesBack(booted, bob);
  expect(back.last('joined').mode).toBe('delta');
  back.push(offline);
  await booted.clock.advance(1000);
  expect(await booted.body('n1')).toBe(back.text);
  expect(back.text).toContain('from bob');
  expect(back.text).toContain('later 4');
});

/** A document whose history was dropped, and the page of ann that has it whole. */
async function trimmed(
  options: Partial<DocsOptions> = {},
): Promise<{ booted: Booted; ann: Hand; before: Hand }> {
  const booted = await boot(options);
  await booted.insert('n1');
  const before = await firstVisit(booted, 'ann');
  for (let n = 0; n < 10; n++) await typeOn(booted, before, `${n} `);
  await leave(booted, before);
  await booted.clock.advance(2 * HOUR_MS);
  const again = await comesBack(booted, before);
  await leave(booted, again);
  expect((await stored(booted)).isShallow()).toBe(true);
  const ann = await comesBack(booted, again);
  return { booted, ann, before };
}

async function ask({ clock }: Booted, hand: Hand, question: object): Promise<{ ok: boolean; json: unknown }> {
  const { length } = hand.all('told');
  hand.up({ kind: 'ask', id: length + 1, json: JSON.stringify(question) });
  await clock.until(() => hand.all('told').length > length);
  const { ok, json } = hand.last('told');
  return { ok, json: JSON.parse(json) };
}

test('[D6] a version that was dropped is not found; those after it can be seen', async () => {
  const { booted, ann } = await trimmed();
  await typeOn(booted, ann, 'new ');
  const { json } = await ask(booted, ann, { t: 'list' });
  const [last, ...older] = (json as { changes: { version: string; since: string }[] }).changes;
  expect(await ask(booted, ann, { t: 'view', version: last!.since })).toMatchObject({ ok: true });
  const { version } = older.at(-1)!;
  for (const question of ['view', 'restore'])
    expect(await ask(booted, ann, { t: question, version })).toMatchObject({ json: { code: 'not_found' } });
  expect(await ask(booted, ann, { t: 'name', name: 'x', version })).toMatchObject({
    json: { code: 'not_found' },
  });
  expect(ann.text.startsWith('new 9 8')).toBe(true);
});

test('[D6] a named version stays, and all that came after it', async () => {
  const booted = await boot();
  await booted.insert('n1');
  const ann = await firstVisit(booted, 'ann');
  for (let n = 0; n < 5; n++) await typeOn(booted, ann, `${n} `);
  const { json: version } = await ask(booted, ann, { t: 'name', name: 'five' });
  const five = ann.text;
  for (let n = 5; n < 10; n++) await typeOn(booted, ann, `${n} `);
  await leave(booted, ann);
  await booted.clock.advance(2 * HOUR_MS);
  const again = await comesBack(booted, ann);
  await leave(booted, again);
  expect((await stored(booted)).isShallow()).toBe(true);
  const last = await comesBack(booted, again);
  expect(await ask(booted, last, { t: 'view', version })).toMatchObject({ ok: true, json: { body: five } });
});

test('[D6] who pushes what builds on dropped history starts over, and is told all that the server has', async () => {
  for (const tryFirst of [[], ['Note']]) {
    const { booted, ann, before } = await trimmed({ tryFirst });
    const page = new LoroDoc();
    page.setPeerId(ann.last('joined').peer);
    page.import(
      before.doc.export({
        mode: 'updates-in-range',
        spans: [{ id: { peer: before.doc.peerIdStr, counter: 0 }, len: 2 }],
      }),
    );
    const from = page.oplogVersion();
    page.getText('body').insert(0, 'old');
    page.commit();
    ann.push(page.export({ mode: 'update', from }));
    await booted.clock.advance(100);
    expect(ann.last('refuse')).toMatchObject({ code: 'stale_cursor' });
    ann.resync();
    await booted.clock.until(() => ann.all('joined').length > 1);
    expect(ann.last('joined').mode).toBe('reset');
    const fresh = new LoroDoc();
    fresh.import(ann.last('joined').bytes);
    expect(fresh.getText('body').toString()).toBe(ann.text);
    await typeOn(booted, ann, 'goes on ');
    expect(await booted.body('n1')).toBe(ann.text);
    await booted.stop();
    database.files.remove();
    database.files = new TempDatabase();
  }
});

test('[D6] who comes in the middle of it finds a document that takes edits, and none is lost', async () => {
  const booted = await boot();
  await booted.insert('n1');
  let page = await firstVisit(booted, 'ann');
  for (let round = 0; round < 12; round++) {
    await typeOn(booted, page, `${round} `);
    await leave(booted, page);
    await booted.clock.advance(2 * HOUR_MS);
    page = await comesBack(booted, page);
    page.handler.closed();
    await booted.clock.advance(100 + round); // it is unloaded about now
    page = await comesBack(booted, page);
    await typeOn(booted, page, 'x');
    expect((await stored(booted)).getText('body').toString()).toBe(page.text);
  }
  expect((await stored(booted)).isShallow()).toBe(true);
});

/** Loro panics on updates with this text, as a stand-in for bytes that make it. */
const MINE = '☠';
function panicOn(fits: (doc: LoroDoc) => boolean): void {
  const real = LoroDoc.prototype.import;
  vi.spyOn(LoroDoc.prototype, 'import').mockImplementation(function (this: LoroDoc, bytes: Uint8Array) {
    if (!fits(this) || !Buffer.from(bytes).includes(MINE)) return real.call(this, bytes);
    throw Object.assign(new Error('unreachable'), { name: 'RuntimeError' });
  });
}

test('[D3] [D6] a document without its history is built anew when it traps', async () => {
  const { booted, ann } = await trimmed();
  const eve = await join(booted, 'n1', 'eve');
  ann.push(ann.edit('undurable '));
  const bad = eve.edit(MINE);
  panicOn((doc) => doc.isDetached());
  eve.push(bad);
  expect(eve.fault?.code).toBe('forbidden');
  await booted.clock.advance(1000);
  expect(ann.fault).toBe(undefined);
  await typeOn(booted, ann, 'goes on ');
  expect(await booted.body('n1')).toBe(ann.text);
  expect(ann.text.startsWith('goes on undurable 9 8')).toBe(true);
});

test('[D3] [D6] the log of a document without its history is cleaned', async () => {
  const { booted, ann } = await trimmed();
  const eve = await join(booted, 'n1', 'eve');
  const bad = eve.edit(MINE);
  ann.learn = () => {}; // it would panic as well
  eve.learn = () => {};
  panicOn((doc) => !doc.isDetached());
  eve.push(bad);
  await booted.clock.advance(1000);
  vi.restoreAllMocks();
  expect(await booted.rows('SELECT owner, reason FROM _doc_quarantine')).toEqual([
    { owner: 'user:eve', reason: 'trap' },
  ]);
  const bob = await join(booted, 'n1', 'bob');
  expect(bob.text).toBe(ann.text);
  await typeOn(booted, bob, 'goes on ');
  expect(await booted.body('n1')).toBe(bob.text);
  expect((await stored(booted)).isShallow()).toBe(true);
});

test('nothing is dropped, and no device is noted, unless it is asked for', async () => {
  const booted = await boot({ trimHistoryMs: 0 });
  await booted.insert('n1');
  const ann = await firstVisit(booted, 'ann');
  await typeOn(booted, ann, 'text');
  await leave(booted, ann);
  await booted.clock.advance(2 * HOUR_MS);
  await leave(booted, await comesBack(booted, ann));
  expect((await stored(booted)).isShallow()).toBe(false);
  expect(await booted.rows('SELECT 1 FROM _doc_devices')).toEqual([]);
});

test.each([
  { afterMs: HOUR_MS - 1, shallow: false },
  { afterMs: HOUR_MS, shallow: true },
])('history is kept for trimHistoryMs: after $afterMs ms', async ({ afterMs, shallow }) => {
  const booted = await boot({ historyMs: 1000 });
  await booted.insert('n1');
  const ann = await firstVisit(booted, 'ann');
  ann.push(ann.edit('one'));
  await booted.clock.advance(500);
  const [line] = await booted.rows('SELECT at FROM _doc_history');
  await leave(booted, ann);
  const again = await comesBack(booted, ann);
  await leave(booted, again);
  const last = await comesBack(booted, again);
  last.handler.closed();
  const { clock } = booted;
  await clock.advance(Number(line!.at) + 1000 + afterMs - clock.now() - 100);
  const { doc, release } = await clock.run(booted.hub.acquire({ entity: 'Note', id: 'n1' }));
  release();
  await clock.until(() => doc.entry.state === 'closed');
  await clock.advance(10);
  expect((await stored(booted)).isShallow()).toBe(shallow);
});

test.each([
  { hours: 9, known: true },
  { hours: 11, known: false },
])('a device that was away for $hours hours of ten is known: $known', async ({ hours, known }) => {
  const booted = await boot();
  await booted.insert('n1');
  const ann = await firstVisit(booted, 'ann');
  await typeOn(booted, ann, 'one ');
  const bob = await firstVisit(booted, 'bob');
  bob.handler.closed();
  await typeOn(booted, ann, 'two ');
  await leave(booted, ann);
  await booted.clock.advance(hours * HOUR_MS);
  await leave(booted, await comesBack(booted, ann));
  const back = await comesBack(booted, bob);
  expect(back.last('joined').mode).toBe(known ? 'delta' : 'reset');
});

test('a device that was here for long is known from when it left', async () => {
  const booted = await boot();
  await booted.insert('n1');
  const ann = await firstVisit(booted, 'ann');
  await booted.clock.advance(20 * HOUR_MS);
  ann.handler.closed();
  const left = booted.clock.now();
  await booted.clock.advance(1000);
  expect(await booted.rows('SELECT seen FROM _doc_devices')).toEqual([{ seen: left }]);
});

test('of more than maxDevices the one that was away longest is not waited for', async () => {
  const booted = await boot({ maxDevices: 2 });
  await booted.insert('n1');
  const ann = await firstVisit(booted, 'ann');
  await typeOn(booted, ann, 'one ');
  for (const user of ['bob', 'cyd']) {
    await booted.clock.advance(10);
    (await firstVisit(booted, user)).handler.closed();
  }
  await booted.clock.advance(10);
  const devices = () => booted.rows('SELECT peers FROM _doc_devices ORDER BY seen');
  expect(await devices()).toHaveLength(2);
  expect(String((await devices())[0]!.peers)).not.toContain(`${ann.last('joined').peer}`);
});

test('a device is known by its spare peer ids, and by its own after a reconnect', async () => {
  const booted = await boot();
  await booted.insert('n1');
  let ann = await firstVisit(booted, 'ann');
  for (let n = 0; n < 20; n++) {
    ann.handler.closed();
    ann = await comesBack(booted, ann);
  }
  await leave(booted, ann);
  expect(await booted.rows('SELECT 1 FROM _doc_devices')).toHaveLength(1);
});

test('documents over maxTrims are trimmed after they were opened again', async () => {
  const booted = await boot({ maxTrims: 1 });
  const ids = ['n1', 'n2', 'n3'];
  const hands: Hand[] = [];
  for (const id of ids) {
    await booted.insert(id);
    hands.push(await join(booted, id));
  }
  for (const hand of hands) await typeOn(booted, hand, 'text');
  await leave(booted, ...hands);
  const openAll = async () => {
    await booted.clock.advance(2 * HOUR_MS);
    for (const id of ids) (await booted.clock.run(booted.hub.acquire({ entity: 'Note', id }))).release();
    await booted.clock.until(() => booted.hub.size === 0);
    await booted.clock.advance(1000);
    const done = await booted.rows('SELECT id FROM _doc_trims');
    for (const { id } of done) ids.splice(ids.indexOf(String(id)), 1);
    return done.length;
  };
  expect(await openAll()).toBe(2); // one at work, one that waits
  expect(ids).toHaveLength(1);
  await openAll().catch(() => {});
  expect(await booted.rows('SELECT 1 FROM _doc_trims')).toHaveLength(3);
});
