import { describe, expect, test } from 'vitest';
import { simEnv } from '../testing/sim-env.ts';
import { engineKit, idsOf, isComplete } from './testing/engine-kit.ts';

async function setUp() {
  const kit = engineKit(simEnv());
  const { clock } = kit.env;
  void kit.engine.start();
  await clock.until(isComplete(kit.engine));
  const answered = () => clock.until(() => kit.engine.mutations.pending().length === 0);
  const titles: unknown[] = [];
  kit.engine.store.subscribe('Note', () =>
    titles.push(kit.engine.store.list('Note').map((row) => row.title)),
  );
  return { ...kit, clock, answered, titles };
}

describe('[S7] a layer', () => {
  test('shows an insert, an update and a delete at once, each until the log covers it, without a flicker', async () => {
    const { engine, server, clock, answered, titles } = await setUp();
    server.put('Note', 'old', { title: 'old' });
    await clock.advance(50);
    const id = engine.insert('Note', { title: 'a' });
    engine.update('Note', id, { title: 'b' });
    engine.delete('Note', 'old');
    const row = engine.store.get('Note', id);
    expect(row).toEqual({ id, title: 'b' });
    await answered();
    await clock.advance(200);
    expect(server.row(id)).toEqual({ id, title: 'b' });
    expect(server.row('old')).toBeUndefined();
    expect(engine.store.get('Note', id)).toBe(row);
    expect(titles).toEqual([['old'], ['old', 'a'], ['old', 'b'], ['b']]);
  });

  test('goes exactly when the cursor covers its transaction, however late the batch is', async () => {
    const { engine, server, clock, answered, titles } = await setUp();
    server.socket.isHeld = true;
    const id = engine.insert('Note', { title: 'mine' });
    await answered();
    await clock.advance(1000);
    expect(engine.store.get('Note', id)).toEqual({ id, title: 'mine' });
    server.put('Note', id, { title: 'by the server' }, true);
    server.socket.isHeld = false;
    server.catchUp(server.socket);
    await clock.advance(50);
    expect(engine.store.get('Note', id)).toEqual({ id, title: 'by the server' });
    expect(titles).toEqual([['mine'], ['by the server']]);
  });

  test('goes when the batch came before the answer', async () => {
    const { engine, server, clock, answered, titles } = await setUp();
    server.intercept = (message, socket) => {
      if (message.t !== 'push') return false;
      server.write(message.ops);
      const value = message.ops.map(({ op_id }) => ({ op_id, ok: true, seq: server.seq }));
      server.env.clock.after(500, () => socket.tell({ t: 'result', id: message.id, ok: true, value }));
      return true;
    };
    const id = engine.insert('Note', { title: 'mine' });
    engine.update('Note', id, { title: 'again' });
    await answered();
    await clock.advance(50);
    expect(engine.store.get('Note', id)).toEqual({ id, title: 'again' });
    expect(titles).toEqual([['mine'], ['again']]);
  });

  test('goes at once when the op changed nothing', async () => {
    const { engine, server, clock, answered } = await setUp();
    server.put('Note', 'n', { title: 'same' });
    await clock.advance(50);
    server.intercept = (message, socket) => {
      if (message.t !== 'push') return false;
      const value = message.ops.map(({ op_id }) => ({ op_id, ok: true }));
      socket.tell({ t: 'result', id: message.id, ok: true, value });
      return true;
    };
    engine.update('Note', 'n', { title: 'other' });
    await answered();
    expect(engine.store.get('Note', 'n')).toEqual({ id: 'n', title: 'same' });
  });

  test('stays over rows that change beneath it, and an update of a deleted row shows nothing', async () => {
    const { engine, server, clock } = await setUp();
    server.put('Note', 'n', { title: 'a', likes: 1 });
    await clock.advance(50);
    server.intercept = ({ t }) => t === 'push';
    engine.update('Note', 'n', { title: 'mine' });
    server.put('Note', 'n', { title: 'theirs', likes: 2 });
    await clock.advance(50);
    expect(engine.store.get('Note', 'n')).toEqual({ id: 'n', title: 'mine', likes: 2 });
    server.write([{ entity: 'Note', row_id: 'n', kind: 'delete' }]);
    await clock.advance(50);
    expect(engine.store.list('Note')).toEqual([]);
  });

  test('of an acknowledged op goes with a reset to another history', async () => {
    const { engine, server, clock, answered } = await setUp();
    server.socket.isHeld = true;
    const id = engine.insert('Note', { title: 'mine' });
    await answered();
    server.write([{ entity: 'Note', row_id: id, kind: 'delete' }], true);
    server.seq = 0;
    server.restore('e2');
    expect(idsOf(engine)).toEqual([id]);
    await clock.until(() => engine.connection.state.name === 'ready');
    await clock.advance(100);
    expect(idsOf(engine)).toEqual([]);
  });
});
