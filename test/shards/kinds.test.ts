/** What every kind of component must do: one contract, run over all of them. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EntityViews } from '../../shards/client/interpolate.ts';
import { ChurnPlayer, ChurnWorld } from '../../shards/core/churn-for-tests.ts';
import type { Component } from '../../shards/core/component.ts';
import { MessageCodec } from '../../shards/core/message-codec.ts';
import { plainOf } from '../../shards/core/plain.ts';
import { RecordReader, writeRecord } from '../../shards/core/record-codec.ts';
import { RecordType } from '../../shards/core/record-type.ts';
import { hashRow, Snapshot } from '../../shards/core/snapshot.ts';
import type { Table } from '../../shards/core/table.ts';
import { WorldHash } from '../../shards/core/world-hash.ts';
import { EventQueue } from '../../shards/server/event-queue.ts';
import { nodePacker } from '../../shards/server/node-packer.ts';
import { BitReader, BitWriter } from '../../src/base/bits.ts';
import { isFault } from '../../src/base/fault.ts';
import { s } from '../../src/base/shape.ts';
import { ALL_KINDS } from './all-kinds.ts';

type Fields = { value: Component<unknown> };
type Type = RecordType<Fields>;

function hashOf(table: Table<unknown>, row: number): string {
  const hash = new WorldHash();
  hashRow(hash, table, row);
  return hash.digest();
}

function bitsOf(table: Table<unknown>, row: number): Uint8Array {
  const bits = new BitWriter();
  writeRecord(bits, table, row);
  return bits.finish();
}

/** Cells of which the player gets some frames only. */
function told(
  type: Type,
  list: readonly (readonly [unknown, boolean])[],
  check: (row: object, at: number) => void,
) {
  const server = new ChurnWorld(type, 1, 1);
  const player = new ChurnPlayer(server);
  player.wanted.set(0, 0);
  const snapshot = new Snapshot(type);
  const entity = server.world.spawn();
  server.cellOf.set(entity.id, 0);
  for (const [at, [value, reached]] of list.entries()) {
    entity.value = value;
    server.advance();
    if (!reached) continue;
    player.receive();
    expect(player.replica.desyncs).toEqual([]);
    player.replica.fill(snapshot);
    check(snapshot.table.at(0), at);
    expect(snapshot.table.same(server.world.table, server.world.rowOf(entity.id), 0)).toBe(true);
  }
}

