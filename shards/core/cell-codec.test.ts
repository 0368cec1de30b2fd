import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isFault } from '../../src/base/fault.ts';
import { decodeKeyChunk, KeyChunkEncoder } from './cell-codec.ts';
import { c } from './components.ts';
import { RecordType } from './record-type.ts';
import { Snapshot } from './snapshot.ts';
import { WorldColumns } from './world-columns.ts';

const type = new RecordType({
  position: c.vec3({ min: -512, max: 512, step: 0.01 }),
  yaw: c.angle({ bits: 10 }),
  health: c.int({ min: 0, max: 100 }),
  kind: c.enum('player', 'bot', 'shot'),
  name: c.string({ maxBytes: 12 }),
  shield: c.optional(c.struct({ power: c.scalar({ min: 0, max: 1, step: 0.05 }), owner: c.string() })),
  wide: c.int({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
});

const real = fc.double({ min: -600, max: 600, noNaN: true });
const entity = fc.record(
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
  },
  { requiredKeys: [] },
);
/** Spawns, and despawns of the entity at some place of the list. */
const churn = fc.array(fc.oneof(entity, fc.nat(50)), { maxLength: 40 });

function churned(steps: readonly (number | object)[]) {
  const world = new WorldColumns(type, { seed: 's', stepSeed: 's', maxEntities: 1000, emit: () => {} });
  for (const step of steps) {
    if (typeof step === 'object') world.spawn(step);
    else if (world.count > 0) world.despawn(world.entities[step % world.count]!.id);
  }
  return world;
}

test('[T2] a key chunk decodes to the state, whatever came and went before', () => {
  const encoder = new KeyChunkEncoder();
  const snapshot = new Snapshot(type);
  fc.assert(
    fc.property(churn, (steps) => {
      const world = churned(steps);
      decodeKeyChunk(encoder.encode(world), snapshot, 1000);
      snapshot.tick = world.tick;
      expect(snapshot.count).toBe(world.count);
      expect(snapshot.hash()).toBe(world.hash());
    }),
  );
});

test('[N1] a damaged chunk is refused or decodes to values in range, and is never more than was sent', () => {
  const encoder = new KeyChunkEncoder();
  fc.assert(
    fc.property(
      churn,
      fc.array(fc.nat(), { minLength: 1, maxLength: 4 }),
      fc.boolean(),
      (steps, where, cut) => {
        const chunk = encoder.encode(churned(steps));
        let damaged = chunk.slice();
        if (cut) damaged = damaged.subarray(0, where[0]! % (chunk.length + 1));
        else for (const bit of where) damaged[(bit >> 3) % chunk.length]! ^= 1 << (bit & 7);
        const snapshot = new Snapshot(type);
        try {
          decodeKeyChunk(damaged, snapshot, 1000);
        } catch (error) {
          expect(isFault(error)).toBe(true);
          expect(snapshot.count).toBe(0);
          return;
        }
        expect(snapshot.count).toBeLessThanOrEqual(damaged.length);
        for (let row = 0; row < snapshot.count; row++) {
          expect(snapshot.table.at(row).health).toBeLessThanOrEqual(100);
          expect(['player', 'bot', 'shot']).toContain(snapshot.table.at(row).kind);
        }
      },
    ),
    { numRuns: 500 },
  );
});

test('[N1] a count of entities that are not there allocates nothing', () => {
  const snapshot = new Snapshot(type);
  const chunk = Uint8Array.of(0xff, 0xff, 0xff, 0x7f, 1, 1, 1);
  expect(() => decodeKeyChunk(chunk, snapshot, 2 ** 31)).toThrow('too many entities');
  expect(snapshot.table.capacity).toBe(16);
});

test('[N3] no more entities than the limit of the definition', () => {
  const chunk = new KeyChunkEncoder().encode(churned([{}, {}, {}]));
  const snapshot = new Snapshot(type);
  decodeKeyChunk(chunk, snapshot, 3);
  expect(() => decodeKeyChunk(chunk, snapshot, 2)).toThrow('too many entities');
});

test('decoding the same names again makes no new texts', () => {
  const world = churned([{ name: 'ann' }, { name: 'bob' }]);
  const snapshot = new Snapshot(type);
  const encoder = new KeyChunkEncoder();
  decodeKeyChunk(encoder.encode(world), snapshot, 10);
  const lane = type.laneOf('name');
  const before = snapshot.table.columns[lane]!.texts.slice(0, 2);
  world.get(2)!.name = 'bo';
  decodeKeyChunk(encoder.encode(world), snapshot, 10);
  const after = snapshot.table.columns[lane]!.texts;
  expect(after[0]).toBe(before[0]);
  expect(after[1]!.value).toBe('bo');
});
