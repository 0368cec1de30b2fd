/** The arena without server or client, for a fixed script: to compare Node with a browser, bit for bit. [T1] */
import { InputLog } from '../../shards/client/input-log.ts';
import { Predictor } from '../../shards/client/predict.ts';
import { Snapshot } from '../../shards/core/snapshot.ts';
import { WorldColumns } from '../../shards/core/world-columns.ts';
import { arena } from './arena.ts';

/** The hash after each of so many ticks with two scripted players and twenty bots. */
export function arenaRun(seed: string, ticks: number): string[] {
  const options = { seed, stepSeed: `${seed}/step`, maxEntities: 100, emit: () => {} };
  const world = new WorldColumns<typeof arena.components, typeof arena.events>(arena.entityType, options);
  arena.start?.(world, { bots: 20 });
  const players = ['ann', 'bob'].map((name) => world.spawn({ kind: 'player', name }));
  const input = arena.inputType.table(1).at(0);
  const hashes: string[] = [];
  for (let tick = 1; tick <= ticks; tick++) {
    world.tick = tick;
    players.forEach((player, i) => {
      input.move = { x: ((tick % 40) - 20) / 20, y: i };
      input.yaw = tick / (20 + i);
      input.fire = tick % 3 === 0;
      world.beginStep(player.id);
      arena.step(world, player, input, 1 / arena.tickRate);
      world.endStep();
    });
    arena.tick?.(world, 1 / arena.tickRate);
    hashes.push(world.hash());
  }
  return hashes;
}

/** How far a page is ahead in `predictedRun`, in ticks. */
const AHEAD = 6;

/**
 * A page that predicts ann in the same run: the hash of what it has predicted, tick by tick, while snapshots put it right
 * and what it holds changes between two ticks. Where the server agrees, nothing is mispredicted.
 */
export function predictedRun(seed: string, ticks: number): { hashes: string[]; mispredictions: number } {
  const options = { seed, stepSeed: `${seed}/step`, maxEntities: 100, emit: () => {} };
  const world = new WorldColumns<typeof arena.components, typeof arena.events>(arena.entityType, options);
  arena.start?.(world, { bots: 20 });
  const ann = world.spawn({ kind: 'player', name: 'ann' });
  const inputs = new InputLog(arena.inputType, 64);
  const predictor = new Predictor(arena as never, inputs as never, {
    entity: ann.id,
    stepSeed: options.stepSeed,
    size: 64,
    correctionMs: 80,
    predictedSpawns: 4,
    tell: () => {},
  });
  const hashes: string[] = [];
  for (let tick = 1; tick <= ticks; tick++) {
    const snapshot = new Snapshot(arena.entityType);
    const rows = world.entities.map(({ id }) => world.rowOf(id));
    snapshot.take(world.tick, world.table, rows);
    predictor.correct(snapshot as never, 0.5, tick * 50);
    while (predictor.tick < tick - 1 + AHEAD) {
      const next = predictor.tick + 1;
      inputs.hold({ move: { x: ((next % 40) - 20) / 20, y: 1 }, yaw: next / 20, fire: next % 3 === 0 });
      predictor.reconsider(0.5, tick * 50);
      inputs.record(next);
      predictor.advance();
    }
    hashes.push(predictor.world.hash());
    world.tick = tick;
    world.beginStep(ann.id);
    arena.step(world, ann, inputs.at(tick), 1 / arena.tickRate);
    world.endStep();
    arena.tick?.(world, 1 / arena.tickRate);
  }
  return { hashes, mispredictions: predictor.mispredictions };
}
