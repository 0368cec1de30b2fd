import { expect, test } from 'vitest';
import { Fault } from '../base/fault.ts';
import type { Json } from '../base/json.ts';
import { decodeFrame, encodeFrame } from '../protocol/frame.ts';
import { simEnv } from '../testing/sim-env.ts';
import type { ChannelEvents } from './channel.ts';
import { engineKit } from './testing/engine-kit.ts';

function recorder() {
  const seen: unknown[] = [];
  const events: ChannelEvents = {
    opened: (info) => seen.push(['opened', info]),
    frame: (payload) => seen.push(['frame', ...payload]),
    lost: () => seen.push(['lost']),
    closed: (fault) => seen.push(['closed', fault.code]),
  };
  return { seen, events };
}

async function setUp() {
  const kit = engineKit(simEnv());
  const { clock } = kit.env;
  const ready = () => clock.until(() => kit.engine.connection.state.name === 'ready');
  void kit.engine.start();
  await ready();
  return { ...kit, clock, ready };
}

test('a channel opens, carries frames both ways, and closes', async () => {
  const { engine, server, clock } = await setUp();
  const { seen, events } = recorder();
  const channel = engine.channels.open('doc', { id: 'n1' }, events);
  expect(channel.send(Uint8Array.of(1))).toBe(false);
  await clock.advance(50);
  expect(server.messages('open')).toEqual([{ t: 'open', ch: 1, kind: 'doc', params: { id: 'n1' } }]);
  expect(channel.send(Uint8Array.of(7, 8))).toBe(true);
  server.socket.deliver(encodeFrame(1, Uint8Array.of(9)));
  await clock.advance(50);
  expect(seen).toEqual([
    ['opened', { id: 'n1' }],
    ['frame', 9],
  ]);
  expect(decodeFrame(server.binary[0]!)).toEqual({ channel: 1, payload: Uint8Array.of(7, 8) });
  channel.close();
  channel.close();
  await clock.advance(50);
  expect(server.messages('close')).toEqual([{ t: 'close', ch: 1 }]);
  expect(seen).toHaveLength(2);
  expect(channel.send(Uint8Array.of(1))).toBe(false);
});

test('channels open again after a reconnect, with parameters asked anew', async () => {
  const { engine, server, clock, ready } = await setUp();
  const { seen, events } = recorder();
  let version = 0;
  const params = (): Json => ({ version: ++version });
  engine.channels.open('doc', params, events);
  await clock.advance(50);
  server.socket.drop(1006);
  await ready();
  await clock.advance(50);
  expect(seen).toEqual([['opened', { version: 1 }], ['lost'], ['opened', { version: 2 }]]);
});

test('a refused channel is closed for good', async () => {
  const { engine, server, clock, ready } = await setUp();
  const { seen, events } = recorder();
  server.intercept = (message, socket) => {
    if (message.t !== 'open') return false;
    socket.tell({ t: 'closed', ch: message.ch, code: 'forbidden', message: 'no' });
    return true;
  };
  engine.channels.open('doc', null, events);
  await clock.advance(50);
  server.socket.drop(1006);
  await ready();
  await clock.advance(50);
  expect(seen).toEqual([['closed', 'forbidden']]);
  expect(server.messages('open')).toHaveLength(1);
});

test('numbers are not used twice on a connection, and late frames are dropped and counted', async () => {
  const { engine, server, clock } = await setUp();
  const [one, two] = [recorder(), recorder()];
  engine.channels.open('doc', null, one.events).close();
  engine.channels.open('doc', null, two.events);
  server.socket.deliver(encodeFrame(1, Uint8Array.of(1)));
  server.socket.deliver(encodeFrame(77, Uint8Array.of(1)));
  await clock.advance(50);
  expect(server.messages('open').map(({ ch }) => ch)).toEqual([1, 2]);
  expect(two.seen).toEqual([['opened', null]]);
  expect(engine.stats.framesDropped).toBe(2);
});

test('what a channel throws ends that channel alone', async () => {
  const { engine, server, clock } = await setUp();
  const [bad, good] = [recorder(), recorder()];
  const frame = () => {
    throw new Fault('bad_message', 'not a frame of mine');
  };
  engine.channels.open('doc', null, { ...bad.events, frame });
  engine.channels.open('doc', null, good.events);
  await clock.advance(50);
  server.socket.deliver(encodeFrame(1, Uint8Array.of(1)));
  server.socket.deliver(encodeFrame(2, Uint8Array.of(2)));
  await clock.advance(50);
  expect(bad.seen).toEqual([
    ['opened', null],
    ['closed', 'bad_message'],
  ]);
  expect(good.seen.at(-1)).toEqual(['frame', 2]);
  expect(server.messages('close')).toEqual([{ t: 'close', ch: 1 }]);
});

test('frames over the limit of the server are refused here, not by a lost connection', async () => {
  const { engine, clock, server } = await setUp();
  const channel = engine.channels.open('doc', null, recorder().events);
  await clock.advance(50);
  expect(() => channel.send(new Uint8Array(server.limits.binaryBytes))).toThrow(Fault);
});

test('the end of the engine closes its channels', async () => {
  const { engine, clock } = await setUp();
  const { seen, events } = recorder();
  engine.channels.open('doc', null, events);
  await clock.advance(50);
  await clock.run(engine.close());
  expect(seen.at(-1)).toEqual(['closed', 'unavailable']);
  expect(() => engine.channels.open('doc', null, events)).toThrow(Fault);
});
