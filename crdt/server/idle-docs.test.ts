/** Memory of documents on a server: a budget, and everything given back. Real store, documents without clients. */
import { LoroDoc } from 'loro-crdt';
import { afterEach, expect, test, vi } from 'vitest';
import { TempDatabase } from '../../src/testing/temp-database.ts';
import { type Booted, boot as bootOn, join } from './testing/booted.ts';

const database = { files: new TempDatabase() };
afterEach(() => {
  database.files.remove();
  database.files = new TempDatabase();
  vi.restoreAllMocks();
});

const boot = (options = {}) => bootOn(database.files, options);
const acquire = ({ hub, clock }: Booted, id: string) => clock.run(hub.acquire({ entity: 'Note', id }));
const loaded = ({ hub }: Booted) => hub.entries.map(({ ref }) => ref.id).sort();
/** Of a document without content. */
const EMPTY_BYTES = 12 << 10;

async function withNotes(count: number, options = {}): Promise<Booted> {
  const booted = await boot(options);
  for (let i = 0; i < count; i++) await booted.insert(`n${i}`);
  return booted;
}

test('[D4] above the budget idle documents go before their linger, the one unused longest first', async () => {
  const booted = await withNotes(4, { maxBytes: 3 * EMPTY_BYTES });
  const [a, b] = [await acquire(booted, 'n0'), await acquire(booted, 'n1')];
  const c = await acquire(booted, 'n2');
  for (const { release } of [b, a, c]) release();
  await booted.clock.advance(10);
  expect(loaded(booted)).toEqual(['n0', 'n1', 'n2']); // exactly the budget
  (await acquire(booted, 'n1')).release(); // used again
  const d = await acquire(booted, 'n3');
  await booted.clock.advance(10);
  expect(loaded(booted)).toEqual(['n1', 'n2', 'n3']);
  expect(booted.hub.sizeBytes).toBe(3 * EMPTY_BYTES);
  d.release();
});

test('[D4] open documents stay, whatever they take', async () => {
  const booted = await withNotes(5, { maxBytes: 1 });
  const held = [];
  for (let i = 0; i < 5; i++) held.push(await acquire(booted, `n${i}`));
  await booted.clock.advance(1000);
  expect(loaded(booted).length).toBe(5);
  for (const { release } of held) release();
  await booted.clock.advance(10);
  expect(loaded(booted)).toEqual([]);
  expect(booted.hub.sizeBytes).toBe(0);
});

test('what is in a document counts', async () => {
  const booted = await withNotes(2);
  const a = await join(booted, 'n0');
  a.push(a.edit('x'.repeat(10_000)));
  await booted.clock.advance(100);
  (await acquire(booted, 'n0')).release();
  expect(booted.hub.sizeBytes).toBeGreaterThan(EMPTY_BYTES + 6 * 10_000);
});

test('[D4] many documents that are opened and released leave nothing: no entry, no replica, no byte', async () => {
  const booted = await withNotes(200, { lingerMs: 100 });
  const made = booted.hub.size;
  const free = vi.spyOn(LoroDoc.prototype, 'free');
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 200; i++) (await acquire(booted, `n${i}`)).release();
    await booted.clock.advance(1000);
    expect([booted.hub.size, booted.hub.sizeBytes]).toEqual([made, 0]);
    expect(free.mock.calls.length).toBe((round + 1) * 200);
  }
});

test('[D10] a document whose store fails is kept while memory is wanted, and goes when it is stored', async () => {
  const booted = await withNotes(2, { maxBytes: 1 });
  const a = await join(booted, 'n0');
  booted.trouble.broken = 'INTO _doc_updates';
  a.push(a.edit('kept'));
  a.handler.closed();
  await booted.clock.advance(5000);
  const [entry] = booted.hub.entries;
  expect(entry!.state).toBe('flushing');
  const back = await acquire(booted, 'n0'); // opened again while it is flushing
  expect(entry!.state).toBe('open');
  back.release();
  await booted.clock.advance(5000);
  expect(booted.hub.entries).toEqual([entry]);
  booted.trouble.broken = '';
  await booted.clock.until(() => booted.hub.size === 0);
  expect(await booted.body('n0')).toBe('kept');
  expect(booted.hub.sizeBytes).toBe(0);
});

test('[D10] a load that fails takes nothing of the budget', async () => {
  const booted = await withNotes(1);
  booted.trouble.broken = 'FROM _doc_updates';
  await expect(acquire(booted, 'n0')).rejects.toThrow();
  expect([booted.hub.size, booted.hub.sizeBytes]).toEqual([0, 0]);
  booted.trouble.broken = '';
  (await acquire(booted, 'n0')).release();
  expect(booted.hub.sizeBytes).toBe(EMPTY_BYTES);
});

test('one more document than may be loaded is refused, and finds room later when one is idle', async () => {
  const booted = await withNotes(3, { maxDocs: 2 });
  const [a] = [await acquire(booted, 'n0'), await acquire(booted, 'n1')];
  await expect(acquire(booted, 'n2')).rejects.toMatchObject({ code: 'overloaded' });
  a.release();
  await expect(acquire(booted, 'n2')).rejects.toMatchObject({ code: 'overloaded' });
  await booted.clock.advance(10);
  (await acquire(booted, 'n2')).release();
  expect(loaded(booted)).toEqual(['n1', 'n2']);
});
