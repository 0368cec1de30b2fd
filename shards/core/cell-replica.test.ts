import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Reader } from '../../src/base/bytes.ts';
import { isFault } from '../../src/base/fault.ts';
import { canonicalJson, type Json } from '../../src/base/json.ts';
import { isJson } from '../../src/base/shape.ts';
import { CellReplica } from './cell-replica.ts';
import type { CellState } from './cell-state.ts';
import { ChurnPlayer, ChurnWorld, MAX_ENTITIES } from './churn-for-tests.ts';
import type { Quaternion } from './component.ts';
import { c } from './components.ts';
import { RecordType } from './record-type.ts';
import { Snapshot } from './snapshot.ts';

const SLOW = 4;
const fields = {
  position: c.vec3({ min: -64, max: 64, step: 0.01 }),
  yaw: c.angle({ bits: 10 }),
  health: c.int({ min: 0, max: 100 }),
  kind: c.enum('player', 'bot', 'shot'),
  name: c.string({ maxBytes: 12 }),
  shield: c.optional(c.struct({ power: c.scalar({ min: 0, max: 1, step: 0.05 }), owner: c.string() })),
  wide: c.int({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  slow: c.scalar({ min: 0, max: 50, step: 0.5 }).every(SLOW),
  turn: c.quaternion(),
  tumble: c.optional(c.quaternion({ bits: 7 })),
  slowTurn: c.quaternion({ bits: 12 }).every(SLOW),
  slowAt: c.vec2({ min: -8, max: 8, step: 0.25 }).every(2),
  target: c.entityId(),
  mate: c.optional(c.entityId()),
  bag: c.json({ maxBytes: 200 }),
  note: c.optional(c.json()).every(2),
};
/** How often those are sent that are not in every frame. */
const RATES = { slow: SLOW, slowTurn: SLOW, slowAt: 2, note: 2 };
const type = new RecordType(fields);
type World = ChurnWorld<typeof fields>;
type Player = ChurnPlayer<typeof fields>;
const CELLS = 5;
const LEVELS = 3;
const ALL_CELLS = [0, 1, 2, 3, 4];

const real = fc.double({ min: -80, max: 80, noNaN: true });
const shield = fc.record({ power: fc.double({ min: 0, max: 1, noNaN: true }), owner: fc.string() });
const rotation = fc.record({ x: real, y: real, z: real, w: real });
const id = fc.oneof(fc.nat(60), fc.nat(2 ** 31 - 1));
const json = fc
  .jsonValue({ maxDepth: 2 })
  .filter((value): value is Json => isJson(value) && Buffer.byteLength(canonicalJson(value)) <= 200);
const values = fc.record(
  {
    position: fc.record({ x: real, y: real, z: real }),
    yaw: real,
    health: fc.integer({ min: -5, max: 120 }),
    kind: fc.constantFrom('player' as const, 'bot' as const, 'shot' as const),
    name: fc.string({ unit: 'grapheme' }),
    shield: fc.option(shield, { nil: undefined }),
    wide: fc.integer(),
    slow: fc.double({ min: 0, max: 50, noNaN: true }),
    turn: rotation,
    tumble: fc.option(rotation, { nil: undefined }),
    slowTurn: rotation,
    slowAt: fc.record({ x: real, y: real }),
    target: id,
    mate: fc.option(id, { nil: undefined }),
    bag: json,
    note: fc.option(json, { nil: undefined }),
  },
  { requiredKeys: [] },
);
const cell = fc.nat(CELLS - 1);
/** One more than there are: nowhere to be seen. */
const place = fc.nat(CELLS);
const which = fc.nat(50);
const who = fc.nat(2);
const event = fc.oneof(
  { weight: 2, arbitrary: fc.record({ spawn: values, count: fc.constantFrom(1, 1, 1, 20), place }) },
  { weight: 1, arbitrary: fc.record({ despawn: which }) },
  { weight: 2, arbitrary: fc.record({ cross: which, place }) },
  { weight: 3, arbitrary: fc.record({ change: which, values }) },
  { weight: 1, arbitrary: fc.record({ want: who, cell, level: fc.nat(LEVELS - 1) }) },
  { weight: 1, arbitrary: fc.record({ unwant: who, cell }) },
  { weight: 1, arbitrary: fc.record({ restart: who }) },
);
/** What happens before each frame, and which of the players get it. */
const story = fc.array(
  fc.record({
    events: fc.array(event, { maxLength: 4 }),
    reached: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
  }),
  { minLength: 1, maxLength: 60 },
);
type Story = typeof story extends fc.Arbitrary<infer F> ? F : never;

/** What each stream holds after its last step, kept from the world alone: by cell and level, entities as JSON. */
class Oracle {
  readonly #states = new Map<string, Map<number, Record<string, unknown>>>();

  note(server: World): void {
    for (const cell of ALL_CELLS) {
      const now = Array.from(server.rowsOf(cell), (row) => plain(server.world.table.at(row)));
      for (let level = 0; level < LEVELS; level++) {
        if (server.frame % 2 ** level !== 0) continue;
        const before = this.#states.get(`${cell}/${level}`);
        const after = new Map<number, Record<string, unknown>>();
        for (const entity of now) {
          const known = before?.get(entity.id as number);
          const told = { ...entity };
          for (const [name, every] of Object.entries(RATES)) {
            if (known === undefined || server.frame % every === 0) continue;
            if (name in known) told[name] = known[name];
            else delete told[name];
          }
          after.set(entity.id as number, told);
        }
        this.#states.set(`${cell}/${level}`, after);
      }
    }
  }

  at(cell: number, level: number): Record<string, unknown>[] {
    return [...this.#states.get(`${cell}/${level}`)!.values()];
  }
}

function plain(row: object): Record<string, unknown> {
  return JSON.parse(JSON.stringify(row));
}

function heldOf(state: CellState): Record<string, unknown>[] {
  const { layout } = state;
  const table = type.table(1);
  return Array.from({ length: state.count }, (_, slot) => {
    table.ids[0] = state.idAt(slot);
    for (let i = 0; i < layout.stride; i++) {
      const column = table.columns[layout.source[i]!]!;
      if (layout.text[i]! >= 0) column.texts[0] = state.textAt(slot, i);
      else column.values[0] = state.valueAt(slot, i);
    }
    return plain(table.at(0));
  });
}

function expectSame(replica: CellReplica<typeof fields>, oracle: Oracle): void {
  for (const { cell, level, state } of replica.held) expect(heldOf(state)).toEqual(oracle.at(cell, level));
}

/** Three players: one sees all in full, one with levels of detail, one what he asks for. */
function newWorld() {
  const server: World = new ChurnWorld(type, CELLS, LEVELS);
  const players = [0, 1, 2].map(() => new ChurnPlayer(server));
  for (const cell of ALL_CELLS) {
    players[0]!.wanted.set(cell, 0);
    players[1]!.wanted.set(cell, cell % LEVELS);
  }
  return { server, players };
}

/** Further about an axis, so that all of the four numbers are the greatest in turn. */
function turned({ x, y, z, w }: Quaternion, by: number): Quaternion {
  return { x: x + by * (w + y), y: y + by * (z - x), z: z + by * (w - y), w: w - by * (x + z) };
}

/** Moves everybody on straight lines, as most do. */
function drift(server: World): void {
  for (const entity of server.world.entities) {
    entity.position.x += 0.5;
    entity.yaw += 0.1;
    entity.slow += 1;
    entity.turn = turned(entity.turn, 0.1);
    entity.slowTurn = turned(entity.slowTurn, 0.3);
    if (entity.tumble) entity.tumble = turned(entity.tumble, 0.2);
    entity.slowAt.y -= 0.25;
    if (entity.shield) entity.shield.power += 0.05;
  }
}

function happen(server: World, players: readonly Player[], events: Story[number]['events']): void {
  const { world } = server;
  const pick = (n: number) => world.entities[n % world.count]!;
  for (const e of events) {
    if ('spawn' in e) {
      for (let i = 0; i < e.count; i++) server.cellOf.set(world.spawn(e.spawn).id, e.place);
    } else if ('want' in e) players[e.want]!.wanted.set(e.cell, e.level);
    else if ('unwant' in e) players[e.unwant]!.wanted.delete(e.cell);
    else if ('restart' in e) players[e.restart]!.restart();
    else if (world.count === 0) continue;
    else if ('despawn' in e) world.despawn(pick(e.despawn).id);
    else if ('cross' in e) server.cellOf.set(pick(e.cross).id, e.place);
    else if ('change' in e) Object.assign(pick(e.change), e.values);
  }
}

function play(list: Story, check: (server: World, players: readonly Player[], oracle: Oracle) => void): void {
  const { server, players } = newWorld();
  const oracle = new Oracle();
  for (const { events, reached } of list) {
    drift(server);
    happen(server, players, events);
    server.advance();
    oracle.note(server);
    for (const [i, player] of players.entries()) if (reached[i]) player.receive();
    check(server, players, oracle);
  }
}

test('[T2] cells are what they were in their last step, through any churn, skipped frames and new beginnings', () => {
  fc.assert(
    fc.property(story, (list) => {
      play(list, (server, players, oracle) => {
        for (const { replica } of players) {
          expect(replica.desyncs).toEqual([]);
          if (replica.frame === server.frame) expectSame(replica, oracle);
        }
      });
    }),
    { numRuns: 200 },
  );
});

test('[T2] who holds all cells in full sees all that is in them', () => {
  const snapshot = new Snapshot(type);
  fc.assert(
    fc.property(story, (list) => {
      play(list, (server, [player]) => {
        const { replica } = player!;
        const full = replica.held.length === CELLS && replica.held.every(({ level }) => level === 0);
        if (!full || replica.frame !== server.frame) return;
        replica.fill(snapshot);
        const inside = server.world.entities.filter(({ id }) => server.cellOf.get(id)! < CELLS);
        const shown = Array.from({ length: snapshot.count }, (_, row) => plain(snapshot.table.at(row)));
        const exact = (entity: Record<string, unknown>) =>
          Object.fromEntries(Object.entries(entity).filter(([name]) => !(name in RATES)));
        expect(shown.map(exact)).toEqual(inside.map((entity) => exact(plain(entity))));
      });
    }),
    { numRuns: 50 },
  );
});

test('[T2] a cell that came to differ is noticed within 64 of its steps, and mended', () => {
  const { server, players } = newWorld();
  const oracle = new Oracle();
  const player = players[1]!;
  for (let i = 0; i < 50; i++)
    server.cellOf.set(server.world.spawn({ wide: i, name: `n${i}` }).id, i % CELLS);
  const noticed = new Set<unknown>();
  for (let frame = 1; frame <= 64 * 4 + 16; frame++) {
    drift(server);
    server.advance();
    oracle.note(server);
    player.receive();
    for (const cell of player.replica.desyncs) noticed.add(cell);
    if (frame === 8) for (const { state } of player.replica.held) state.data[state.layout.size * 3 + 5]! ^= 1;
  }
  expect([...noticed].sort()).toEqual(ALL_CELLS);
  expectSame(player.replica, oracle);
});

test('[N1] damaged frames are refused with a Fault or leave values in range', () => {
  const damage = fc.array(fc.nat(), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(story, damage, fc.boolean(), (list, where, cut) => {
      let layouts: World['layouts'] | undefined;
      let received: readonly Uint8Array[] = [];
      play(list, (server, [, player]) => {
        layouts = server.layouts;
        received = player!.received;
      });
      for (let n = 0; n < received.length; n++) {
        const replica = new CellReplica<typeof fields>(layouts!, {
          maxEntities: MAX_ENTITIES,
          everyTicks: 2,
        });
        for (const frame of received.slice(0, n)) replica.apply(new Reader(frame.subarray(1)));
        const frame = received[n]!;
        const bytes = cut ? frame.slice(0, 1 + (where[0]! % (frame.length - 1))) : frame.slice();
        for (const bit of where) if (!cut) bytes[1 + ((bit >> 3) % (bytes.length - 1))]! ^= 1 << (bit & 7);
        try {
          replica.apply(new Reader(bytes.subarray(1)));
        } catch (error) {
          expect(isFault(error), String(error)).toBe(true);
          continue;
        }
        for (const { state } of replica.held) expectInRange(state);
      }
    }),
    { numRuns: 60 },
  );
});

function expectInRange(state: CellState): void {
  const { layout } = state;
  for (let slot = 0; slot < state.count; slot++) {
    for (let i = 0; i < layout.stride; i++) {
      if (layout.text[i]! >= 0) expect(state.textAt(slot, i).bytes.length).toBeLessThanOrEqual(256);
      else {
        expect(state.valueAt(slot, i)).toBeGreaterThanOrEqual(layout.min[i]!);
        expect(state.valueAt(slot, i)).toBeLessThanOrEqual(layout.max[i]!);
      }
    }
  }
}