describe.each(ALL_KINDS)('$name', ({ component, written }) => {
  const type: Type = new RecordType({ value: component });

  test('what was read is written back unchanged, also by way of another row', () => {
    fc.assert(
      fc.property(written, (value) => {
        const table = type.table(3);
        const [first, second] = [table.at(0), table.at(1)];
        first.value = value;
        table.copy(table, 0, 2);
        const read = first.value;
        first.value = read;
        expect(table.same(table, 2, 0)).toBe(true);
        second.value = plainOf(first.value);
        expect(table.same(table, 0, 1)).toBe(true);
        expect(plainOf(second.value)).toEqual(plainOf(first.value));
      }),
    );
  });

  test('[T1] rows are the same, read alike and have one hash and one record, or none of these', () => {
    fc.assert(
      fc.property(written, written, (one, other) => {
        const table = type.table(2);
        table.at(0).value = one;
        table.at(1).value = other;
        const same = table.same(table, 0, 1);
        expect(hashOf(table, 0) === hashOf(table, 1)).toBe(same);
        expect(Buffer.compare(bitsOf(table, 0), bitsOf(table, 1)) === 0).toBe(same);
        expect(JSON.stringify(table.at(0)) === JSON.stringify(table.at(1))).toBe(same);
      }),
    );
  });

  test('a row begins anew as the first time', () => {
    fc.assert(
      fc.property(written, (value) => {
        const table = type.table(2);
        table.at(0).value = value;
        table.reset(0);
        expect(table.same(table, 1, 0)).toBe(true);
      }),
    );
  });

  test('records are read as they were written; [N1] what is cut or damaged is a value in range or a Fault', () => {
    fc.assert(
      fc.property(written, fc.nat(), (value, damage) => {
        const table = type.table(2);
        table.at(0).value = value;
        const bytes = bitsOf(table, 0);
        const record = new RecordReader(type.lanes);
        record.read(new BitReader(bytes));
        record.copyTo(table, 1);
        expect(table.same(table, 0, 1)).toBe(true);
        const hurt = bytes.slice();
        if (hurt.length > 0) hurt[(damage >> 3) % hurt.length]! ^= 1 << (damage & 7);
        for (const wrong of [hurt, bytes.slice(0, -1)]) {
          try {
            record.read(new BitReader(wrong));
            record.copyTo(table, 1);
            JSON.stringify(table.at(1));
          } catch (error) {
            expect(isFault(error), String(error)).toBe(true);
            continue;
          }
          table.lanes.forEach((lane, i) => {
            if (lane.textBytes > 0) return;
            expect(table.columns[i]!.values[1]).toBeGreaterThanOrEqual(lane.min);
            expect(table.columns[i]!.values[1]).toBeLessThanOrEqual(lane.max);
          });
        }
      }),
    );
  });

  test('[T2] a player reads what the world holds, whichever frames reach him', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(written, fc.boolean()), { minLength: 1, maxLength: 20 }), (list) => {
        const expected = type.table(1).at(0);
        told(type, list, (row, at) => {
          expected.value = list[at]![0];
          expect(JSON.parse(JSON.stringify(row)).value).toEqual(JSON.parse(JSON.stringify(expected)).value);
        });
      }),
      { numRuns: 50 },
    );
  });

  test('it is drawn from one value to the next, and is one at both ends', () => {
    fc.assert(
      fc.property(written, written, fc.double({ min: 0, max: 1, noNaN: true }), (a, b, share) => {
        const [from, to] = [a, b].map((value, tick) => {
          const snapshot = new Snapshot(type);
          snapshot.tick = tick + 1;
          snapshot.table.ids[0] = 7;
          snapshot.table.at(0).value = value;
          snapshot.count = 1;
          return snapshot;
        });
        const views = new EntityViews(type, { everyTicks: 1, correctionMs: 60 });
        const between = { from: from!, to: to!, before: from!, nowMs: 0 };
        for (const part of [share, 1 + share]) {
          views.show({ ...between, share: part });
          finite(views.list[0]!.value);
        }
        views.show({ ...between, share: 0 });
        near(views.list[0]!.value, from!.table.at(0).value);
        views.show({ ...between, share: 1 });
        near(views.list[0]!.value, to!.table.at(0).value);
      }),
    );
  });

  test('what was read may be said in an event', () => {
    const codec = new MessageCodec(nodePacker(), { maxBytes: 4096, maxDepth: 16 });
    fc.assert(
      fc.property(written, (value) => {
        const row = type.table(1).at(0);
        row.value = value;
        if (row.value === undefined) return;
        const queue = new EventQueue({ read: s.object({ value: s.json() }) }, codec);
        queue.add('read', { value: row.value }, { to: undefined, by: 0, tick: 1 });
        const payload = queue.frameFor(0, 1)!;
        expect(codec.decode(payload.subarray(2))).toEqual([
          ['read', { value: JSON.parse(JSON.stringify(row)).value }],
        ]);
      }),
    );
  });

  test('who is sent it, and how often, is said of it without changing it', () => {
    const rare = component.every(8).visibleTo('team');
    expect([rare.everyFrames, rare.audience, rare.json]).toEqual([8, 'team', component.json]);
    expect(component.visibleTo('team').every(8)).toEqual(rare);
    expect([component.everyFrames, component.audience]).toEqual([1, 'all']);
    expect(() => component.every(3)).toThrow('a power of two');
    expect(() => component.every(128)).toThrow('a power of two');
    expect(() => component.every(2).visibleTo('owner')).toThrow('in every frame');
  });
});

/** All numbers of it are. */
function finite(value: unknown): void {
  if (typeof value === 'number') expect(value).toBeTypeOf('number');
  expect(value).not.toBeNaN();
  if (typeof value === 'object' && value !== null)
    for (const item of Object.values(Object(plainOf(value)))) finite(item);
}

/** The same but for rounding, and for whole turns of an angle. */
function near(shown: unknown, held: unknown): void {
  const [a, b] = [plainOf(shown), plainOf(held)];
  if (typeof a === 'number' && typeof b === 'number') {
    const turns = Math.abs(Math.abs(a - b) - 2 * Math.PI) < 1e-6 ? Math.sign(a - b) : 0;
    return expect(a - turns * 2 * Math.PI).toBeCloseTo(b, 6);
  }
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) return expect(a).toEqual(b);
  expect(Object.keys(a)).toEqual(Object.keys(b));
  for (const [key, item] of Object.entries(a)) near(item, (b as Record<string, unknown>)[key]);
}
