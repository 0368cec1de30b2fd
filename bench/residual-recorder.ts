/**
 * Records what the codec sends: how many residuals of each class it writes with each table, while a world runs with
 * its cells at all levels of detail. For tune-residuals.ts.
 */
import { CellStream } from '../shards/core/cell-stream.ts';
import { ChunkEncoder } from '../shards/core/chunk-encoder.ts';
import { MAX_LEVEL } from '../shards/core/frames.ts';
import { RESIDUAL_CODES, ResidualCode } from '../shards/core/residual-code.ts';
import { CLASSES, type ResidualTable } from '../shards/core/residual-tables.ts';
import { TextPool } from '../shards/core/text-pool.ts';
import { WorldColumns } from '../shards/core/world-columns.ts';
import type { RecordedWorld } from './recorded-worlds.ts';

export interface Recording {
  /** By table, by class. */
  readonly residuals: Readonly<Record<ResidualTable, readonly number[]>>;
  /** How often an entity was looked at in frames of level 0. */
  readonly entities: number;
  /** Of the delta chunks of level 0. */
  readonly bytesPerEntity: number;
}

/** Steps before anything counts: all begin at once and at rest. */
const WARM_UP_TICKS = 40;
const TICKS = 600;
/** Key chunks are written so often, for the steps that they carry. */
const KEY_EVERY = 16;

export function recordResiduals({ def, params, players, input }: RecordedWorld): Recording {
  const world = new WorldColumns(def.entityType, {
    seed: def.name,
    stepSeed: 'step',
    maxEntities: def.limits.entities,
    emit: () => {},
  });
  def.start?.(world, params);
  const player = { userId: null, name: null, roles: [], entityId: 0 };
  const ids = Array.from({ length: players }, () => def.join!(world, player)!.id);
  const given = def.inputType.table(1).at(0);
  const encoder = new ChunkEncoder(def.layouts.all, {
    texts: new TextPool(def.layouts.all.placeBits),
    lives: () => true,
  });
  const streams = Array.from(
    { length: MAX_LEVEL + 1 },
    (_, level) => new CellStream(encoder, { cell: 0, level }),
  );
  const counter = countWrites();
  const rows = new Int32Array(world.count);
  let [bytes, entities] = [0, 0];
  for (let tick = 1; tick <= WARM_UP_TICKS + TICKS; tick++) {
    world.tick = tick;
    for (const [n, id] of ids.entries()) {
      def.inputType.assign(given, input(n));
      world.beginStep(id);
      def.step(world, world.get(id)!, given, 1 / def.tickRate);
      world.endStep();
    }
    def.tick?.(world, 1 / def.tickRate);
    if (tick === WARM_UP_TICKS) counter.clear();
    for (const [n, { id }] of world.entities.entries()) rows[n] = world.rowOf(id);
    for (const stream of streams) {
      if (!stream.due(tick)) continue;
      stream.advance(tick, { table: world.table, rows, from: 0, count: world.count });
      if (tick % KEY_EVERY === 0) stream.key();
      if (stream.level > 0 || tick <= WARM_UP_TICKS) continue;
      bytes += stream.quiet ? 0 : stream.delta.bitLength / 8;
      entities += world.count;
    }
  }
  return { residuals: counter.end(), entities, bytesPerEntity: bytes / entities };
}

/** Counts what goes through the codes, in place of an option that only this would use. */
function countWrites() {
  const tables = Object.keys(RESIDUAL_CODES) as ResidualTable[];
  const counts = new Map(tables.map((name) => [RESIDUAL_CODES[name], new Array<number>(CLASSES).fill(0)]));
  const { write } = ResidualCode.prototype;
  ResidualCode.prototype.write = function (bits, residual) {
    counts.get(this)![32 - Math.clz32(Math.abs(residual))]!++;
    write.call(this, bits, residual);
  };
  return {
    clear() {
      for (const list of counts.values()) list.fill(0);
    },
    end() {
      ResidualCode.prototype.write = write;
      const named = tables.map((name) => [name, counts.get(RESIDUAL_CODES[name])!]);
      return Object.fromEntries(named) as Record<ResidualTable, number[]>;
    },
  };
}
