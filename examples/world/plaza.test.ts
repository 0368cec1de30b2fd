import { expect, test } from 'vitest';
import { WorldColumns } from '../../shards/core/world-columns.ts';
import { BOT_NAMES } from './bot-names.ts';
import { OBSTACLES, PLAZA_RADIUS } from './layout.ts';
import { plaza, WAVE_TICKS } from './plaza.ts';

const DT = 1 / plaza.tickRate;
const GUEST = { userId: 'u1', name: 'Ann', roles: [], entityId: 0 };
const STILL = { move: { x: 0, y: 0 }, yaw: 0, wave: false };
/** Positions are rounded to 0.01 m on each axis. */
const ROUNDING = 0.0101;

function makeWorld(seed: string) {
  const waves: unknown[] = [];
  const world = new WorldColumns<typeof plaza.components, typeof plaza.events>(plaza.entityType, {
    seed,
    stepSeed: seed,
    maxEntities: plaza.limits.entities,
    emit: (_, data) => waves.push(data),
  });
  plaza.start?.(world, { bots: BOT_NAMES.length });
  const guest = plaza.join!(world, GUEST)!;
  const run = (ticks: number, input: typeof STILL) => {
    for (let i = 0; i < ticks; i++) {
      world.tick++;
      plaza.step(world, guest, input, DT);
      plaza.tick?.(world, DT);
    }
  };
  return { world, guest, waves, run };
}

test('nobody leaves the plaza or stands in the fountain, wherever they walk', () => {
  const { world, run } = makeWorld('bounds');
  for (let turn = 0; turn < 40; turn++) {
    const yaw = (turn * 2.4) % Math.PI;
    run(50, { ...STILL, move: { x: Math.sin(turn), y: Math.cos(turn) }, yaw });
    for (const { position } of world.entities) {
      expect(Math.hypot(position.x, position.y)).toBeLessThan(PLAZA_RADIUS + ROUNDING);
      for (const { x, z, radius } of OBSTACLES) {
        expect(Math.hypot(position.x - x, position.y - z)).toBeGreaterThan(radius - ROUNDING);
      }
    }
  }
});

test('all bots stroll, and stop now and then', () => {
  const { world, run } = makeWorld('bots');
  const bots = world.entities.filter(({ kind }) => kind === 'bot');
  expect(bots).toHaveLength(BOT_NAMES.length);
  const before = bots.map(({ position }) => ({ x: position.x, y: position.y }));
  run(1200, STILL);
  const moved = bots.filter(
    ({ position }, i) => Math.hypot(position.x - before[i]!.x, position.y - before[i]!.y) > 0.5,
  );
  expect(moved).toHaveLength(bots.length);
  const walking = bots.filter(({ velocity }) => velocity.x !== 0 || velocity.y !== 0);
  expect(walking.length).toBeGreaterThan(5);
  expect(walking.length).toBeLessThan(bots.length);
});

test('a guest reaches full speed in a moment, and stands still when the keys are up', () => {
  const { guest, run } = makeWorld('speed');
  run(6, { ...STILL, move: { x: 1, y: 1 } });
  expect(Math.hypot(guest.velocity.x, guest.velocity.y)).toBeCloseTo(4.6, 1);
  run(6, STILL);
  expect(guest.velocity).toMatchObject({ x: 0, y: 0 });
});

test('a held wave is one wave at a time, and bots nearby wave back', () => {
  const { world, guest, waves, run } = makeWorld('wave');
  const bot = world.entities.find(({ kind }) => kind === 'bot')!;
  bot.position.x = guest.position.x + 1;
  bot.position.y = guest.position.y + 1;
  run(WAVE_TICKS, { ...STILL, wave: true });
  expect(waves.filter((wave) => JSON.stringify(wave) === JSON.stringify({ by: guest.id }))).toHaveLength(1);
  expect(waves).toContainEqual({ by: bot.id });
});

test('[T1] equal seeds and inputs give equal worlds', () => {
  const [a, b] = [makeWorld('same'), makeWorld('same')];
  for (const { run } of [a, b]) run(300, { ...STILL, move: { x: 0.6, y: -0.8 }, yaw: 2 });
  expect(a.world.hash()).toBe(b.world.hash());
});
