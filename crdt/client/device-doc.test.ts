import { expect, test } from 'vitest';
import { MemoryPersistence } from '../../src/client/memory-persistence.ts';
import { simEnv } from '../../src/testing/sim-env.ts';
import { type PendingChange, PendingStore } from './doc-persistence.ts';
import { encodePending } from './pending-record.ts';

const REF = { entity: 'Note', id: 'n1' };
const entry = (peer: bigint, ...bytes: number[]) => ({ peer, bytes: new Uint8Array(bytes) });
const change = (fields: Partial<PendingChange>): PendingChange => ({
  owner: 'ann',
  epoch: 'e1',
  own: [],
  ownPeers: new Set(),
  settled: [],
  ...fields,
});

async function setup() {
  const disk = new MemoryPersistence();
  await disk.load('user:ann');
  return { disk, store: () => new PendingStore(simEnv(), disk, REF) };
}

test('[D2] two pages of one browser keep their edits side by side', async () => {
  const { store, disk } = await setup();
  const [one, two] = [store(), store()];
  await one.save(change({ own: [entry(1n, 1)], ownPeers: new Set([1n]) }));
  const found = await two.load();
  expect(found?.entries).toEqual([entry(1n, 1)]);
  await two.save(change({ own: [entry(2n, 2)], ownPeers: new Set([2n]) }));
  await one.save(change({ own: [entry(1n, 1, 1)], ownPeers: new Set([1n]) }));
  // The second page brought home what it had found; the first has gone on meanwhile.
  await two.save(change({ ownPeers: new Set([2n]), settled: [entry(1n, 1)] }));
  expect((await two.load())?.entries).toEqual([entry(1n, 1, 1)]);
  await one.save(change({ ownPeers: new Set([1n]) }));
  expect(disk.snapshot().docs.size).toBe(0);
});

test('edits of another owner or another life of the document are not kept', async () => {
  const { store } = await setup();
  await store().save(change({ own: [entry(1n, 1)], ownPeers: new Set([1n]) }));
  await store().save(change({ epoch: 'e2', own: [entry(2n, 2)], ownPeers: new Set([2n]) }));
  expect((await store().load())?.entries).toEqual([entry(2n, 2)]);
  await store().save(change({ owner: 'bob', epoch: 'e2', own: [entry(3n, 3)], ownPeers: new Set([3n]) }));
  expect((await store().load())?.entries).toEqual([entry(3n, 3)]);
});

test('a record that cannot be read is no record', async () => {
  const { store, disk } = await setup();
  await disk.saveDoc('Note/n1', encodePending({ owner: null, epoch: '', entries: [] }).subarray(0, 2));
  expect(await store().load()).toBeNull();
});
