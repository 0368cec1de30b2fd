import { describe, expect, test } from 'vitest';
import type { Fault } from '../base/fault.ts';
import type { Json } from '../base/json.ts';
import { simEnv } from '../testing/sim-env.ts';
import type { MemoryPersistenceOptions } from './memory-persistence.ts';
import { mutationQueueListener } from './mutation-queue.ts';
import type { OptimisticContext, OptimisticLocal } from './optimistic.ts';
import { engineKit, idsOf, isComplete } from './testing/engine-kit.ts';

const add = { name: 'notes.add' };
const like = { name: 'notes.like' };
const bad = { name: 'notes.bad' };
const contexts: OptimisticContext[] = [];

const optimistic = {
  'notes.add': (local: OptimisticLocal, { title }: { title: string }, context: OptimisticContext) => {
    contexts.push(context);
    local.insert('Note', { id: context.id, title });
  },
  'notes.like': (local: OptimisticLocal, { id }: { id: string }) => {
    const note = local.get('Note', id);
    local.update('Note', id, { likes: Number(note?.likes ?? 0) + 1 });
  },
  'notes.bad': (local: OptimisticLocal) => {
    local.insert('Note', { title: 'half' });
    throw new Error('a bug of the app');
  },
  /** One note for all: counts the others. */
  'notes.count': (local: OptimisticLocal, _args: unknown, { id }: OptimisticContext) => {
    local.insert('Count', { id, notes: local.list('Note').length });
  },
};

async function setUp(options: MemoryPersistenceOptions = {}) {
  const kit = engineKit(simEnv(), { optimistic, ...options });
  const { clock } = kit.env;
  let ran = 0;
  kit.server.onCall = (fn: string, args: Json) => {
    ran++;
    const { title = '', id = '' } = args as { title?: string; id?: string };
    if (fn === 'notes.add') kit.server.put('Note', `s${ran}`, { title });
    else kit.server.put('Note', id, { likes: Number(kit.server.row(id)?.likes ?? 0) + 1 });
    return { value: ran, seq: kit.server.seq };
  };
  void kit.engine.start();
  await clock.until(isComplete(kit.engine));
  const shown: unknown[] = [];
  kit.engine.store.subscribe((change) => {
    if (change.size > 0) shown.push(kit.engine.store.list('Note').map(({ title, likes }) => title ?? likes));
  });
  const answered = async () => {
    await clock.until(() => kit.engine.mutations.pending().length === 0);
    await clock.advance(50);
  };
  return { ...kit, clock, shown, answered, ran: () => ran };
}

describe('[S7] a call with an optimistic part', () => {
  test("shows it at once, and the server's rows in its place in one change, though they come before the answer", async () => {
    const { engine, clock, answered, shown } = await setUp();
    contexts.length = 0;
    const result = engine.call(add, { title: 'a' });
    expect(engine.store.list('Note')).toMatchObject([{ title: 'a' }]);
    const [op] = engine.mutations.pending();
    expect(op).toMatchObject({ change: { kind: 'call', fn: 'notes.add', args: { title: 'a' } } });
    expect(contexts[0]).toMatchObject({ id: op!.id, now: clock.now(), auth: { userId: 'ann' } });
    await answered();
    expect(await result).toBe(1);
    expect(idsOf(engine)).toEqual(['s1']);
    expect(shown).toEqual([['a'], ['a']]);
  });

  test('is replayed over rows and layers that change beneath it', async () => {
    const { engine, server, clock, answered, shown } = await setUp();
    server.put('Note', 'n', { likes: 10 });
    await clock.advance(50);
    engine.update('Note', 'n', { likes: 20 });
    void engine.call(like, { id: 'n' });
    void engine.call(like, { id: 'n' });
    expect(engine.store.get('Note', 'n')?.likes).toBe(22);
    await answered();
    expect(server.row('n')?.likes).toBe(22);
    expect(shown).toEqual([[10], [20], [21], [22]]);
    server.reachable = false;
    server.socket.drop(1006);
    void engine.call(like, { id: 'n' });
    server.put('Note', 'n', { likes: 30 });
    server.reachable = true;
    await answered();
    expect(shown.slice(4)).toEqual([[23], [31]]);
  });

  test('sees what others beneath it insert and delete when it lists an entity', async () => {
    const { engine, server, clock } = await setUp();
    server.intercept = ({ t }) => t === 'call' || t === 'push';
    const id = engine.insert('Note', { title: 'mine' });
    void engine.call({ name: 'notes.count' }, {});
    const count = () => engine.store.list('Count').map(({ notes }) => notes);
    expect(count()).toEqual([1]);
    server.put('Note', 'theirs', { title: 'b' });
    await clock.advance(50);
    expect(count()).toEqual([2]);
    engine.delete('Note', id); // above it
    expect(count()).toEqual([2]);
  });

  test('that throws shows nothing of it, and is sent all the same', async () => {
    const { engine, server, answered, shown } = await setUp();
    server.onCall = () => ({ value: 'done' });
    const result = engine.call(bad, {});
    expect(shown).toEqual([]);
    await answered();
    expect(await result).toBe('done');
    expect(idsOf(engine)).toEqual([]);
  });

  test('goes after what was queued before it, and before what was queued after', async () => {
    const { engine, server, answered } = await setUp();
    engine.insert('Note', { title: 'a' });
    void engine.call(add, { title: 'b' });
    engine.insert('Note', { title: 'c' });
    engine.insert('Note', { title: 'd' });
    await answered();
    const sent = server.received.flatMap((m) => (m.t === 'push' ? m.ops.length : m.t === 'call' ? m.fn : []));
    expect(sent).toEqual([1, 'notes.add', 2]);
  });
});

