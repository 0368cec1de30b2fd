import 'fake-indexeddb/auto';
import { openDB } from 'idb';
import { describe, expect, test } from 'vitest';
import { IdbPersistence } from './idb-persistence.ts';
import { COPY_ROWS, MAX_CHANGED_ROWS } from './idb-rows.ts';
import { MemoryPersistence, type MemoryState } from './memory-persistence.ts';
import type { CallOp, Persistence, StoredOp } from './persistence.ts';

const at = (seq: number, epoch = 'e') => ({ epoch, seq });
const note = (id: string, title = id) => ({ entity: 'Note', id, data: { id, title } });
const op = (id: string): StoredOp => ({
  id,
  change: { op_id: id, entity: 'Note', row_id: 'n', kind: 'insert', data: { title: id } },
  status: 'pending',
});
const nothing = { put: [], delete: [], clear: false };

const save = (persistence: Persistence, key: string, bytes: Uint8Array | null) =>
  persistence.changeDocs([], () => new Map([[key, bytes]]));

/** What every Persistence does. `open` opens the same place again, as a page does after a reload. */
function persistenceContract(name: string, makePlace: () => { open(): Persistence }) {
  describe(name, () => {
    test('is empty at first', async () => {
      const persistence = makePlace().open();
      expect(await persistence.load('ann')).toEqual({ cursor: null, rows: [], ops: [] });
      expect(await persistence.loadDoc('d')).toBeNull();
    });

    test('[S3] rows and their cursor survive a reload together', async () => {
      const place = makePlace();
      const first = place.open();
      await first.load('ann');
      await first.saveRows({ ...nothing, put: [note('a'), note('b')] }, at(1));
      await first.saveRows({ ...nothing, put: [note('c')], delete: [{ entity: 'Note', id: 'a' }] }, at(2));
      first.close();
      const { cursor, rows } = await place.open().load('ann');
      expect(cursor).toEqual(at(2));
      expect(rows.toSorted((x, y) => (x.id < y.id ? -1 : 1))).toEqual([note('b'), note('c')]);
    });

    test('`clear` forgets the rows before it', async () => {
      const persistence = makePlace().open();
      await persistence.load('ann');
      await persistence.saveRows({ ...nothing, put: [note('a'), note('b')] }, at(1));
      await persistence.saveRows({ put: [note('b', 'new')], delete: [], clear: true }, at(1, 'f'));
      expect(await persistence.load('ann')).toEqual({
        cursor: at(1, 'f'),
        rows: [note('b', 'new')],
        ops: [],
      });
    });

    test('rows of two entities may share an id', async () => {
      const persistence = makePlace().open();
      await persistence.load('ann');
      const other = { entity: 'User', id: 'a', data: { id: 'a' } };
      await persistence.saveRows({ ...nothing, put: [note('a'), other] }, at(1));
      await persistence.saveRows({ ...nothing, delete: [{ entity: 'Note', id: 'a' }] }, at(2));
      expect((await persistence.load('ann')).rows).toEqual([other]);
    });

    test('ops are kept in the order of their ids, replaced and deleted', async () => {
      const place = makePlace();
      const first = place.open();
      await first.load('ann');
      const change: CallOp = { op_id: '4', kind: 'call', fn: 'notes.add', args: { list: [1] }, now: 7 };
      const call: StoredOp = { id: '4', change, status: 'pending' };
      for (const one of [call, op('2'), op('1'), op('3')]) await first.saveOp(one);
      const failed: StoredOp = { ...op('1'), status: 'failed', error: { code: 'forbidden', message: 'no' } };
      await first.saveOp(failed);
      await first.deleteOp('2');
      await first.deleteOp('unknown');
      first.close();
      expect((await place.open().load('ann')).ops).toEqual([failed, op('3'), call]);
    });

    test('documents are kept as bytes of their own', async () => {
      const place = makePlace();
      const first = place.open();
      await first.load('ann');
      const bytes = Uint8Array.of(1, 2, 3);
      await save(first, 'Note:n', bytes);
      bytes[0] = 9;
      first.close();
      const second = place.open();
      await second.load('ann');
      expect(await second.loadDoc('Note:n')).toEqual(Uint8Array.of(1, 2, 3));
      await save(second, 'Note:n', null);
      expect(await second.loadDoc('Note:n')).toBeNull();
    });

    test('[D9] of two who take the same document at once, one finds it', async () => {
      const persistence = makePlace().open();
      await persistence.load('ann');
      await save(persistence, 'd', Uint8Array.of(1));
      const taken: (Uint8Array | null)[] = [];
      const take = () =>
        persistence.changeDocs(['d', 'none'], ([bytes = null, none = null]) => {
          expect(none).toBeNull();
          taken.push(bytes);
          return new Map([
            ['d', null],
            ['e', Uint8Array.of(taken.length)],
          ]);
        });
      await Promise.all([take(), take()]);
      expect(taken).toEqual([Uint8Array.of(1), null]);
      expect(await persistence.loadDoc('e')).toEqual(Uint8Array.of(2));
    });

    test('a change that throws changes nothing', async () => {
      const persistence = makePlace().open();
      await persistence.load('ann');
      const failing = persistence.changeDocs(['d'], () => {
        throw new Error('no');
      });
      await expect(failing).rejects.toThrow('no');
      await save(persistence, 'd', Uint8Array.of(1));
      expect(await persistence.loadDoc('d')).toEqual(Uint8Array.of(1));
    });

    test('[S8] another owner finds nothing, and neither does the first one afterwards', async () => {
      const place = makePlace();
      const first = place.open();
      await first.load('ann');
      await first.saveRows({ ...nothing, put: [note('a')] }, at(1));
      await first.saveOp(op('1'));
      await save(first, 'd', Uint8Array.of(1));
      first.close();
      const second = place.open();
      expect(await second.load('bob')).toEqual({ cursor: null, rows: [], ops: [] });
      expect(await second.loadDoc('d')).toBeNull();
      second.close();
      expect(await place.open().load('ann')).toEqual({ cursor: null, rows: [], ops: [] });
    });

    test('refuses to save for nobody, and after its end', async () => {
      const persistence = makePlace().open();
      await expect(persistence.saveOp(op('1'))).rejects.toMatchObject({ code: 'storage' });
      await persistence.load('ann');
      persistence.close();
      persistence.close();
      await expect(persistence.saveOp(op('1'))).rejects.toMatchObject({ code: 'storage' });
    });
  });
}

