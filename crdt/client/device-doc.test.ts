import 'fake-indexeddb/auto';
import { expect, test } from 'vitest';
import { IdbPersistence } from '../../src/client/idb-persistence.ts';
import { MemoryPersistence } from '../../src/client/memory-persistence.ts';
import type { DocPersistence } from '../../src/client/persistence.ts';
import { simEnv } from '../../src/testing/sim-env.ts';
import { encodeVersions, type Versions } from '../core/versions.ts';
import { type CopySource, DeviceDoc, type DocSave } from './device-doc.ts';
import { DEFAULT_DOC, type DocOptions } from './options.ts';

const entry = (peer: bigint, end: number, epoch = 'e1') => ({
  epoch,
  peer,
  end,
  bytes: new Uint8Array(end).fill(7),
});

/** A document of `ops` operations and `size` bytes, as far as a device can tell. */
function copyOf(ops: number, size = ops): CopySource {
  const versions: Versions = new Map([['1', ops]]);
  return {
    versions,
    snapshot: () => new Uint8Array(size),
    vector: () => encodeVersions(versions),
    since: (base) => new Uint8Array(ops - (base.get('1') ?? 0)),
  };
}

function save(fields: Partial<Omit<DocSave, 'entries'>> & { own?: ReturnType<typeof entry>[] }): DocSave {
  const own = fields.own ?? [];
  return {
    owner: 'ann',
    epoch: 'e1',
    spares: [],
    copy: null,
    entries: () => own,
    ownPeers: new Set(own.map(({ peer }) => peer)),
    durable: () => 0,
    ...fields,
  };
}

async function memory() {
  const disk = new MemoryPersistence();
  await disk.load('user:ann');
  return disk;
}

const page = (docs: DocPersistence, options: Partial<DocOptions> = {}, id = 'n1') =>
  new DeviceDoc(simEnv(), { docs, ref: { entity: 'Note', id } }, { ...DEFAULT_DOC, ...options });
const ann = () => 'ann';

test('[D2] two pages of one browser keep their edits side by side', async () => {
  const disk = await memory();
  const [one, two] = [page(disk), page(disk)];
  await one.save(save({ own: [entry(1n, 1)] }));
  expect((await two.load(ann))?.entries).toEqual([entry(1n, 1)]);
  await two.save(save({ own: [entry(2n, 2)] }));
  await one.save(save({ own: [entry(1n, 3)] }));
  // The second page has brought home what it had found; the first has gone on meanwhile.
  const durable = (peer: bigint) => (peer === 1n ? 1 : 0);
  await two.save(save({ ownPeers: new Set([2n]), durable }));
  expect((await two.load(ann))?.entries).toEqual([entry(1n, 3)]);
  await two.save(save({ ownPeers: new Set([2n]), durable: () => 3 }));
  expect(await two.load(ann)).toBeNull();
});

test('[D9] [N3] two pages that load at once get two spares; a third one gets none, also after a crash', async () => {
  const disk = new IdbPersistence('spares');
  await disk.load('user:ann');
  await page(disk).save(save({ spares: [11n, 12n] }));
  const other = new IdbPersistence('spares');
  await other.load('user:ann');
  const found = await Promise.all([page(disk).load(ann), page(other).load(ann)]);
  expect(found.map((one) => one?.spare).sort()).toEqual([11n, 12n]);
  expect(found.filter((one) => one?.hasMore).length).toBe(1);
  expect(await page(disk).load(ann)).toBeNull(); // nothing is left
  await page(disk).save(save({ spares: [1n, 2n, 3n, 4n] }));
  await page(disk).save(save({ spares: [5n] }));
  expect(await page(disk).load(ann)).toMatchObject({ spare: 2n }); // four at most
  await page(disk).save(save({ spares: null }));
  expect(await page(disk).load(ann)).toBeNull();
  disk.close();
  other.close();
});

test('[S8] nothing is found by another owner', async () => {
  const disk = await memory();
  await page(disk).save(save({ own: [entry(1n, 1)], spares: [9n], copy: copyOf(10) }));
  expect(await page(disk).load(() => 'bob')).toBeNull();
  expect(await page(disk).load(ann)).toMatchObject({ spare: 9n });
});

test('edits of another life of the document wait for their page, and not for ever', async () => {
  const disk = await memory();
  await page(disk).save(save({ own: [entry(1n, 1)] }));
  await page(disk).save(save({ epoch: 'e2', own: [entry(2n, 2, 'e2')], copy: copyOf(5) }));
  const found = await page(disk).load(ann);
  expect(found).toMatchObject({ epoch: 'e2', entries: [entry(2n, 2, 'e2')] });
  for (let peer = 10n; peer < 80n; peer++) await page(disk).save(save({ own: [entry(peer, 1)] }));
  await page(disk).save(save({ epoch: 'e2', own: [entry(2n, 3, 'e2')] }));
  expect(disk.snapshot().docs.get('Note/n1')!.length).toBeLessThan(64 * 30);
});

