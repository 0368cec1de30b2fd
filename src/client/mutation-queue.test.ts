import { describe, expect, test } from 'vitest';
import { Fault, isFault } from '../base/fault.ts';
import type { Json } from '../base/json.ts';
import { defineSchema } from '../schema/define-schema.ts';
import { entity } from '../schema/entity.ts';
import { field } from '../schema/field.ts';
import { simEnv } from '../testing/sim-env.ts';
import type { MemoryPersistenceOptions } from './memory-persistence.ts';
import { MAX_QUEUED_OPS, mutationQueueListener } from './mutation-queue.ts';
import type { SyncEngineOptions } from './sync-engine.ts';
import { engineKit, idsOf, isComplete } from './testing/engine-kit.ts';

async function setUp(options: SyncEngineOptions & MemoryPersistenceOptions = {}) {
  const kit = engineKit(simEnv(), options);
  const { clock } = kit.env;
  void kit.engine.start();
  await clock.until(isComplete(kit.engine));
  const answered = () => clock.until(() => kit.engine.mutations.pending().length === 0);
  return { ...kit, clock, answered };
}

describe('a refused op', () => {
  async function refused() {
    const kit = await setUp();
    kit.server.onPush = ({ data }) => {
      if (data?.title === 'bad') throw new Fault('forbidden', 'not yours');
    };
    const events: string[] = [];
    mutationQueueListener(kit.engine.mutations, ({ status, error }) =>
      events.push(error ? `${status} ${error.code}` : status),
    );
    const id = kit.engine.insert('Note', { title: 'bad' });
    const good = kit.engine.insert('Note', { title: 'good' });
    await kit.answered();
    await kit.clock.advance(50);
    return { ...kit, id, good, events };
  }

  test('is rolled back and kept, and does not hold up the others', async () => {
    const { engine, id, good, events, persistence } = await refused();
    expect(engine.store.get('Note', id)).toBeUndefined();
    expect(idsOf(engine)).toEqual([good]);
    expect(engine.mutations.failed()).toMatchObject([
      { status: 'failed', error: { code: 'forbidden', message: 'not yours' }, change: { row_id: id } },
    ]);
    expect([...persistence.snapshot().ops.values()]).toEqual(engine.mutations.failed());
    expect(events).toEqual(['pending', 'pending', 'failed forbidden', 'done']);
  });

  test('may be retried, as a new op that is visible again', async () => {
    const { engine, server, id, answered } = await refused();
    server.onPush = () => {};
    const [failed] = engine.mutations.failed();
    const retried = engine.mutations.retry(failed!.id);
    expect(retried > failed!.id).toBe(true);
    expect(engine.store.get('Note', id)).toEqual({ id, title: 'bad' });
    await answered();
    expect(server.row(id)).toBeDefined();
    expect(engine.mutations.failed()).toEqual([]);
  });

  test('may be removed', async () => {
    const { engine, clock, persistence, events } = await refused();
    const [failed] = engine.mutations.failed();
    engine.mutations.remove(failed!.id);
    expect(engine.mutations.failed()).toEqual([]);
    expect(events.at(-1)).toBe('dropped forbidden');
    await clock.advance(10);
    expect(persistence.snapshot().ops.size).toBe(0);
    expect(() => engine.mutations.retry(failed!.id)).toThrow(Fault);
  });
});

describe('[L3] an op is sent until it is answered', () => {
  test('under the same id after a lost connection, in order, and runs once', async () => {
    const { engine, server, clock, answered } = await setUp();
    let cuts = 2;
    server.intercept = (message, socket) => {
      if (message.t !== 'push' || cuts === 0) return false;
      // The first time the push is lost; the second time only its answer.
      if (--cuts === 0) server.runPush(message.ops);
      socket.drop(1006);
      return true;
    };
    const ids = ['a', 'b', 'c'].map((title) => engine.insert('Note', { title }));
    await answered();
    await clock.advance(100);
    expect(server.seq).toBe(3);
    expect(idsOf(engine)).toEqual(ids.toSorted());
    const pushes = server.messages('push').map(({ ops }) => ops.map((op) => op.row_id));
    expect(pushes.at(-1)).toEqual(ids);
    const sent = server.messages('push').flatMap(({ ops }) => ops);
    expect(sent.length).toBeGreaterThan(3);
    expect(new Set(sent.map((op) => `${op.op_id} ${op.row_id}`)).size).toBe(3);
    const last = server
      .messages('push')
      .at(-1)
      ?.ops.map((op) => op.op_id);
    expect(last).toEqual(last?.toSorted());
  });

  test('while the server says that it is overloaded, and not in front of an earlier op of the same row', async () => {
    const { engine, server, clock, answered } = await setUp();
    let refusals = 3;
    server.onPush = ({ kind }) => {
      if (kind === 'insert' && refusals-- > 0) throw new Fault('overloaded', 'later');
    };
    const id = engine.insert('Note', { title: 'a' });
    engine.update('Note', id, { title: 'b' });
    await answered();
    await clock.advance(100);
    expect(engine.mutations.failed()).toEqual([]);
    expect(server.row(id)).toEqual({ id, title: 'b' });
  });

  test('but not for ever when the server has a bug', async () => {
    const { engine, server, clock } = await setUp();
    server.onPush = () => {
      throw new Fault('internal', 'internal error');
    };
    engine.insert('Note', { title: 'a' });
    await clock.until(() => engine.mutations.failed().length === 1, 600_000);
    expect(server.messages('push')).toHaveLength(5);
  });

  test('after a malformed answer too', async () => {
    const { engine, server, answered } = await setUp();
    let first = true;
    server.intercept = (message, socket) => {
      if (message.t !== 'push' || !first) return false;
      first = false;
      socket.tell({ t: 'result', id: message.id, ok: true, value: [{ op: 'what?' }] });
      return true;
    };
    const id = engine.insert('Note', { title: 'a' });
    await answered();
    expect(server.row(id)).toBeDefined();
  });

  test('one push at a time, with as many ops as the server takes', async () => {
    const { engine, server, reload, clock } = await setUp();
    await clock.run(engine.close());
    server.limits = { ...server.limits, pushOps: 2, textBytes: 400 };
    const other = reload();
    void other.start();
    await clock.until(isComplete(other));
    for (let i = 0; i < 5; i++) other.insert('Note', { i });
    const big = other.insert('Note', { text: 'x'.repeat(400) });
    const half = [
      other.insert('Note', { text: 'x'.repeat(180) }),
      other.insert('Note', { text: 'x'.repeat(180) }),
    ];
    await clock.until(() => other.mutations.pending().length === 0);
    expect(server.messages('push').map(({ ops }) => ops.length)).toEqual([1, 2, 2, 1, 1]);
    expect(other.mutations.failed()).toMatchObject([
      { error: { code: 'too_large' }, change: { row_id: big } },
    ]);
    expect(half.every((id) => server.row(id))).toBe(true);
  });
});