persistenceContract('MemoryPersistence', () => {
  let last: MemoryPersistence | undefined;
  return {
    open() {
      const state: MemoryState | undefined = last?.snapshot();
      last = new MemoryPersistence(state ? { state } : {});
      return last;
    },
  };
});

let places = 0;
function idbPlace() {
  const name = `place-${places++}`;
  return { open: () => new IdbPersistence(name) };
}
persistenceContract('IdbPersistence', idbPlace);

describe('rows in IndexedDB', () => {
  const records = async () => {
    const db = await openDB(`ternion:place-${places - 1}`);
    const counts = [await db.count('copies'), await db.count('entities')];
    db.close();
    return counts;
  };
  const notes = (from: number, to: number, title = 'old') =>
    Array.from({ length: to - from }, (_, i) => note(String(from + i).padStart(6, '0'), title));
  const load = async (persistence: Persistence) =>
    (await persistence.load('ann')).rows.toSorted((a, b) => (a.id < b.id ? -1 : 1));

  test('a copy is kept in large parts, with what came later beside it', async () => {
    const place = idbPlace();
    const first = place.open();
    await first.load('ann');
    await first.saveRows({ put: notes(0, COPY_ROWS + 1), delete: [], clear: true }, at(1));
    const gone = { entity: 'Note', id: '000001' };
    await first.saveRows({ ...nothing, put: notes(0, 1, 'new'), delete: [gone] }, at(2));
    expect(await records()).toEqual([2, 2]);
    expect(await load(place.open())).toEqual([...notes(0, 1, 'new'), ...notes(2, COPY_ROWS + 1)]);
    await first.saveRows({ put: notes(5, 6), delete: [], clear: true }, at(3));
    expect(await records()).toEqual([1, 0]);
    expect(await load(place.open())).toEqual(notes(5, 6));
  });

  test('a start folds many changes into a new copy, and nothing else changes', async () => {
    const place = idbPlace();
    const first = place.open();
    await first.load('ann');
    await first.saveRows({ put: notes(0, 3), delete: [], clear: true }, at(1));
    await first.saveRows({ ...nothing, put: notes(1, 1 + MAX_CHANGED_ROWS, 'new') }, at(2));
    const rows = [...notes(0, 1), ...notes(1, 1 + MAX_CHANGED_ROWS, 'new')];
    expect(await load(place.open())).toEqual(rows);
    expect(await records()).toEqual([1, MAX_CHANGED_ROWS]);
    await first.saveRows({ ...nothing, delete: [{ entity: 'Note', id: '000000' }] }, at(3));
    expect(await load(place.open())).toEqual(rows.slice(1));
    expect(await records()).toEqual([MAX_CHANGED_ROWS / COPY_ROWS, 0]);
    expect(await place.open().load('ann')).toMatchObject({ cursor: at(3) });
    await first.saveRows({ ...nothing, put: notes(0, 1) }, at(4));
    expect(await load(place.open())).toEqual(rows);
  });

  test('a database of version 1 keeps its rows', async () => {
    const place = idbPlace();
    const old = await openDB(`ternion:place-${places - 1}`, 1, {
      upgrade(db) {
        for (const name of ['entities', 'cursors', 'pendingMutations', 'docs']) db.createObjectStore(name);
      },
    });
    await old.put('cursors', { owner: 'ann' }, 'owner');
    await old.put('cursors', { epoch: 'e', last_seq: 7 }, 'cursor');
    await old.put('entities', { ...note('a'), seq: 7 }, 'Note:a');
    old.close();
    expect(await place.open().load('ann')).toEqual({ cursor: at(7), rows: [note('a')], ops: [] });
  });
});

