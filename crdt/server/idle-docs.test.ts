/** Memory of documents on a server: a budget, and everything given back. Real store, documents without clients. */
import { LoroDoc } from 'loro-crdt';
import { afterEach, expect, test, vi } from 'vitest';
import { deferred } from '../../src/base/deferred.ts';
import { simEnv } from '../../src/testing/sim-env.ts';
import { TempDatabase } from '../../src/testing/temp-database.ts';
import { DEFAULT_DOCS } from './options.ts';
import { type Booted, boot as bootOn, join } from './testing/booted.ts';
import { UpdateLog } from './update-log.ts';

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

/** An edit of the server's, committed and told to the hub as `ctx.docs.edit` does it. */
async function adopt({ store, hub, clock, rows }: Booted, id: string, text: string): Promise<void> {
  const ref = { entity: 'Note', id };
  const doc = new LoroDoc();
  doc.getText('body').insert(0, text);
  doc.commit();
  const bytes = doc.export({ mode: 'update' });
  const [meta] = await rows(`SELECT epoch FROM _doc_meta WHERE id = '${id}'`);
  const epoch = String(meta?.epoch ?? 'first');
  const rev = await clock.run(
    new UpdateLog(simEnv(), store, DEFAULT_DOCS).append(ref, { epoch, updates: [bytes] }),
  );
  hub.adopt(ref, { epoch, rev, bytes });
}

/** Snapshots wait in their way to the log until the returned function is called. */
function holdSnapshots(): () => void {
  const gate = deferred<boolean>();
  vi.spyOn(UpdateLog.prototype, 'compact').mockReturnValue(gate.promise);
  return () => gate.resolve(true);
}

test('[D11] an edit by a mutation that comes while the document is unloaded is shown by its row', async () => {
  const booted = await withNotes(1, { compactUpdates: 1, lingerMs: 10 });
  const letGo = holdSnapshots();
  const ann = await join(booted, 'n0');
  ann.push(ann.edit('early '));
  await booted.clock.advance(1000);
  ann.handler.closed();
  await booted.clock.advance(1000);
  expect(booted.hub.entries.map(({ state }) => state)).toEqual(['flushing']);
  await adopt(booted, 'n0', 'mutation ');
  letGo();
  await booted.clock.advance(1000);
  expect(booted.hub.size).toBe(0);
  expect(await booted.body('n0')).toContain('mutation ');
});

test('[D10] one who comes back and leaves while the document is unloaded loses nothing', async () => {
  const booted = await withNotes(1, { compactUpdates: 1, maxBytes: 1 });
  const letGo = holdSnapshots();
  const ann = await join(booted, 'n0');
  ann.push(ann.edit('early '));
  await booted.clock.advance(1000);
  ann.handler.closed();
  expect(booted.hub.entries.map(({ state }) => state)).toEqual(['flushing']);
  const bob = await join(booted, 'n0', 'bob');
  booted.trouble.broken = '_doc_updates';
  bob.push(bob.edit('late '));
  bob.handler.closed();
  letGo();
  await booted.clock.advance(1000);
  expect(booted.hub.size).toBe(1);
  booted.trouble.broken = '';
  await booted.clock.advance(20_000);
  expect(booted.hub.size).toBe(0);
  expect(await booted.body('n0')).toBe('late early ');
});

test('[D1] [D10] an edit by a mutation is shown by its row, also when there was no room to load it', async () => {
  const booted = await withNotes(2, { maxDocs: 1, lingerMs: 10 });
  const held = await acquire(booted, 'n0');
  await adopt(booted, 'n1', 'mutation ');
  await booted.clock.advance(1000);
  expect(await booted.body('n1')).toBe('');
  held.release();
  await booted.clock.advance(20_000);
  expect(await booted.body('n1')).toBe('mutation ');
  expect(booted.hub.size).toBe(0);
});
