/** Shots at what a player sees, over slow and uneven links: the server goes back to that very moment. */
import { expect, test } from 'vitest';
import { range } from './range.ts';
import { SimShards } from './sim-shards.ts';

const start = [{ shard: 'range', id: 'one' }];

/** One player who fires, twice a second, at the very place where the target is drawn. */
async function shoot(link: { latencyMs: number; jitterMs?: number; loss?: number }) {
  const sim = new SimShards({ range }, { start });
  await sim.instance.start?.();
  const { handle } = await sim.join(range, { userId: 'ann', ...link }, { id: 'one' });
  const shots: { hit: number; seen: number; x: number }[] = [];
  handle.onEvent('shot', (shot) => shots.push(shot));
  await sim.env.clock.advance(3000);
  const drawn: { x: number; playhead: number }[] = [];
  for (let i = 0; i < 20; i++) {
    await sim.env.clock.advance(237);
    const target = handle.entities.find((each) => each.target)!;
    const { x } = target.position;
    drawn.push({ x, playhead: handle.clock.playhead });
    handle.send({ fire: true, aim: { x, y: 1, z: 20 } });
    await sim.env.clock.advance(50);
    handle.send({ fire: false });
    await sim.env.clock.advance(220);
  }
  await sim.env.clock.advance(1000);
  return { sim, handle, shots, drawn };
}

test.each([
  { latencyMs: 5, loss: 0 },
  { latencyMs: 40, jitterMs: 10, loss: 0 },
  { latencyMs: 80, jitterMs: 20, loss: 0.02 },
  { latencyMs: 200, jitterMs: 20, loss: 0 },
])('[T13] over $latencyMs ms, what is hit is what was drawn: within centimetres', async (link) => {
  const { shots, drawn, handle } = await shoot(link);
  const target = handle.entities.find((each) => each.target)!.id;
  // A trigger is held for a tick or two; its first shot is the one that was aimed.
  const aimed = drawn.flatMap(({ x, playhead }) => {
    const shot = shots.find(({ seen }) => Math.abs(seen - playhead) < 0.5);
    return shot ? [{ hit: shot.hit === target, error: Math.abs(shot.x - x) }] : [];
  });
  const errors = aimed.map(({ error }) => error).sort((a, b) => a - b);
  // At 6 m/s a tick is 20 cm.
  expect(errors[Math.floor(errors.length / 2)]).toBeLessThan(0.01);
  // Where the line stalls, inputs come too late, and what is drawn is a guess that is put right little by little.
  const least = link.loss ? 12 : 20;
  expect(aimed.filter(({ hit }) => hit).length).toBeGreaterThanOrEqual(least);
  expect(errors[least - 1]).toBeLessThan(link.loss ? 0.1 : 0.01);
});

test('[T1] the moment is part of the input: the same inputs give the same hits', async () => {
  const run = async () => (await shoot({ latencyMs: 60, jitterMs: 30 })).shots;
  const first = await run();
  expect(first.length).toBeGreaterThan(15);
  expect(await run()).toEqual(first);
});
