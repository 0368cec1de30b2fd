/** The measuring instruments themselves: a torn entity is noticed, and bots do the same every time. */
import { expect, test } from 'vitest';
import { WorldColumns } from '../shards/core/world-columns.ts';
import { arena, isWhole } from './arena.ts';
import { BotScript } from './bot-script.ts';
import { worldOf } from './shard-world.ts';

function sealedWorld() {
  const def = arena({ half: 100, players: 0, walkers: 200, sealed: true });
  const world = new WorldColumns<typeof def.components, typeof def.events>(def.entityType, {
    seed: 's',
    stepSeed: 's',
    maxEntities: 300,
    emit: () => {},
  });
  def.start!(world, {});
  const tick = () => {
    world.tick++;
    def.tick!(world, 1 / def.tickRate);
  };
  return { world, tick };
}

test('an entity of a sealed world is whole at its own tick only', () => {
  const { world, tick } = sealedWorld();
  for (let i = 0; i < 1500; i++) tick();
  expect(world.entities.every((entity) => isWhole(entity, world.tick))).toBe(true);
  expect(world.entities.some((entity) => isWhole(entity, world.tick - 1))).toBe(false);
});

test('a position of another tick, or of another entity, is noticed nearly always', () => {
  const { world, tick } = sealedWorld();
  tick();
  let torn = 0;
  for (const entity of world.entities) {
    entity.position.x += 0.25;
    if (!isWhole(entity, world.tick)) torn++;
  }
  expect(torn).toBeGreaterThan(190);
});

test('a bot turns in about 5 % of its ticks, the same each time', () => {
  const run = () => {
    const script = new BotScript(7);
    return Array.from({ length: 10_000 }, () => {
      script.next();
      return script.yaw;
    });
  };
  const yaws = run();
  expect(run()).toEqual(yaws);
  const turns = yaws.filter((yaw, i) => yaw !== yaws[i - 1]).length;
  expect(turns).toBeGreaterThan(400);
  expect(turns).toBeLessThan(600);
});

test('a world is so large that a player sees about 80', () => {
  for (const players of [300, 1000, 2000]) {
    const { half } = worldOf(players);
    const view = 224;
    const inSight = (x: number) => Math.min(half, x + view / 2) - Math.max(-half, x - view / 2);
    let sum = 0;
    const steps = 200;
    for (let i = 0; i < steps; i++) sum += inSight(-half + ((i + 0.5) * 2 * half) / steps);
    const share = sum / steps / (2 * half);
    expect(players * share * share).toBeGreaterThan(76);
    expect(players * share * share).toBeLessThan(84);
  }
});
