/** Large snapshots and updates in SQL: in parts, whole or not at all, and none left behind. A real store. */
import { LoroDoc } from 'loro-crdt';
import { afterEach, expect, test } from 'vitest';
import { TempDatabase } from '../../src/testing/temp-database.ts';
import type { DocsOptions } from './options.ts';
import { type Booted, boot as bootOn, join } from './testing/booted.ts';
import { UpdateLog } from './update-log.ts';

const database = { files: new TempDatabase() };
afterEach(() => {
  database.files.remove();
  database.files = new TempDatabase();
});

const small: Partial<DocsOptions> = { partBytes: 1000, compactUpdates: 3, snapshotOps: 1 };
const boot = (options?: Partial<DocsOptions>) => bootOn(database.files, { ...small, ...options });

/** Text that does not compress. */
function noise({ env }: Booted, characters: number): string {
  let text = '';
  while (text.length < characters) text += env.random.next().toString(36).slice(2);
  return text.slice(0, characters);
}

const partsOf = (booted: Booted) =>
  booted.rows('SELECT blob, n, LENGTH(bytes) AS size FROM _doc_parts ORDER BY blob, n');
const blobsOf = async (booted: Booted) =>
  (await booted.rows('SELECT blob FROM _doc_snapshots UNION ALL SELECT blob FROM _doc_updates'))
    .map(({ blob }) => blob)
    .filter((blob) => blob !== null);

test('[D2] [N3] an update of over partBytes is stored in parts, in transactions of their own; the next load has it', async () => {
  const booted = await boot({ compactUpdates: 100 });
  await booted.insert('n1');
  const a = await join(booted, 'n1');
  const before = booted.trouble.count('COMMIT');
  const large = a.edit(noise(booted, 2500));
  a.push(large);
  await booted.clock.until(() => a.all('ack').some(({ level }) => level === 'durable'));
  const sizes = (await partsOf(booted)).map(({ size }) => Number(size));
  expect(sizes).toEqual([1000, 1000, large.length - 2000]);
  expect(booted.trouble.count('COMMIT') - before).toBeGreaterThanOrEqual(4);
  const [row] = await booted.rows('SELECT LENGTH(bytes) AS size FROM _doc_updates');
  expect(row?.size).toBe(0);
  await booted.stop();
  const again = await boot();
  expect((await join(again, 'n1')).text).toBe(a.text);
});

test('[N3] bytes of just partBytes are one row; one byte more makes two parts', async () => {
  const booted = await boot();
  await booted.insert('n1');
  const log = new UpdateLog(booted.env, booted.store, { partBytes: 500 });
  const ref = { entity: 'Note', id: 'n1' };
  const append = (sizeBytes: number) =>
    booted.clock.run(log.append(ref, { epoch: 'e', updates: [new Uint8Array(sizeBytes)] }));
  await append(500);
  expect(await partsOf(booted)).toEqual([]);
  await append(501);
  expect((await partsOf(booted)).map(({ size }) => size)).toEqual([500, 1]);
  const found = await booted.clock.run(log.load(ref));
  expect(found?.stored.updates.map(({ length }) => length)).toEqual([500, 501]);
});

test('[D6] a snapshot in parts takes the place of the last one, and the parts of that go', async () => {
  const booted = await boot();
  await booted.insert('n1');
  const a = await join(booted, 'n1');
  for (let i = 0; i < 12; i++) {
    a.push(a.edit(noise(booted, 400)));
    await booted.clock.advance(500);
  }
  const blobs = await blobsOf(booted);
  const parts = await partsOf(booted);
  expect(blobs.length).toBeGreaterThan(0);
  expect(new Set(parts.map(({ blob }) => blob))).toEqual(new Set(blobs));
  await booted.stop();
  const again = await boot();
  expect((await join(again, 'n1')).text).toBe(a.text);
});

