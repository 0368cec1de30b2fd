import { expect, test } from 'vitest';
import { isFault } from '../../src/base/fault.ts';
import { c } from './components.ts';
import { RecordType } from './record-type.ts';
import { Snapshot } from './snapshot.ts';
import { WorldColumns } from './world-columns.ts';

const type = new RecordType({
  x: c.int({ min: -100, max: 100 }),
  name: c.string({ maxBytes: 16 }),
  shield: c.optional(c.int({ min: 0, max: 9 })),
});

function newWorld(maxEntities = 1000, seed = 'seed') {
  const said: unknown[] = [];
  const world = new WorldColumns(type, {
    seed,
    stepSeed: `${seed}/step`,
    maxEntities,
    emit: (event, data, to) => said.push([event, data, to]),
  });
  return { world, said };
}

function snapshotOf(world: WorldColumns<typeof type.fields, Record<never, never>>) {
  const snapshot = new Snapshot(type);
  snapshot.take(
    world.tick,
    world.table,
    world.entities.map(({ id }) => world.rowOf(id)),
  );
  return snapshot;
}

test('entities are listed in order of ids, whatever rows they have', () => {
  const { world } = newWorld();
  const ids = [1, 2, 3, 4].map((x) => world.spawn({ x }).id);
  world.despawn(ids[1]!);
  world.despawn(ids[0]!);
  const late = world.spawn({ x: 5, name: 'late' });
  expect(late.id).toBe(5);
  expect(world.entities.map((entity) => entity.x)).toEqual([3, 4, 5]);
  expect(world.get(ids[0]!)).toBeUndefined();
  expect(world.despawn(ids[0]!)).toBe(false);
});

test('a list that was read does not change while entities come and go', () => {
  const { world } = newWorld();
  for (let x = 0; x < 10; x++) world.spawn({ x });
  let visited = 0;
  for (const entity of world.entities) {
    visited++;
    if (entity.x % 2 === 0) world.despawn(entity.id);
    world.spawn({ x: -1 });
  }
  expect(visited).toBe(10);
  expect(world.count).toBe(15);
});

test('the row of a despawned entity begins anew', () => {
  const { world } = newWorld();
  const gone = world.spawn({ x: 7, name: 'gone', shield: 3 });
  world.despawn(gone.id);
  expect(gone.id).toBe(0);
  const fresh = world.spawn();
  expect([fresh.x, fresh.name, fresh.shield]).toEqual([0, '', undefined]);
});

test('query finds entities by their optional components', () => {
  const { world } = newWorld();
  world.spawn({ x: 1 });
  world.spawn({ x: 2, shield: 0 });
  expect(world.query('shield').map((entity) => entity.x)).toEqual([2]);
  expect(world.query('x').length).toBe(2);
});

test('[T1] the hash depends on tick and entities, not on rows and history', () => {
  const a = newWorld().world;
  const b = newWorld().world;
  for (const x of [1, 2, 3]) a.spawn({ x, name: `n${x}` });
  const extra = b.spawn({ x: 1, name: 'n1' });
  b.spawn({ x: 9 });
  b.spawn({ x: 3, name: 'n3' });
  b.get(2)!.x = 2;
  b.get(2)!.name = 'n2';
  expect(b.hash()).toBe(a.hash());
  extra.x = 4;
  expect(b.hash()).not.toBe(a.hash());
  extra.x = 1;
  b.tick++;
  expect(b.hash()).not.toBe(a.hash());
});

test('[N3] no more entities than the limit', () => {
  const { world } = newWorld(3);
  for (let i = 0; i < 3; i++) world.spawn();
  expect(() => world.spawn()).toThrow(expect.toSatisfy((error) => isFault(error, 'overloaded')));
  world.despawn(1);
  expect(world.spawn().id).toBe(4);
});

test('[T1] chance inside a step depends on seed, tick and entity alone', () => {
  const a = newWorld().world;
  const b = newWorld().world;
  a.random.next();
  for (const world of [a, b]) world.tick = 5;
  const drawn = [a, b].map((world) => {
    world.beginStep(3);
    const numbers = [world.random.next(), world.random.next()];
    world.endStep();
    return numbers;
  });
  expect(drawn[0]).toEqual(drawn[1]);
  expect(a.random.next()).not.toBe(b.random.next());
});

test('load makes a world equal to a snapshot and keeps the objects that stay', () => {
  const { world } = newWorld();
  const copy = newWorld().world;
  for (let x = 0; x < 5; x++) world.spawn({ x, name: `n${x}` });
  copy.load(snapshotOf(world));
  const third = copy.get(3);
  world.despawn(2);
  world.spawn({ x: 50 });
  world.get(3)!.x = -3;
  world.tick = 9;
  copy.spawn({ x: 99, name: 'predicted' });
  copy.load(snapshotOf(world));
  expect(copy.hash()).toBe(world.hash());
  expect(copy.get(3)).toBe(third);
  expect(third!.x).toBe(-3);
  expect(copy.entities.map((entity) => entity.id)).toEqual(world.entities.map((entity) => entity.id));
});

test('events go where the options say', () => {
  const { world, said } = newWorld();
  (world as WorldColumns<typeof type.fields, never>).emit('hit', { by: 1 }, [2]);
  expect(said).toEqual([['hit', { by: 1 }, [2]]]);
});

test('[T6] step may not rewind: the browser, which predicts with it, has no past', () => {
  const asked: unknown[] = [];
  const rewind = (player: unknown): never => {
    asked.push(player);
    throw new Error('far enough');
  };
  const options = { seed: 'a', stepSeed: 'b', maxEntities: 10, emit: () => {} };
  const world = new WorldColumns(type, { ...options, rewind });
  world.beginStep(1);
  expect(() => world.rewind(1)).toThrow('step may not rewind');
  world.endStep();
  expect(() => world.rewind(1)).toThrow('far enough');
  expect(asked).toEqual([1]);
  expect(() => new WorldColumns(type, options).rewind(1)).toThrow('the definition has no rewind');
});
