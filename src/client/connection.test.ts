import { expect, test } from 'vitest';
import { Fault } from '../base/fault.ts';
import { PROTOCOL } from '../protocol/version.ts';
import { simEnv } from '../testing/sim-env.ts';
import type { ConnectionState } from './connection.ts';
import { engineKit } from './testing/engine-kit.ts';

function setUp(options = {}) {
  const kit = engineKit(simEnv(), options);
  const states: ConnectionState[] = [];
  kit.engine.connection.subscribe((state) => states.push(state));
  const is = (name: ConnectionState['name']) => () => kit.engine.connection.state.name === name;
  const ready = async () => {
    void kit.engine.start();
    await kit.env.clock.until(is('ready'));
  };
  return { ...kit, clock: kit.env.clock, states, is, ready };
}

test('goes from idle over connecting to ready, and says hello with cursor and schema', async () => {
  const { engine, server, states, ready } = setUp();
  expect(engine.connection.state).toEqual({ name: 'idle' });
  await ready();
  expect(states).toEqual([{ name: 'connecting', attempt: 0 }, { name: 'ready' }]);
  expect(server.received[0]).toMatchObject({ t: 'hello', protocol: PROTOCOL, schema: '', cursor: null });
  expect(server.socket.token).toBe('ann');
});

test('a reconnect sends the cursor and continues there', async () => {
  const { engine, server, clock, is, ready } = setUp();
  await ready();
  await clock.advance(100);
  server.put('Note', 'a', {});
  await clock.advance(100);
  server.socket.drop(1006);
  expect(is('waiting')()).toBe(true);
  server.put('Note', 'b', {});
  await clock.until(() => engine.store.list('Note').length === 2);
  expect(server.messages('hello')[1]).toMatchObject({ cursor: { epoch: 'e1', seq: 1 } });
  expect(engine.stats).toMatchObject({ socketsOpened: 2, socketsOpen: 1 });
});

test('maxReconnectDelay caps the backoff', async () => {
  const { server, clock, states, ready } = setUp({ reconnectDelay: 200, maxReconnectDelay: 500 });
  await ready();
  server.reachable = false;
  server.socket.drop(1006);
  await clock.advance(60_000);
  const delays = states.flatMap((state) => (state.name === 'waiting' ? [state.delayMs] : []));
  expect(delays.length).toBeGreaterThan(100);
  expect(Math.max(...delays)).toBeLessThanOrEqual(500);
  expect(Math.max(...delays)).toBeGreaterThan(450);
});

test('backs off with full jitter up to the cap, and starts anew only after a stable connection', async () => {
  const { server, clock, states, ready, is } = setUp({ reconnectDelay: 1000 });
  await ready();
  server.reachable = false;
  server.socket.drop(1006);
  await clock.advance(600_000);
  const waits = states.filter((state) => state.name === 'waiting');
  waits.forEach((wait, i) => {
    expect(wait.delayMs).toBeLessThanOrEqual(Math.min(30_000, 1000 * 2 ** i));
  });
  expect(Math.max(...waits.map((wait) => wait.delayMs))).toBeGreaterThan(15_000);
  server.reachable = true;
  await clock.until(is('ready'));
  await clock.advance(4000);
  server.socket.drop(1006);
  expect(states.at(-1)).toMatchObject({ name: 'waiting', attempt: expect.toSatisfy((n: number) => n > 3) });
  await clock.until(is('ready'));
  await clock.advance(6000);
  server.socket.drop(1006);
  expect(states.at(-1)).toMatchObject({ name: 'waiting', attempt: 1 });
});

test('answers pings, and gives up a server that fell silent', async () => {
  const { server, clock, ready, states } = setUp();
  await ready();
  const { pingMs } = server.limits;
  for (let i = 0; i < 5; i++) {
    server.socket.tell({ t: 'ping', time: i });
    await clock.advance(pingMs);
  }
  expect(server.messages('pong').map(({ time }) => time)).toEqual([0, 1, 2, 3, 4]);
  const { socket } = server;
  await clock.advance(pingMs * 2);
  expect(socket.closedByClient?.[0]).toBe(4408);
  expect(states.find((state) => state.name === 'waiting')).toMatchObject({ fault: { code: 'timeout' } });
});

test('moves to another server within the time it was given, without waiting for the end of this one', async () => {
  const { server, clock, ready, is } = setUp();
  await ready();
  server.socket.tell({ t: 'moving', after_ms: 2000 });
  await clock.advance(2100);
  await clock.until(is('ready'), 1000);
  expect(server.sockets).toHaveLength(2);
});

test.each(['not json', '{"t":"surprise"}', '{"t":"batch","from":1,"to":0,"ops":[]}', '[]'])(
  '[N1] malformed text %s ends this connection with bad_message, and the next one is made',
  async (text) => {
    const { server, clock, ready, is } = setUp();
    await ready();
    const { socket } = server;
    socket.deliver(text);
    await clock.until(is('waiting'));
    expect(socket.closedByClient?.[0]).toBe(4400);
    await clock.until(is('ready'));
  },
);

test('[N1] a binary frame that is none ends the connection likewise', async () => {
  const { server, clock, ready, is } = setUp();
  await ready();
  const { socket } = server;
  socket.deliver(Uint8Array.of(0x80));
  await clock.until(is('waiting'));
  expect(socket.closedByClient?.[0]).toBe(4400);
});

test('a close code that advises `never` ends the engine with its fault', async () => {
  const { engine, server, clock, ready } = setUp();
  await ready();
  const call = engine.query({ name: 'f' }, {});
  const failed = expect(call).rejects.toMatchObject({ code: 'unsupported' });
  server.socket.drop(4426, 'reload');
  await failed;
  expect(engine.connection.state).toMatchObject({ name: 'closed', fault: { code: 'unsupported' } });
  await clock.advance(60_000);
  expect(server.sockets).toHaveLength(1);
});

test('a connection without welcome is given up in time', async () => {
  const { engine, server, clock, is, states } = setUp();
  server.intercept = ({ t }) => t === 'hello';
  void engine.start();
  await clock.until(is('waiting'));
  expect(states.at(-1)).toMatchObject({ fault: { code: 'timeout' } });
  server.intercept = undefined;
  await clock.until(is('ready'));
});

test('`nudge` ends the waiting', async () => {
  const { engine, server, clock, ready, is } = setUp({ reconnectDelay: 30_000 });
  await ready();
  server.socket.drop(1006);
  engine.nudge();
  await clock.until(is('ready'), 100);
});

test('close is final, idempotent, and leaves no timer', async () => {
  const { engine, server, clock, ready } = setUp();
  await ready();
  const { socket } = server;
  await clock.run(Promise.all([engine.close(), engine.close()]));
  expect(socket.closedByClient?.[0]).toBe(1000);
  expect(engine.stats.socketsOpen).toBe(0);
  expect(engine.connection.state).toEqual({ name: 'closed', fault: undefined });
  await clock.advance(100); // what was under way arrives nowhere
  expect(clock.pending).toBe(0);
  await expect(engine.start()).rejects.toBeInstanceOf(Fault);
  expect(() => engine.insert('Note', {})).toThrow(Fault);
});
