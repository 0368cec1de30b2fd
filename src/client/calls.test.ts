import { expect, test } from 'vitest';
import { simEnv } from '../testing/sim-env.ts';
import { MAX_CALLS } from './calls.ts';
import { engineKit, isComplete } from './testing/engine-kit.ts';

const add = { name: 'notes.add' };

async function setUp() {
  const kit = engineKit(simEnv());
  const { clock } = kit.env;
  void kit.engine.start();
  await clock.until(isComplete(kit.engine));
  return { ...kit, clock };
}

test('calls and queries resolve with their values', async () => {
  const { engine, server, clock } = await setUp();
  server.onCall = (fn, args) => ({ value: [fn, args] });
  expect(await clock.run(engine.query(add, { a: 1 }))).toEqual(['notes.add', { a: 1 }]);
  expect(await clock.run(engine.call(add, undefined))).toEqual(['notes.add', {}]);
  expect(server.messages('call').map(({ op }) => typeof op)).toEqual(['undefined', 'string']);
});

test('a failure is the Fault of the server', async () => {
  const { engine, server, clock } = await setUp();
  server.intercept = (message, socket) => {
    if (message.t !== 'call') return false;
    const error = { code: 'conflict', message: 'taken', data: { field: 'name' } };
    socket.tell({ t: 'result', id: message.id, ok: false, error });
    return true;
  };
  await expect(clock.run(engine.call(add, {}))).rejects.toMatchObject({
    code: 'conflict',
    message: 'taken',
    data: { field: 'name' },
  });
});

test('a mutation resolves only when the rows hold what it wrote', async () => {
  const { engine, server, clock } = await setUp();
  server.onCall = () => {
    server.put('Note', 'n', { title: 'by the function' }, true);
    return { value: 'n', seq: server.seq };
  };
  let done = false;
  const call = engine.call(add, {}).then((id) => {
    done = true;
    return engine.store.get('Note', id as string);
  });
  await clock.advance(1000);
  expect(done).toBe(false);
  server.catchUp(server.socket);
  expect(await clock.run(call)).toEqual({ id: 'n', title: 'by the function' });
});

test('[L3] calls are sent again until they are answered, mutations under the same op id, in order', async () => {
  const { engine, server, clock } = await setUp();
  let runs = 0;
  server.onCall = () => ({ value: ++runs });
  let swallow = true;
  server.intercept = (message, socket) => {
    if (message.t !== 'call' || !swallow) return false;
    if (message.op !== undefined) {
      // It runs, and its answer is lost.
      const answer = server.onCall(message.fn, message.args);
      server.remember(message.op, answer);
    }
    socket.drop(1006);
    return true;
  };
  const call = engine.call(add, {});
  const query = engine.query(add, {});
  await clock.until(() => server.messages('call').length === 1);
  swallow = false;
  expect(await clock.run(call)).toBe(1);
  expect(await clock.run(query)).toBe(2);
  const ops = server.messages('call').map(({ op }) => op);
  expect(ops).toEqual([ops[0], ops[0], undefined]);
});

test('a call that is given up is cancelled, whether it was sent or not', async () => {
  const { engine, server, clock } = await setUp();
  server.intercept = ({ t }) => t === 'call';
  const [sent, unsent, late] = [new AbortController(), new AbortController(), new AbortController()];
  const first = expect(engine.call(add, {}, { signal: sent.signal })).rejects.toMatchObject({
    code: 'cancelled',
  });
  await clock.advance(50);
  sent.abort('enough');
  await first;
  await clock.advance(50);
  expect(server.messages('cancel')).toEqual([{ t: 'cancel', id: server.messages('call')[0]!.id }]);

  server.socket.drop(1006);
  const second = expect(engine.call(add, {}, { signal: unsent.signal })).rejects.toMatchObject({
    code: 'cancelled',
  });
  unsent.abort();
  await second;
  await clock.until(() => engine.connection.state.name === 'ready');
  await clock.advance(100);
  expect(server.messages('call')).toHaveLength(1);

  late.abort();
  await expect(engine.call(add, {}, { signal: late.signal })).rejects.toMatchObject({ code: 'cancelled' });
});

test('[N3] no more calls are under way than the server takes, and no more wait than the limit', async () => {
  const { engine, server, clock, reload } = await setUp();
  await clock.run(engine.close());
  server.limits = { ...server.limits, callsInFlight: 3 };
  const other = reload();
  void other.start();
  await clock.until(isComplete(other));
  server.intercept = ({ t }) => t === 'call';
  const calls = Array.from({ length: MAX_CALLS }, () => other.query(add, {}).catch((error) => error.code));
  await clock.advance(100);
  expect(server.messages('call')).toHaveLength(2);
  await expect(other.query(add, {})).rejects.toMatchObject({ code: 'overloaded' });
  await other.close();
  expect(new Set(await Promise.all(calls))).toEqual(new Set(['unavailable']));
});

test('[N3] arguments that the server would end the connection for are refused here', async () => {
  const { engine, server } = await setUp();
  const large = 'x'.repeat(server.limits.textBytes);
  await expect(engine.call(add, { large })).rejects.toMatchObject({ code: 'too_large' });
  let deep: unknown = 1;
  for (let i = 0; i < 40; i++) deep = [deep];
  await expect(engine.call(add, { deep })).rejects.toMatchObject({ code: 'invalid' });
});

test('what an action streams comes in order, and a listener that throws stops neither it nor the call', async () => {
  const { engine, server, clock } = await setUp();
  server.intercept = (message, socket) => {
    if (message.t !== 'call') return false;
    const { id } = message;
    for (const data of ['a', { b: 1 }, null]) socket.tell({ t: 'stream', id, data });
    socket.tell({ t: 'stream', id: id + 1, data: 'of no call' });
    socket.tell({ t: 'result', id, ok: true, value: 'end' });
    socket.tell({ t: 'stream', id, data: 'late' });
    return true;
  };
  const chunks: unknown[] = [];
  const onChunk = (chunk: unknown) => {
    chunks.push(chunk);
    if (chunk === 'a') throw new Error('a bug of the app');
  };
  expect(await clock.run(engine.call(add, {}, { onChunk }))).toBe('end');
  expect(await clock.run(engine.call(add, {}))).toBe('end');
  await clock.advance(10);
  expect(chunks).toEqual(['a', { b: 1 }, null]);
});

test('no parts come after a call was given up', async () => {
  const { engine, server, clock } = await setUp();
  server.intercept = ({ t }) => t === 'call';
  const caller = new AbortController();
  const chunks: unknown[] = [];
  const call = engine.call(add, {}, { signal: caller.signal, onChunk: (chunk) => chunks.push(chunk) });
  const failed = expect(call).rejects.toMatchObject({ code: 'cancelled' });
  await clock.advance(50);
  const { id } = server.messages('call')[0]!;
  server.socket.tell({ t: 'stream', id, data: 1 });
  await clock.advance(50);
  caller.abort();
  await failed;
  server.socket.tell({ t: 'stream', id, data: 2 });
  await clock.advance(50);
  expect(chunks).toEqual([1]);
});
