/** Joins that leave history on the server. Hand-made clients, real store. */
import { afterEach, expect, test } from 'vitest';
import { TempDatabase } from '../../src/testing/temp-database.ts';
import { type Booted, boot as bootOn, join, open } from './testing/booted.ts';
import type { Hand } from './testing/hand.ts';

const database = { files: new TempDatabase() };
afterEach(() => {
  database.files.remove();
  database.files = new TempDatabase();
});

const LAZY = { lazy: true, spare: false };
const boot = (options = {}) => bootOn(database.files, { snapshotOps: 10, ...options });

async function joinLazily(booted: Booted, user = 'ann'): Promise<Hand> {
  const hand = await open(booted, 'n1', user);
  hand.join('', 0n, LAZY);
  await booted.clock.until(() => hand.all('joined').length > 0);
  hand.doc.setPeerId(hand.last('joined').peer);
  return hand;
}

/** A document whose history is much longer than its text, and somebody who has joined it. */
async function wellUsed(booted: Booted): Promise<Hand> {
  await booted.insert('n1');
  const a = await join(booted, 'n1');
  for (let i = 0; i < 60; i++) {
    a.push(a.edit(`line ${i} `));
    const from = a.doc.oplogVersion();
    a.doc.getText('body').delete(0, 6);
    a.doc.commit();
    a.push(a.doc.export({ mode: 'update', from }));
    await booted.clock.advance(5);
  }
  await booted.clock.advance(1000);
  return a;
}

test('[D6] a lazy join gets the text without its history, what came after, and all that follows', async () => {
  const booted = await boot();
  const a = await wellUsed(booted);
  await joinLazily(booted); // has it made
  await booted.clock.advance(100);
  const full = (await join(booted, 'n1')).last('joined');
  a.push(a.edit('later '));
  await booted.clock.advance(100);
  const b = await joinLazily(booted, 'bob');
  const { mode, bytes, tail } = b.last('joined');
  expect(mode).toBe('shallow');
  expect(bytes.length).toBeLessThan(full.bytes.length);
  expect(tail.length).toBeGreaterThan(0);
  expect(b.doc.shallowSinceVV().length()).toBeGreaterThan(0);
  expect(b.text).toBe(a.text);
  b.push(b.edit('from bob '));
  a.push(a.edit('from ann '));
  await booted.clock.advance(1000);
  expect(b.text).toBe(a.text);
  expect(await booted.body('n1')).toBe(a.text);
  expect(a.text).toContain('from bob');
});

test('[D6] one who left history on the server comes back with edits, and gets a delta', async () => {
  const booted = await boot();
  const a = await wellUsed(booted);
  await joinLazily(booted);
  await booted.clock.advance(100);
  const b = await joinLazily(booted, 'bob');
  const { epoch, peer, mode } = b.last('joined');
  expect(mode).toBe('shallow');
  b.handler.closed();
  const offline = b.edit('offline ');
  a.push(a.edit('meanwhile '));
  await booted.clock.advance(1000);
  const again = await open(booted, 'n1', 'bob');
  again.doc.import(b.doc.export({ mode: 'shallow-snapshot', frontiers: b.doc.shallowSinceFrontiers() }));
  again.join(epoch, peer, LAZY);
  await booted.clock.until(() => again.all('joined').length > 0);
  expect(again.last('joined').mode).toBe('delta');
  again.push(offline);
  await booted.clock.advance(1000);
  expect(again.text).toBe(a.text);
  expect(a.text).toContain('offline');
});

test('a small document, and one of which nothing shallow is at hand, comes whole', async () => {
  const booted = await boot();
  await booted.insert('n1');
  expect((await joinLazily(booted)).last('joined').mode).toBe('none');
  await booted.stop();
  database.files.remove();
  database.files = new TempDatabase();
  const other = await boot();
  await wellUsed(other);
  expect(['delta', 'snapshot']).toContain((await joinLazily(other)).last('joined').mode);
});
