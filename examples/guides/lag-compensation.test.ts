import { expect, test } from 'vitest';
import { SimShards } from '../../test/shards/sim-shards.ts';
import { isSafe, range, swing } from './lag-compensation.ts';

const start = [{ shard: 'range', id: 'one' }];

test('[T13] who is aimed at is hit, in the head or lower, and not when he is low enough', async () => {
  const sim = new SimShards({ range }, { start, threads: 0 });
  await sim.instance.start?.();
  const ann = await sim.join(range, { userId: 'ann' }, { id: 'one' });
  const bob = await sim.join(range, { userId: 'bob' }, { id: 'one' });
  const { world } = sim.directory.find(range, 'one')!;
  const at: string[] = [];
  ann.handle.onEvent('hit', (hit) => at.push(hit.at));
  world.get(bob.handle.me!.id)!.position.z = 10;
  await sim.env.clock.advance(2000);
  const fire = async (pitch: number) => {
    ann.handle.send({ fire: true, pitch });
    await sim.env.clock.advance(100);
    ann.handle.send({ fire: false });
    await sim.env.clock.advance(1000);
  };
  await fire(0);
  expect([at, bob.handle.me!.health]).toEqual([['head'], 20]);
  bob.handle.send({ crouch: true });
  await sim.env.clock.advance(1000);
  await fire(0);
  expect(at).toHaveLength(1);
  await fire(-0.1);
  expect([at, bob.handle.me!.health]).toEqual([['head', 'low'], 0]);
});

test('who is near is struck from the front, and makes a place unsafe', async () => {
  const sim = new SimShards({ range }, { start, threads: 0 });
  await sim.instance.start?.();
  await sim.join(range, { userId: 'ann' }, { id: 'one' });
  await sim.join(range, { userId: 'bob' }, { id: 'one' });
  const { world } = sim.directory.find(range, 'one')!;
  const [ann, bob] = world.entities;
  bob!.position.z = 1;
  await sim.env.clock.advance(1000);
  expect(isSafe(world, ann!)).toBe(false);
  swing(world, ann!);
  expect(bob!.health).toBe(60);
  ann!.yaw = Math.PI;
  swing(world, ann!);
  expect(bob!.health).toBe(60);
  bob!.position.z = 20;
  await sim.env.clock.advance(1000);
  expect(isSafe(world, ann!)).toBe(true);
});