describe('the queue', () => {
  test('is durable before it is sent, and survives a reload', async () => {
    let saved = 0;
    const stop = { at: false };
    const { engine, server, clock, reload, persistence } = await setUp({
      before: (operation) => {
        if (operation === 'saveOp') saved++;
        return stop.at ? new Promise<void>(() => {}) : undefined;
      },
    });
    server.intercept = (message) => {
      if (message.t === 'push') expect(saved).toBeGreaterThanOrEqual(message.ops.length);
      return message.t === 'push';
    };
    const id = engine.insert('Note', { title: 'kept' });
    await clock.advance(100);
    expect(server.messages('push')).toHaveLength(1);
    stop.at = true;
    engine.insert('Note', { title: 'not durable yet' });
    await clock.advance(100);
    expect(server.messages('push')).toHaveLength(1);

    expect(persistence.snapshot().ops.size).toBe(1);
    void engine.close();
    server.intercept = undefined;
    server.reachable = false;
    const again = reload();
    void again.start();
    await clock.until(() => again.session !== null);
    await clock.advance(1);
    expect(again.store.list('Note')).toEqual([{ id, title: 'kept' }]);
    const later = again.insert('Note', { title: 'later' });
    server.reachable = true;
    await clock.until(() => again.mutations.pending().length === 0);
    expect(
      server
        .messages('push')
        .at(-1)
        ?.ops.map((op) => op.row_id),
    ).toEqual([id, later]);
  });

  test('keeps an op until the rows that cover it are durable', async () => {
    const { engine, server, clock, answered, persistence } = await setUp();
    server.socket.isHeld = true;
    const id = engine.insert('Note', { title: 'a' });
    await answered();
    await clock.advance(100);
    expect(persistence.snapshot().ops.size).toBe(1);
    server.socket.isHeld = false;
    server.catchUp(server.socket);
    await clock.advance(100);
    expect(persistence.snapshot().ops.size).toBe(0);
    expect(persistence.snapshot().rows.get('Note')?.has(id)).toBe(true);
  });

  test('[N3] is bounded', async () => {
    const { engine, server } = await setUp();
    server.socket.drop(1006);
    for (let i = 0; i < MAX_QUEUED_OPS; i++) engine.insert('Note', { i });
    expect(() => engine.insert('Note', {})).toThrow(
      expect.toSatisfy((error) => isFault(error, 'overloaded')),
    );
  });

  test('goes on in memory when nothing can be saved', async () => {
    const { engine, server, answered } = await setUp({
      before: (operation) => {
        if (operation !== 'load') throw new Fault('storage', 'quota');
      },
    });
    const id = engine.insert('Note', { title: 'a' });
    await answered();
    expect(server.row(id)).toEqual({ id, title: 'a' });
    expect(idsOf(engine)).toEqual([id]);
  });
});

test('what the protocol cannot say is refused at once, not by the end of the connection', async () => {
  const { engine } = await setUp();
  expect(() => engine.update('Note', 'x'.repeat(65), {})).toThrow(Fault);
  expect(() => engine.delete('N'.repeat(200), 'n')).toThrow(Fault);
  expect(() => engine.insert('Note', { when: new Date() as never })).toThrow(Fault);
  let deep: Json = 1;
  for (let i = 0; i < 40; i++) deep = [deep];
  engine.insert('Note', { deep });
  expect(engine.mutations.pending()).toHaveLength(1);
});

test('with the schema, rows are checked and defaults filled before anything is sent', async () => {
  const Note = entity('Note', {
    title: field.string(10),
    status: field.string().default('draft'),
    body: field.richtext(),
  });
  const { engine, answered, server } = await setUp({ schema: defineSchema({ entities: [Note] }) });
  const id = engine.insert('Note', { title: 'short' });
  expect(engine.store.get('Note', id)).toEqual({ id, title: 'short', status: 'draft', body: '', docRev: 0 });
  await answered();
  expect(server.row(id)).toEqual({ id, title: 'short', status: 'draft' });
  expect(() => engine.insert('Note', { title: 'far too long for it' })).toThrow(Fault);
  expect(() => engine.update('Note', id, { colour: 'red' })).toThrow(Fault);
  expect(() => engine.insert('Nope', {})).toThrow(Fault);
});
