/** The arena without server or client, for a fixed script: to compare Node with a browser, bit for bit. [T1] */
import { WorldColumns } from '../../shards/core/world-columns.ts';
import { arena } from './arena.ts';

/** The hash after so many ticks with two scripted players and twenty bots. */
export function arenaRun(seed: string, ticks: number): string {
  const options = { seed, stepSeed: `${seed}/step`, maxEntities: 100, emit: () => {} };
  const world = new WorldColumns<typeof arena.components, typeof arena.events>(arena.entityType, options);
  arena.start?.(world, { bots: 20 });
  const players = ['ann', 'bob'].map((name) => world.spawn({ kind: 'player', name }));
  const input = arena.inputType.table(1).at(0);
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
  }
  return world.hash();
}
