/** A connection that is lost and comes back within the grace time: the seat, what is drawn, and prediction go on. */
import { expect, test } from 'vitest';
import { arena } from './arena.ts';
import { SimShards } from './sim-shards.ts';

async function playing() {
  const start = [{ shard: 'arena', id: 'plaza', params: { bots: 3 } }];
  const sim = new SimShards({ arena }, { start }, { seed: 4 });
  await sim.instance.start?.();
  const { client, handle } = await sim.join(arena, { userId: 'ann', latencyMs: 40 }, { id: 'plaza' });
  await sim.env.clock.advance(2000);
  return { sim, client, handle, world: sim.directory.find(arena, 'plaza')!.world };
}

test('[T6] after a lost connection it is the same entity and the same objects, and nothing that is drawn jumps', async () => {
  const { sim, client, handle, world } = await playing();
  const { me, entities } = handle;
  const { id } = me!;
  const bot = entities.find(({ kind }) => kind === 'bot')!;
  handle.send({ move: { x: 0, y: 1 } });
  await sim.env.clock.advance(1000);
  client.cut();
  await sim.env.clock.advance(600);
  expect(handle.state.name).toBe('rejoining');
  expect(handle.me).toBe(me);
  client.connect();
  const drawn: { own: number; bot: number }[] = [];
  for (let ms = 0; ms < 3000; ms += 10) {
    await sim.env.clock.advance(10);
    drawn.push({ own: handle.me!.position.x, bot: bot.position.x });
  }
  expect(handle.state.name).toBe('playing');
  expect(handle.me).toBe(me);
  expect(handle.me!.id).toBe(id);
  expect(handle.entities.find(({ kind }) => kind === 'bot')).toBe(bot);
  const steps = drawn.slice(1).map((now, i) => ({
    own: Math.abs(now.own - drawn[i]!.own),
    bot: Math.abs(now.bot - drawn[i]!.bot),
  }));
  // 8 a second are 0.08 in 10 ms; what was missed meanwhile is made up for little by little.
  expect(Math.max(...steps.map(({ own }) => own))).toBeLessThan(1);
  expect(Math.max(...steps.map((step) => step.bot))).toBeLessThan(0.5);
  const before = handle.stats.mispredictions;
  await sim.env.clock.advance(2000);
  expect(handle.stats.mispredictions).toBe(before);
  handle.send({ move: { x: 0, y: 0 } });
  await sim.env.clock.advance(2000);
  expect(handle.me!.position.x).toBeCloseTo(world.get(id)!.position.x, 9);
});

test('[T6] what was held goes on after it, without a word of the app', async () => {
  const { sim, client, handle, world } = await playing();
  handle.send({ move: { x: 0, y: 1 } });
  await sim.env.clock.advance(500);
  client.cut();
  await sim.env.clock.advance(3000);
  client.connect();
  await sim.env.clock.advance(500);
  const { x } = world.get(handle.me!.id)!.position;
  await sim.env.clock.advance(1000);
  expect(world.get(handle.me!.id)!.position.x).toBeGreaterThan(x + 7);
});

test('extrapolateMs: when no frame comes, others go on for so long and then stand', async () => {
  for (const extrapolateMs of [0, 400]) {
    const sim = new SimShards({ arena }, { start: [{ shard: 'arena', id: 'plaza', params: { bots: 0 } }] });
    await sim.instance.start?.();
    const { client, handle } = await sim.join(
      arena,
      { userId: 'ann', latencyMs: 20 },
      { id: 'plaza', play: { extrapolateMs } },
    );
    const { world } = sim.directory.find(arena, 'plaza')!;
    const runner = world.spawn({ kind: 'shot', name: 'runner' });
    const push = () => {
      runner.position.x = world.tick * 0.5;
      sim.env.clock.after(50, push);
    };
    push();
    await sim.env.clock.advance(3000);
    const shown = handle.entities.find(({ name }) => name === 'runner')!;
    client.pause();
    await sim.env.clock.advance(1000);
    expect(handle.entities).toContain(shown);
    const stood = shown.position.x;
    await sim.env.clock.advance(100);
    expect(handle.entities).toContain(shown);
    expect(shown.position.x).toBe(stood);
    // 0.5 a tick of 50 ms, beyond the newest frame that came; it is pushed before the tick.
    expect(stood - (handle.clock.tick - 1) * 0.5).toBeCloseTo(extrapolateMs / 100, 5);
  }
});