test('a copy is continued by a tail, which is folded when it has become long', async () => {
  const disk = await memory();
  const sizes = () =>
    ['copy', 'tail'].map((kind) => disk.snapshot().docs.get(`Note/n1/${kind}`)?.length ?? 0);
  await page(disk).save(save({ copy: copyOf(1000) }));
  await page(disk).save(save({ copy: copyOf(33_700) }));
  expect(sizes()[0]).toBeLessThan(1100);
  expect(sizes()[1]).toBeGreaterThan(32_700);
  await page(disk).save(save({ copy: copyOf(33_800) }));
  expect(sizes()[0]).toBeGreaterThan(33_800);
  expect(sizes()[1]).toBeLessThan(100);
  await page(disk).save(save({ copy: copyOf(33_000) })); // a page that is behind changes nothing
  expect((await page(disk).load(ann))?.copy?.snapshot.length).toBe(33_800);
  await page(disk).save(save({ epoch: 'e2', copy: copyOf(10) }));
  expect((await page(disk).load(ann))?.copy?.snapshot.length).toBe(10);
});

test('[N3] copies beyond keepDocs or keepBytes go, those used longest ago first', async () => {
  const disk = await memory();
  const keep = async (id: string, size: number) =>
    page(disk, { keepDocs: 3, keepBytes: 1000 }, id).save(save({ copy: copyOf(1, size) }));
  const kept = () =>
    [...disk.snapshot().docs.keys()].filter((key) => key.endsWith('/copy')).map((key) => key.slice(5, 7));
  for (const id of ['n1', 'n2', 'n3']) await keep(id, 100);
  await page(disk, {}, 'n1').load(ann); // used again
  await keep('n4', 100);
  expect(kept()).toEqual(['n1', 'n3', 'n4']);
  await keep('n5', 800); // 1000 bytes together
  expect(kept()).toEqual(['n1', 'n4', 'n5']);
  await keep('n6', 101);
  expect(kept()).toEqual(['n5', 'n6']);
  await keep('n7', 1001); // larger than all of it
  expect(kept()).toEqual(['n5', 'n6']);
  await page(disk, { keepDocs: 0 }, 'n8').save(save({ copy: copyOf(1), own: [entry(1n, 1)] }));
  expect(kept()).toEqual(['n5', 'n6']);
  expect((await page(disk, {}, 'n8').load(ann))?.entries).toEqual([entry(1n, 1)]);
});

test('[D2] of two pages that would make the same edits anew, the first does', async () => {
  const disk = await memory();
  await page(disk).save(save({ own: [entry(1n, 5)] }));
  const seen: ReadonlyMap<bigint, number>[] = [];
  const remake = (ends: [bigint, number][], peer: bigint) =>
    page(disk).remake(new Map(ends), (taken) => {
      seen.push(taken);
      return save({ epoch: 'e2', own: [entry(peer, 2, 'e2')], copy: copyOf(9) });
    });
  await remake([[1n, 5]], 21n);
  await remake([[1n, 8]], 22n); // the page that made them had gone on meanwhile
  await remake([[1n, 8]], 23n);
  expect(seen.map((taken) => taken.get(1n))).toEqual([undefined, 5, 8]);
  const peers = (await page(disk).load(ann))?.entries.map(({ peer }) => peer);
  expect(peers).toEqual([21n, 22n, 23n]);
});

test('what cannot be read is not there, and what cannot be written is said', async () => {
  const disk = await memory();
  await page(disk).save(save({ own: [entry(1n, 1)], copy: copyOf(5) }));
  const cut = (key: string) =>
    disk.changeDocs([key], ([bytes]) => new Map([[key, bytes?.subarray(0, 3) ?? null]]));
  await cut('Note/n1');
  expect(await page(disk).load(ann)).toMatchObject({ entries: [], copy: { tail: new Uint8Array(0) } });
  await cut('Note/n1/tail');
  expect(await page(disk).load(ann)).toBeNull();
  await cut('/copies');
  expect(await page(disk).save(save({ copy: copyOf(5) }))).toBe(true);
  disk.close();
  expect(await page(disk).save(save({ copy: copyOf(5) }))).toBe(false);
  expect(await page(disk).load(ann)).toBeNull();
});
