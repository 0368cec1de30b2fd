import 'fake-indexeddb/auto';
import { expect, test } from 'vitest';
import { IdbPersistence } from './idb-persistence.ts';
import { OwnedPersistence } from './owned-persistence.ts';
import { webLocks } from './owner-locks.ts';
import type { StoredOp } from './persistence.ts';

const NOTHING = { cursor: null, rows: [], ops: [] };
const op: StoredOp = {
  id: '1',
  change: { op_id: '1', entity: 'Note', row_id: 'n', kind: 'insert', data: { title: 'unsent' } },
  status: 'pending',
};
const row = (title: string) => ({
  put: [{ entity: 'Note', id: 'n', data: { id: 'n', title } }],
  delete: [],
  clear: false,
});
const at = (seq: number) => ({ epoch: 'e', seq });

let places = 0;
function place() {
  const name = `owned-${places++}`;
  return { open: () => new OwnedPersistence(new IdbPersistence(name), webLocks(navigator.locks, name)) };
}

test('[S8] while tabs of an owner live, one of another owner neither reads nor changes what is stored', async () => {
  const { open } = place();
  const [ann, bob] = [open(), open()];
  await ann.load('ann');
  await ann.saveOp(op);
  await ann.saveRows(row('of ann'), at(1));
  expect(await bob.load('bob')).toEqual(NOTHING);
  await bob.saveRows(row('of bob'), at(9));
  await bob.changeDocs([], () => new Map([['d', Uint8Array.of(1)]]));
  expect(await bob.loadDoc('d')).toEqual(Uint8Array.of(1));
  await ann.saveRows(row('of ann, later'), at(2));
  const second = open();
  expect(await second.load('ann')).toMatchObject({
    cursor: at(2),
    rows: [{ data: { title: 'of ann, later' } }],
    ops: [op],
  });
  expect(await second.loadDoc('d')).toBeNull();
});

test('[S8] once they are gone, another owner finds an empty database and keeps it', async () => {
  const { open } = place();
  const ann = open();
  await ann.load('ann');
  await ann.saveOp(op);
  ann.close();
  const bob = open();
  expect(await bob.load('bob')).toEqual(NOTHING);
  await bob.saveRows(row('of bob'), at(1));
  expect(await open().load('ann')).toEqual(NOTHING);
  bob.close();
  const again = open();
  expect(await again.load('bob')).toMatchObject({ rows: [{ data: { title: 'of bob' } }] });
});

test('[S8] a tab that changes its owner lets go of the database only if it is alone with it', async () => {
  const { open } = place();
  const [one, two] = [open(), open()];
  await one.load('ann');
  await two.load('ann');
  await two.saveOp(op);
  expect(await one.load('bob')).toEqual(NOTHING);
  expect(await one.load('ann')).toMatchObject({ ops: [op] });
  two.close();
  await one.load('bob');
  await one.saveRows(row('of bob'), at(1));
  one.close();
  expect(await open().load('bob')).toMatchObject({ cursor: at(1) });
});

test('[S8] of two owners that come at once, one gets the database', async () => {
  const { open } = place();
  const [ann, bob] = [open(), open()];
  await Promise.all([ann.load('ann'), bob.load('bob')]);
  await Promise.all([ann.saveRows(row('of ann'), at(1)), bob.saveRows(row('of bob'), at(2))]);
  expect(await open().load('ann')).toMatchObject({ cursor: at(1), rows: [{ data: { title: 'of ann' } }] });
  expect(await open().load('bob')).toEqual(NOTHING);
});