describe('[L3] a queued call', () => {
  test('that lost its answer is sent again under its op id, runs once, and shows nothing twice meanwhile', async () => {
    const { engine, server, answered, shown, ran } = await setUp();
    let lost = false;
    server.intercept = (message, socket) => {
      if (message.t !== 'call' || lost) return false;
      lost = true;
      server.remember(message.op!, server.onCall(message.fn, message.args) as { value: number; seq: number });
      socket.drop(1006);
      return true;
    };
    const result = engine.call(add, { title: 'a' });
    await answered();
    expect(await result).toBe(1);
    expect(ran()).toBe(1);
    expect(new Set(server.messages('call').map(({ op }) => op)).size).toBe(1);
    expect(shown.every((titles) => JSON.stringify(titles) === '["a"]')).toBe(true);
    expect(idsOf(engine)).toEqual(['s1']);
  });

  test('survives a reload: it is shown again and sent', async () => {
    const { engine, server, clock, reload, ran } = await setUp();
    server.reachable = false;
    server.socket.drop(1006);
    engine.call(add, { title: 'a' }).catch(() => {});
    await clock.advance(50);
    const page = reload();
    await clock.run(Promise.all([engine.close(), page.start()]));
    expect(page.store.list('Note')).toMatchObject([{ title: 'a' }]);
    server.reachable = true;
    page.nudge();
    await clock.until(() => page.mutations.pending().length === 0);
    await clock.advance(50);
    expect(idsOf(page)).toEqual(['s1']);
    expect(ran()).toBe(1);
  });

  test('of an earlier visit holds rows back only as long as it may have been sent there', async () => {
    const { engine, server, clock, reload } = await setUp();
    server.reachable = false;
    server.socket.drop(1006);
    for (const title of ['a', 'b']) engine.call(add, { title }).catch(() => {});
    await clock.advance(50);
    const page = reload();
    server.put('Note', 'x', { title: 'by others' });
    server.reachable = true;
    server.intercept = (m) => m.t === 'call' && (m.args as { title: string }).title === 'b';
    await clock.run(Promise.all([engine.close(), page.start()]));
    await clock.advance(200);
    expect(page.mutations.pending()).toHaveLength(1);
    expect(page.store.list('Note').map(({ title }) => title)).toEqual(['by others', 'a', 'b']);
  });

  test('that is refused is rolled back, kept, and may be retried as a new op', async () => {
    const { engine, server, answered } = await setUp();
    const run = server.onCall;
    const events: string[] = [];
    mutationQueueListener(engine.mutations, ({ status }) => events.push(status));
    server.intercept = (message, socket) => {
      if (message.t !== 'call') return false;
      socket.tell({ t: 'result', id: message.id, ok: false, error: { code: 'forbidden', message: 'no' } });
      return true;
    };
    const refusal = engine.call(add, { title: 'a' }).catch((fault: Fault) => fault.code);
    await answered();
    expect(await refusal).toBe('forbidden');
    expect(engine.store.list('Note')).toEqual([]);
    const [failed] = engine.mutations.failed();
    server.intercept = undefined;
    server.onCall = run;
    expect(engine.mutations.retry(failed!.id)).not.toBe(failed!.id);
    await answered();
    expect(idsOf(engine)).toEqual(['s1']);
    expect(events).toEqual(['pending', 'failed', 'dropped', 'pending', 'done']);
  });

  test('that a server in trouble cannot run waits its turn without holding its rows back', async () => {
    const { engine, server, clock } = await setUp();
    server.intercept = (message, socket) => {
      if (message.t !== 'call') return false;
      socket.tell({ t: 'result', id: message.id, ok: false, error: { code: 'storage', message: 'full' } });
      return true;
    };
    void engine.call(add, { title: 'a' });
    await clock.advance(50);
    server.put('Note', 'n', { title: 'b' });
    await clock.advance(20);
    expect(engine.store.list('Note')).toMatchObject([{ title: 'b' }, { title: 'a' }]);
  });

  test('whose arguments no message can carry fails alone', async () => {
    const { engine, answered } = await setUp();
    const refusal = engine.call(add, { title: 'x'.repeat(2 << 20) }).catch((fault: Fault) => fault.code);
    const next = engine.call(add, { title: 'a' });
    await answered();
    expect(await refusal).toBe('too_large');
    expect(await next).toBe(1);
  });

  test('may be given up by its caller, and goes on', async () => {
    const { engine, answered, ran } = await setUp();
    const end = new AbortController();
    const given = engine.call(add, { title: 'a' }, { signal: end.signal }).catch((f: Fault) => f.code);
    end.abort();
    expect(await given).toBe('cancelled');
    await answered();
    expect(ran()).toBe(1);
  });
});

test('[S8] another identity sees, replays and sends nothing of a queued call', async () => {
  const { engine, server, clock, ran } = await setUp();
  server.reachable = false;
  server.socket.drop(1006);
  const refusal = engine.call(add, { title: 'a' }).catch((fault: Fault) => fault.code);
  await clock.advance(20);
  engine.setToken('bob');
  server.reachable = true;
  await clock.until(() => engine.session?.userId === 'bob' && engine.connection.state.name === 'ready');
  contexts.length = 0;
  server.put('Note', 'n', { title: 'b' });
  await clock.advance(200);
  expect(await refusal).toBe('unauthorized');
  expect(idsOf(engine)).toEqual(['n']);
  expect([contexts, ran()]).toEqual([[], 0]);
});
