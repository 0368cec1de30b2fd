import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CellState } from './cell-state.ts';
import { ChurnPlayer, ChurnWorld } from './churn-for-tests.ts';
import { c } from './components.ts';
import { RecordType } from './record-type.ts';
import { Snapshot } from './snapshot.ts';

const fields = {
  position: c.vec3({ min: -64, max: 64, step: 0.01 }),
  yaw: c.angle({ bits: 10 }),
  health: c.int({ min: 0, max: 100 }),
  kind: c.enum('player', 'bot', 'shot'),
  name: c.string({ maxBytes: 12 }),
  shield: c.optional(c.struct({ power: c.scalar({ min: 0, max: 1, step: 0.05 }), owner: c.string() })),
  wide: c.int({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  slow: { ...c.scalar({ min: 0, max: 50, step: 0.5 }), every: 4 },
};
const type = new RecordType(fields);
const CELLS = 5;
const LEVELS = 3;

const real = fc.double({ min: -80, max: 80, noNaN: true });
const values = fc.record(
  {
    position: fc.record({ x: real, y: real, z: real }),
    yaw: real,
    health: fc.integer({ min: -5, max: 120 }),
    kind: fc.constantFrom('player' as const, 'bot' as const, 'shot' as const),
    name: fc.string({ unit: 'grapheme' }),
    shield: fc.option(fc.record({ power: fc.double({ min: 0, max: 1, noNaN: true }), owner: fc.string() }), {
      nil: undefined,
    }),
    wide: fc.integer(),
    slow: fc.double({ min: 0, max: 50, noNaN: true }),
  },
  { requiredKeys: [] },
);
const cell = fc.nat(CELLS);
const which = fc.nat(50);
const event = fc.oneof(
  { weight: 2, arbitrary: fc.record({ spawn: values, cell }) },
  { weight: 1, arbitrary: fc.record({ despawn: which }) },
  { weight: 2, arbitrary: fc.record({ cross: which, cell }) },
  { weight: 3, arbitrary: fc.record({ change: which, values }) },
  {
    weight: 1,
    arbitrary: fc.record({ want: fc.nat(2), cell: fc.nat(CELLS - 1), level: fc.nat(LEVELS - 1) }),
  },
  { weight: 1, arbitrary: fc.record({ unwant: fc.nat(2), cell: fc.nat(CELLS - 1) }) },
  { weight: 1, arbitrary: fc.record({ restart: fc.nat(2) }) },
);
/** A frame: what happens before it, and which of the players get it. */
const frames = fc.array(
  fc.record({
    events: fc.array(event, { maxLength: 4 }),
    reached: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
  }),
  { minLength: 1, maxLength: 60 },
);
type Frames = typeof frames extends fc.Arbitrary<infer F> ? F : never;

/** What a cell held in its last step at a level, as plain values: components that wait included. */
function statesOf(server: ChurnWorld<typeof fields>, cell: number): string[] {
  const rows = server.rowsOf(cell);
  return Array.from(rows, (row) => JSON.stringify(server.world.table.at(row)));
}

/** The entities of a state, through a snapshot of it alone. */
function heldOf(state: CellState): string[] {
  const { layout } = state;
  const table = type.table(1);
  return Array.from({ length: state.count }, (_, slot) => {
    table.ids[0] = state.idAt(slot);
    for (let i = 0; i < layout.stride; i++) {
      const column = table.columns[layout.source[i]!]!;
      if (layout.text[i]! >= 0) column.texts[0] = state.textAt(slot, i);
      else column.values[0] = state.valueAt(slot, i);
    }
    return JSON.stringify(table.at(0));
  });
}

function run(
  list: Frames,
  check: (server: ChurnWorld<typeof fields>, players: ChurnPlayer<typeof fields>[]) => void,
) {
  const server = new ChurnWorld(type, CELLS, LEVELS);
  const players = [0, 1, 2].map(() => new ChurnPlayer(server));
  players[0]!.wanted = new Map([0, 1, 2, 3, 4].map((cell) => [cell, 0]));
  players[1]!.wanted = new Map([0, 1, 2, 3, 4].map((cell) => [cell, cell % 3]));
  const { world } = server;
  const pick = (n: number) => world.entities[n % world.count];
  for (const { events, reached } of list) {
    for (const entity of world.entities) {
      entity.position.x += 0.5;
      entity.yaw += 0.1;
      entity.slow += 1;
      if (entity.shield) entity.shield.power += 0.05;
    }
    for (const e of events) {
      if ('spawn' in e) server.cellOf.set(world.spawn(e.spawn).id, e.cell);
      else if ('want' in e) players[e.want]!.wanted.set(e.cell, e.level);
      else if ('unwant' in e) players[e.unwant]!.wanted.delete(e.cell);
      else if ('restart' in e) players[e.restart]!.restart();
      else if (world.count === 0) continue;
      else if ('despawn' in e) world.despawn(pick(e.despawn)!.id);
      else if ('cross' in e) server.cellOf.set(pick(e.cross)!.id, e.cell);
      else if ('change' in e) Object.assign(pick(e.change)!, e.values);
    }
    server.advance();
    players.forEach((player, i) => {
      if (reached[i]) player.receive();
    });
    check(server, players);
  }
}

test('[T2] cells are what they were on the server in their last step, through any churn and skipped frames', () => {
  fc.assert(
    fc.property(frames, (list) => {
      /** By cell: its entities in each frame. */
      const past: string[][][] = [];
      run(list, (server, players) => {
        past[server.frame] = Array.from({ length: CELLS }, (_, cell) => statesOf(server, cell));
        for (const { replica } of players) {
          expect(replica.desyncs).toEqual([]);
          for (const { cell, level, state } of replica.held) {
            const step = replica.frame - (replica.frame % 2 ** level);
            const slow = step - (step % 4);
            const now = past[step]![cell]!.map((text) => JSON.parse(text));
            const held = heldOf(state).map((text) => JSON.parse(text));
            expect(held.map(({ id }) => id)).toEqual(now.map(({ id }) => id));
            for (const [i, entity] of held.entries()) {
              const { slow: heldSlow, ...rest } = entity;
              const { slow: nowSlow, ...restNow } = now[i];
              expect(rest).toEqual(restNow);
              if (step === slow) expect(heldSlow).toBe(nowSlow);
            }
          }
        }
      });
    }),
    { numRuns: 300 },
  );
});

test('[T2] who holds all cells in every frame sees all that is in them', () => {
  const snapshot = new Snapshot(type);
  fc.assert(
    fc.property(frames, (list) => {
      run(list, (server, [player]) => {
        if (player!.replica.frame !== server.frame || player!.replica.held.length < CELLS) return;
        if (player!.replica.held.some(({ level }) => level > 0)) return;
        player!.replica.fill(snapshot);
        const inside = server.world.entities.filter(({ id }) => (server.cellOf.get(id) ?? CELLS) < CELLS);
        expect(Array.from(snapshot.table.ids.subarray(0, snapshot.count))).toEqual(
          inside.map(({ id }) => id),
        );
      });
    }),
  );
});
