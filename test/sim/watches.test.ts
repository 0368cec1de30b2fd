/**
 * Watched queries under chaos: pages of two users, who sometimes become one another, watch and stop watching while
 * rows are written, links fail, readers stall, pages crash and the server is killed between two statements.
 */

import { type Fault, isFault, type WatchState } from 'ternion/client';
import { type SimClient, simulate, type World } from 'ternion/testing';
import { expect } from 'vitest';
import type { Json } from '../../src/base/json.ts';
import { simViewer } from '../../src/testing/sim-auth.ts';
import { type api, pace, ROOMS, USERS, type WatchesApp, watchesApp } from './watches-app.ts';

type Client = SimClient<WatchesApp>;
type Engine = Client['engine'];
const STEPS = 60;
/** Small lanes, so that a paused reader soon misses answers. */
const options = { app: watchesApp, host: { outbox: { highWaterBytes: 500, rowsBytes: 1000 } } };

interface Watched {
  readonly client: Client;
  readonly engine: Engine;
  readonly name: keyof typeof api.notes;
  readonly args: Json;
  state: WatchState<Json>;
  cancel(): void;
}

function watch(world: World<WatchesApp>, client: Client): Watched {
  const { random } = world.env;
  const name = random.pick(Object.keys(ARGS) as Watched['name'][]);
  return watchThat(client, name, ARGS[name](world));
}

const room = (world: World<WatchesApp>) => ({ room: world.env.random.pick(ROOMS) });
const size = (world: World<WatchesApp>) => ({ size: world.env.random.int(4) });
const none = () => ({});
const ARGS: Record<Watched['name'], (world: World<WatchesApp>) => Json> = {
  list: room,
  count: room,
  top: size,
  ranked: size,
  page: size,
  withRooms: size,
  rooms: none,
  mine: room,
  first: room,
  me: none,
};

function watchThat(client: Client, name: Watched['name'], args: Json): Watched {
  const { engine } = client;
  const watched: Watched = { client, engine, name, args, state: { name: 'pending' }, cancel: () => {} };
  const ref = { name: `notes.${name}` };
  watched.cancel = engine.watch(ref, args, (state) => {
    watched.state = state as WatchState<Json>;
  });
  return watched;
}

function write(world: World<WatchesApp>, { engine }: Client): void {
  const { random } = world.env;
  const [notes, members, rooms] = [
    engine.store.list('Note'),
    engine.store.list('Member'),
    engine.store.list('Room'),
  ];
  const roomId = random.pick(ROOMS);
  const rank = random.chance(0.2) ? null : random.int(6);
  const pick = random.int(10);
  try {
    if (pick <= 1 || notes.length === 0)
      engine.insert('Note', { roomId, text: `t${random.int(20)}`, open: random.chance(0.6), rank });
    else if (pick === 2) engine.update('Note', random.pick(notes).id, { rank });
    else if (pick === 3) engine.update('Note', random.pick(notes).id, { open: random.chance(0.5) });
    else if (pick === 4) engine.update('Note', random.pick(notes).id, { roomId });
    else if (pick === 5) engine.delete('Note', random.pick(notes).id);
    else if (pick === 6 && members.length > 0) engine.delete('Member', random.pick(members).id);
    else if (pick === 7 && rooms.length > 0)
      engine.update('Room', random.pick(rooms).id, { name: `n${rank}` });
    else engine.insert('Member', { roomId, userId: random.pick(USERS) });
  } catch {
    // A page that does not know yet who it is cannot write; so it is for people.
  }
}

async function trouble(world: World<WatchesApp>, client: Client): Promise<void> {
  const { random } = world.env;
  const pick = random.int(10);
  if (pick === 0) client.drop();
  else if (pick === 1) client.setOnline(random.chance(0.5));
  else if (pick === 2) client.pause(random.chance(0.6));
  else if (pick === 3 && random.chance(0.4)) client.crash();
  else if (pick === 4 && client.crashed) await client.reload();
  else if (pick === 5 && !world.up) await world.start();
  else if (pick === 6 && random.chance(0.4)) world.killAtStatement(1 + random.int(40));
  else if (pick === 7 && world.up && random.chance(0.3))
    world.host.store.trim(world.host.store.seq - random.int(5)).catch(() => {});
  else if (pick >= 8 && !client.crashed) client.engine.setToken(random.pick([...USERS, null]));
}

/** What must hold at every moment. */
function neverTorn(watched: readonly Watched[]): void {
  for (const a of watched) {
    if (a.state.name !== 'value' || a.client.engine !== a.engine || a.client.crashed) continue;
    const { value, complete } = a.state;
    if (a.name === 'me') expect(value).toBe(a.engine.session?.userId ?? null);
    if (a.name !== 'count' || !complete) continue;
    for (const b of watched) {
      if (b.engine !== a.engine || b.name !== 'list' || b.state.name !== 'value' || !b.state.complete)
        continue;
      if (JSON.stringify(a.args) === JSON.stringify(b.args))
        expect((b.state.value as Json[]).length).toBe(value);
    }
  }
}

async function chaos(world: World<WatchesApp>): Promise<Watched[]> {
  const { random, clock } = world.env;
  let watched: Watched[] = [];
  for (const user of ['ada', 'ada', 'eve']) await world.client(user);
  const [first] = world.clients;
  for (const id of ROOMS.slice(0, 2)) {
    await clock.run(world.host.store.write(({ tx }) => tx.insert('Room', { id, name: id })));
    for (const name of ['list', 'count'] as const) watched.push(watchThat(first!, name, { room: id }));
  }
  pace.wait = async () => {
    if (random.chance(0.3)) await new Promise<void>((resolve) => clock.after(random.int(40), resolve));
  };
  for (let i = 0; i < STEPS; i++) {
    if (i === STEPS / 2 && world.up) {
      // A query that did not look at the identity does now.
      const room = world.host.store.write(({ tx }) => tx.insert('Room', { id: 'c', name: 'c' }));
      room.catch(() => {}); // the server may die of it
    }
    const client = random.pick(world.clients);
    if (random.chance(0.25)) await trouble(world, client);
    else if (client.crashed) continue;
    else if (random.chance(0.3)) watched.push(watch(world, client));
    else if (random.chance(0.2) && watched.length > 0) {
      const gone = random.pick(watched);
      gone.cancel();
      watched = watched.filter((one) => one !== gone);
    } else write(world, client);
    const end = clock.monotonic() + random.int(120);
    while (clock.monotonic() < end && (await clock.step())) neverTorn(watched);
  }
  return watched;
}

simulate(
  '[Q1] [Q2] [S8] watches: at rest every query shows what a call answers, and never two moments or identities',
  options,
  async (world) => {
    const chaotic = await chaos(world);
    await world.settle();
    neverTorn(chaotic);
    pace.wait = async () => {};
    const alive = chaotic.filter(({ client, engine }) => client.engine === engine);
    for (const { engine, name, args, state } of alive) {
      const viewer = simViewer(engine.session?.userId ?? null);
      const call = world.host.functions.call({ name: `notes.${name}`, args, viewer });
      const naive = await world.env.clock.run(
        call.then(
          ({ value = null }) => ({ name: 'value', value, complete: true }),
          (error: Fault) => ({ name: 'error', code: isFault(error) ? error.code : 'internal' }),
        ),
      );
      const shown = state.name === 'error' ? { name: 'error', code: state.fault.code } : state;
      expect([name, args, shown]).toEqual([name, args, naive]);
    }
    for (const client of world.clients) client.engine.close();
    await world.env.clock.advance(5000);
  },
);
