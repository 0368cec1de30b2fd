import { expect, test } from 'vitest';
import { Fault } from '../base/fault.ts';
import { ANONYMOUS, type Viewer } from '../policy/viewer.ts';
import { decodeRoomDown, type RoomDown } from '../protocol/room-frame.ts';
import { simEnv } from '../testing/sim-env.ts';
import type { Door } from './door.ts';
import { DEFAULT_ROOMS, type RoomsOptions } from './options.ts';
import { type Occupant, Room } from './room.ts';

class FakeSeat implements Occupant {
  readonly id: string;
  viewer: Viewer;
  wantsList = false;
  fault: Fault | undefined;
  readonly heard: RoomDown[] = [];
  readonly #room: Room;

  constructor(id: string, room: Room) {
    this.id = id;
    this.viewer = { ...ANONYMOUS, userId: id, kind: 'user' };
    this.#room = room;
  }

  readonly #hear = (payload: Uint8Array) => void this.heard.push(decodeRoomDown(payload));
  readonly list = this.#hear;
  readonly delta = this.#hear;
  readonly message = this.#hear;

  end(fault: Fault): void {
    this.fault = fault;
    this.#room.leave(this);
  }

  get said(): unknown[] {
    return this.heard.flatMap((frame) => (frame.t === 'message' ? [frame.data] : []));
  }
}

async function setUp(door: Partial<Door> = {}, options: Partial<RoomsOptions> = {}) {
  const env = simEnv();
  let empty = 0;
  const open: Door = {
    refusal: () => new Fault('not_found', 'no room'),
    ask: async (viewers) => viewers.map(() => true),
    known: () => undefined,
    turnedBy: () => true,
    ...door,
  };
  const room = new Room({ env, door: open, options: { ...DEFAULT_ROOMS, ...options }, empty: () => empty++ });
  const enter = async (id: string) => {
    const seat = new FakeSeat(id, room);
    await room.enter(seat, null);
    return seat;
  };
  return { clock: env.clock, room, open, enter, emptied: () => empty };
}

test('a renewed session stays, one with other roles joins anew, another user is out', async () => {
  const { room, enter } = await setUp();
  const [a, b, c] = [await enter('a'), await enter('b'), await enter('c')];
  a.viewer = { ...a.viewer };
  b.viewer = { ...b.viewer, roles: ['admin'] };
  c.viewer = { ...c.viewer, userId: 'd' };
  for (const seat of [a, b, c]) room.identityChanged(seat);
  expect([a, b, c].map(({ fault }) => fault?.code)).toEqual([undefined, 'unavailable', 'unauthorized']);
  expect(room.size).toBe(1);
});

test('[P1] when the policies cannot be asked, everybody is out', async () => {
  const { room, open, enter, clock, emptied } = await setUp();
  const [a, b] = [await enter('a'), await enter('b')];
  Object.assign(open, { ask: () => Promise.reject(new Fault('storage', 'no disk')) });
  room.committed([]);
  room.publish(a, 'lost');
  await clock.advance(100);
  expect([a, b].map(({ fault }) => fault?.code)).toEqual(['storage', 'storage']);
  expect(b.said).toEqual([]);
  expect(emptied()).toBe(1);
});

test('[P4] changes that never end let messages pass, each after a question that began behind it', async () => {
  const { room, open, enter, clock } = await setUp();
  const [a, b] = [await enter('a'), await enter('b')];
  let rounds = 0;
  const ask: Door['ask'] = async (viewers) => {
    await new Promise<void>((resolve) => clock.after(10, resolve));
    if (++rounds < 50) room.committed([]);
    if (rounds === 3) room.publish(a, 'second');
    return viewers.map(({ userId }) => rounds < 6 || userId !== 'b');
  };
  Object.assign(open, { ask });
  room.committed([]);
  room.publish(a, 'first');
  await clock.advance(15);
  expect(b.said).toEqual([]);
  await clock.advance(10);
  expect(b.said).toEqual(['first']);
  await clock.advance(1000);
  expect(b.said).toEqual(['first', 'second']);
  expect([a.fault, b.fault?.code]).toEqual([undefined, 'not_found']);
});

test('[N3] between two deltas of a room there is `tellMs`; the first leaves in its turn', async () => {
  const { room, enter, clock } = await setUp({}, { tellMs: 500 });
  const a = await enter('a');
  await clock.advance(1000);
  a.heard.length = 0;
  const b = await enter('b');
  await clock.advance(0);
  expect(a.heard).toMatchObject([{ t: 'delta', joined: [{ id: 'b' }] }]);
  for (let x = 0; x < 100; x++) {
    room.show(b, x);
    await clock.advance(4);
  }
  await clock.advance(99);
  expect(a.heard).toHaveLength(1);
  await clock.advance(1);
  expect(a.heard).toHaveLength(2);
  expect(a.heard[1]).toMatchObject({ t: 'delta', changed: [{ id: 'b', state: 99 }] });
});
