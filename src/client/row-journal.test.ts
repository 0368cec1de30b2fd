import { expect, test } from 'vitest';
import { silentLog } from '../base/env.ts';
import { Fault } from '../base/fault.ts';
import { simEnv } from '../testing/sim-env.ts';
import { MemoryPersistence, type PersistenceOperation } from './memory-persistence.ts';
import { RowJournal } from './row-journal.ts';
import { engineKit, idsOf, isComplete } from './testing/engine-kit.ts';

const at = (seq: number) => ({ epoch: 'e', seq });

test('changes that come while a save is under way share the next one', async () => {
  const done: PersistenceOperation[] = [];
  const persistence = new MemoryPersistence({
    before: async (operation) => {
      done.push(operation);
      await Promise.resolve();
    },
  });
  const journal = new RowJournal(persistence, silentLog);
  await journal.open('ann');
  for (let seq = 1; seq <= 100; seq++) {
    journal.row('Note', `n${seq % 10}`, seq % 3 === 0 ? null : { seq });
    journal.commit(at(seq));
  }
  await journal.close();
  expect(done.filter((operation) => operation === 'saveRows').length).toBeLessThan(4);
  const { rows, cursor } = persistence.snapshot();
  expect(cursor).toEqual(at(100));
  expect(rows.get('Note')?.get('n0')).toEqual({ seq: 100 });
  expect(rows.get('Note')?.has('n9')).toBe(false);
});

test('[S3] after a failed save nothing more is saved: what is stored stays one moment', async () => {
  let fail = false;
  const persistence = new MemoryPersistence({
    before: (operation) => {
      if (fail && operation === 'saveRows') throw new Fault('storage', 'quota');
    },
  });
  const journal = new RowJournal(persistence, silentLog);
  await journal.open('ann');
  const save = async (seq: number) => {
    journal.row('Note', `n${seq}`, { seq });
    journal.commit(at(seq));
    await new Promise<void>((resolve) => setImmediate(resolve));
  };
  await save(1);
  fail = true;
  await save(2);
  fail = false;
  await save(3);
  const { rows, cursor } = persistence.snapshot();
  expect(cursor).toEqual(at(1));
  expect([...(rows.get('Note')?.keys() ?? [])]).toEqual(['n1']);
});

test('[S8] what was not saved yet of one owner is never saved for the next', async () => {
  let go = () => {};
  const gate = new Promise<void>((resolve) => {
    go = resolve;
  });
  const persistence = new MemoryPersistence({
    before: (operation) => (operation === 'saveRows' ? gate : undefined),
  });
  const journal = new RowJournal(persistence, silentLog);
  await journal.open('ann');
  journal.row('Note', 'a', {});
  journal.commit(at(1));
  await Promise.resolve();
  journal.row('Note', 'b', {});
  journal.commit(at(2));
  void journal.saveOp({
    id: '1',
    change: { op_id: '1', entity: 'Note', row_id: 'a', kind: 'delete' },
    status: 'pending',
  });
  const opened = journal.open('bob');
  const doc = journal.changeDocs([], () => new Map([['d', Uint8Array.of(1)]]));
  journal.release();
  const again = journal.open('cid');
  go();
  await expect(doc).rejects.toMatchObject({ code: 'cancelled' });
  expect(await opened).toEqual({ cursor: null, rows: [], ops: [] });
  expect(await again).toEqual({ cursor: null, rows: [], ops: [] });
  await journal.close();
  expect(persistence.snapshot()).toMatchObject({
    owner: 'cid',
    cursor: null,
    ops: new Map(),
    docs: new Map(),
  });
  expect(persistence.snapshot().rows.size).toBe(0);
});

test('when nothing can be loaded the engine works in memory', async () => {
  const { engine, env, server } = engineKit(simEnv(), {
    before: () => {
      throw new Fault('storage', 'no disk');
    },
  });
  server.put('Note', 'n', {});
  void engine.start();
  await env.clock.until(isComplete(engine));
  const id = engine.insert('Note', {});
  await env.clock.until(() => server.row(id) !== undefined);
  expect(idsOf(engine)).toEqual(['n', id].sort());
});

test('[S3] a page that dies before any persistence operation resumes without losing or reviving a row', async () => {
  for (let operations = 0; operations < 12; operations++) {
    let left = operations;
    const { engine, env, server, reload } = engineKit(simEnv(operations), {
      before: () => (left-- > 0 ? undefined : new Promise<never>(() => {})),
    });
    const { clock } = env;
    void engine.start();
    await clock.advance(100);
    for (let i = 0; i < 5; i++) {
      server.put('Note', `n${i}`, {});
      if (i > 0) server.write([{ entity: 'Note', row_id: `n${i - 1}`, kind: 'delete' }]);
      await clock.advance(20);
    }
    for (const socket of server.sockets) socket.drop(1006);
    server.reachable = false;
    void engine.close();
    const again = reload();
    server.reachable = true;
    void again.start();
    await clock.until(isComplete(again));
    expect(idsOf(again)).toEqual(['n4']);
  }
});
