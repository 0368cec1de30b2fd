// @vitest-environment happy-dom
import { act, type ReactNode } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { engineKit, isComplete } from '../client/testing/engine-kit.ts';
import { decodeFrame, encodeFrame } from '../protocol/frame.ts';
import { decodeRoomUp, encodeRoom, type RoomDown } from '../protocol/room-frame.ts';
import { simEnv } from '../testing/sim-env.ts';
import { TernionProvider } from './provider.ts';
import { usePresence } from './use-presence.ts';
import { useTopic } from './use-topic.ts';

let root: Root;

beforeEach(() => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  root = createRoot(document.createElement('div'));
});
afterEach(() => {
  act(() => root.unmount());
  vi.unstubAllGlobals();
});

const member = (id: string, state: number) => ({ id, userId: `u${id}`, name: null, state });

/** An engine whose server lets everybody into every room, as member 1, with member 2. */
async function setUp() {
  const kit = engineKit(simEnv());
  const { clock } = kit.env;
  const { server } = kit;
  const numbers: number[] = [];
  server.intercept = (message, socket) => {
    if (message.t !== 'open') return false;
    numbers.push(message.ch);
    socket.tell({ t: 'opened', ch: message.ch, info: { id: '1' } });
    tell({ t: 'list', members: [member('1', 0), member('2', 0)] });
    return true;
  };
  const tell = (message: RoomDown) =>
    server.socket.deliver(encodeFrame(numbers.at(-1)!, encodeRoom(message)));
  const advance = (ms: number) => act(() => clock.advance(ms));
  const say = (message: RoomDown) => {
    tell(message);
    return advance(20);
  };
  const render = (node: ReactNode) =>
    act(() => root.render(<TernionProvider engine={kit.engine}>{node}</TernionProvider>));
  act(() => void kit.engine.start());
  await act(() => clock.until(isComplete(kit.engine)));
  await advance(50);
  return { ...kit, numbers, say, render, advance };
}

function probe<T>(hook: () => T) {
  const seen: T[] = [];
  const Probe = () => {
    seen.push(hook());
    return null;
  };
  return { seen, Probe, last: () => seen.at(-1) as T };
}

const delta = (change: Partial<Extract<RoomDown, { t: 'delta' }>>): RoomDown => ({
  t: 'delta',
  joined: [],
  changed: [],
  left: [],
  ...change,
});

test('usePresence renders again for others alone, and keeps those who did not change', async () => {
  const { render, say, advance, server } = await setUp();
  const room = probe(() => usePresence('lobby'));
  render(<room.Probe />);
  expect(room.seen).toEqual([{ others: [], joined: false, fault: null }]);
  await advance(100);
  expect(room.seen).toHaveLength(2);
  expect(room.last()).toEqual({ others: [member('2', 0)], joined: true, fault: null });
  const [second] = room.last().others;
  await say(delta({ changed: [{ id: '1', state: 5 }] }));
  expect(room.seen).toHaveLength(2);
  await say(delta({ joined: [member('3', 1)] }));
  expect(room.seen).toHaveLength(3);
  expect(room.last().others[0]).toBe(second);
  await say({ t: 'message', from: { id: '2', userId: 'u2', name: null }, data: 'hi' });
  expect(room.seen).toHaveLength(3);
  await say(delta({ left: ['2'] }));
  expect(room.last().others).toEqual([member('3', 1)]);
  render(null);
  await advance(1000);
  expect(server.messages('close')).toHaveLength(1);
});

test('two components share one room, and one that follows another room leaves the first', async () => {
  const { render, advance, server, numbers } = await setUp();
  const Both = ({ room }: { room: string }) => {
    usePresence(room);
    useTopic(room);
    return null;
  };
  render(<Both room="a" />);
  await advance(100);
  expect(numbers).toHaveLength(1);
  render(<Both room="b" />);
  await advance(1000);
  expect(server.messages('open').map(({ params }) => params)).toEqual([
    { room: 'a', state: null },
    { room: 'b', state: null },
  ]);
  expect(server.messages('close')).toEqual([{ t: 'close', ch: numbers[0] }]);
});

test('useTopic renders once for a message, and its publish stays the same function', async () => {
  const { render, say, advance, server } = await setUp();
  const topic = probe(() => useTopic('lobby'));
  render(<topic.Probe />);
  await advance(100);
  expect(topic.seen).toEqual([{ last: undefined, publish: expect.any(Function) }]);
  const from = { id: '2', userId: 'u2', name: null };
  await say({ t: 'message', from, data: 'hi' });
  await say(delta({ left: ['2'] }));
  expect(topic.seen).toHaveLength(2);
  expect(topic.last().last).toEqual({ name: 'message', from, data: 'hi' });
  expect(topic.last().publish).toBe(topic.seen[0]!.publish);
  expect(topic.last().publish({ n: 1 })).toBe(true);
  await advance(20);
  expect(server.binary.map((bytes) => decodeRoomUp(decodeFrame(bytes).payload))).toEqual([
    { t: 'publish', data: { n: 1 } },
  ]);
});

test('[S8] what was said to one user is not shown to the next', async () => {
  const { render, say, advance, engine } = await setUp();
  const topic = probe(() => useTopic('lobby'));
  const room = probe(() => usePresence('lobby'));
  render(
    <>
      <topic.Probe />
      <room.Probe />
    </>,
  );
  await advance(100);
  await say({ t: 'message', from: { id: '2', userId: 'u2', name: null }, data: 'for ann' });
  act(() => engine.setToken('bob'));
  await advance(15);
  const before = room.seen.length;
  await advance(1000);
  expect(engine.session?.userId).toBe('bob');
  expect(topic.last().last).toBeUndefined();
  expect(room.seen.slice(before).some(({ others }) => others.length === 0)).toBe(true);
  expect(room.last().joined).toBe(true);
});