describe('IdbPersistence shared by two pages', () => {
  async function twoPages() {
    const place = idbPlace();
    const [one, two] = [place.open(), place.open()];
    await one.load('ann');
    await one.saveRows({ ...nothing, put: [note('a', 'at 1')] }, at(1));
    await two.load('ann');
    return { place, one, two };
  }

  test('[S3] a page that is behind does not overwrite what is newer', async () => {
    const { place, one, two } = await twoPages();
    await one.saveRows({ ...nothing, put: [note('a', 'at 2')] }, at(2));
    await one.saveRows({ ...nothing, put: [note('a', 'at 3')] }, at(3));
    await two.saveRows({ ...nothing, put: [note('a', 'at 2')] }, at(2));
    expect(await place.open().load('ann')).toMatchObject({ cursor: at(3), rows: [note('a', 'at 3')] });
    await two.saveRows({ ...nothing, put: [note('b')] }, at(4));
    expect(await place.open().load('ann')).toMatchObject({
      cursor: at(4),
      rows: [note('a', 'at 3'), note('b')],
    });
  });

  test('[S3] a page whose rows would leave a gap saves none', async () => {
    const { place, one, two } = await twoPages();
    await one.saveRows({ put: [note('a', 'other epoch')], delete: [], clear: true }, at(1, 'f'));
    await expect(two.saveRows({ ...nothing, put: [note('b')] }, at(2))).rejects.toMatchObject({
      code: 'storage',
    });
    expect(await place.open().load('ann')).toMatchObject({
      cursor: at(1, 'f'),
      rows: [note('a', 'other epoch')],
    });
  });

  test('[S8] a page that has not noticed the new identity leaves nothing to it', async () => {
    const { place, one, two } = await twoPages();
    await two.load('bob');
    await expect(one.saveRows({ ...nothing, put: [note('b')] }, at(2))).rejects.toMatchObject({
      code: 'storage',
    });
    await one.saveOp(op('1'));
    await save(one, 'd', Uint8Array.of(1));
    expect(await two.loadDoc('d')).toBeNull();
    expect(await place.open().load('bob')).toEqual({ cursor: null, rows: [], ops: [] });
  });
});