test('[D2] [D6] a crash between any two transactions leaves the document whole, and a start no part that nobody refers to', async () => {
  for (let crashAt = 0; crashAt < 14; crashAt++) {
    const files = new TempDatabase();
    const booted = await bootOn(files, { ...small, retry: { baseMs: 1e6, capMs: 1e6 } });
    await booted.insert('n1');
    const a = await join(booted, 'n1');
    for (let i = 0; i < 2; i++) {
      a.push(a.edit(noise(booted, 900)));
      await booted.clock.advance(500);
    }
    const settled = a.text;
    const from = booted.trouble.count('_doc_parts');
    const { seen } = booted.trouble;
    const push = seen.push.bind(seen);
    seen.push = (sql) => {
      if (booted.trouble.count('_doc_parts') - from >= crashAt) booted.trouble.broken = ' '; // nothing is written any more
      return push(sql);
    };
    a.push(a.edit(noise(booted, 2500)));
    await booted.clock.advance(3000);
    const durable = a.all('ack').some(({ n, level }) => n === a.n && level === 'durable');
    // The process is gone: nobody has closed anything.
    const again = await bootOn(files, small);
    const b = await join(again, 'n1');
    expect([settled, a.text]).toContain(b.text);
    if (durable) expect(b.text).toBe(a.text);
    await again.clock.advance(1000);
    const blobs = new Set(await blobsOf(again));
    for (const { blob } of await partsOf(again)) expect(blobs).toContain(blob);
    await again.stop();
    files.remove();
  }
});

test('a document that goes takes its parts along', async () => {
  const booted = await boot();
  await booted.insert('n1');
  const a = await join(booted, 'n1');
  a.push(a.edit(noise(booted, 2500)));
  await booted.clock.advance(1000);
  expect((await partsOf(booted)).length).toBeGreaterThan(0);
  await booted.clock.run(booted.store.write(({ tx }) => tx.delete('Note', 'n1')));
  await booted.clock.advance(1000);
  expect(await partsOf(booted)).toEqual([]);
});

test('a database of before documents were stored in parts is read as it is, and stored in parts from then on', async () => {
  const first = await boot();
  await first.insert('n1');
  await first.stop();
  const old = database.files.open();
  const doc = new LoroDoc();
  doc.getText('body').insert(0, 'from an earlier version '.repeat(200));
  for (let i = 0; i < 200; i++) doc.getMap('m').set(`k${i}`, Math.sin(i));
  doc.commit();
  for (const table of ['_doc_meta', '_doc_snapshots', '_doc_updates'])
    await old.writer.run(`DROP TABLE ${table}`);
  for (const sql of [
    `CREATE TABLE _doc_meta (entity TEXT NOT NULL, id TEXT NOT NULL, epoch TEXT NOT NULL,
      rev INTEGER NOT NULL, projected INTEGER NOT NULL, PRIMARY KEY (entity, id)) STRICT, WITHOUT ROWID`,
    `CREATE TABLE _doc_snapshots (entity TEXT NOT NULL, id TEXT NOT NULL, rev INTEGER NOT NULL,
      bytes BLOB NOT NULL, PRIMARY KEY (entity, id)) STRICT`,
    `CREATE TABLE _doc_updates (entity TEXT NOT NULL, id TEXT NOT NULL, rev INTEGER NOT NULL,
      bytes BLOB NOT NULL, PRIMARY KEY (entity, id, rev)) STRICT`,
    `INSERT INTO _doc_meta VALUES ('Note', 'n1', 'e', 2, 0)`,
  ])
    await old.writer.run(sql);
  const snapshot = doc.export({ mode: 'snapshot' });
  await old.writer.run(`INSERT INTO _doc_snapshots VALUES ('Note', 'n1', 1, ?)`, [snapshot]);
  const from = doc.oplogVersion();
  doc.getText('body').insert(0, 'and ');
  doc.commit();
  const update = doc.export({ mode: 'update', from });
  await old.writer.run(`INSERT INTO _doc_updates VALUES ('Note', 'n1', 2, ?)`, [update]);
  await old.writer.close();
  await old.reader.close();

  const booted = await boot();
  const a = await join(booted, 'n1');
  expect(a.text).toBe(doc.getText('body').toString());
  for (let i = 0; i < 4; i++) {
    a.push(a.edit('x'));
    await booted.clock.advance(500);
  }
  expect((await blobsOf(booted)).length).toBe(1);
  const columns = await booted.rows('PRAGMA table_info(_doc_meta)');
  expect(columns.map(({ name }) => name)).toEqual(['entity', 'id', 'epoch', 'rev']);
  await booted.stop();
  const again = await boot();
  expect((await join(again, 'n1')).text).toBe(a.text);
});
