/** History that nobody needs is dropped from the log of documents that nobody has open. Hand-made clients, real store. */
import { LoroDoc } from 'loro-crdt';
import { afterEach, expect, test } from 'vitest';
import { TempDatabase } from '../../src/testing/temp-database.ts';
import { rootOf } from '../core/shallow.ts';
import type { DocsOptions } from './options.ts';
import { type Booted, boot as bootOn, join, open } from './testing/booted.ts';
import type { Hand } from './testing/hand.ts';

const database = { files: new TempDatabase() };
afterEach(() => {
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
