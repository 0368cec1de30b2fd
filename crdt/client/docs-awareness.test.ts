/** Awareness end to end. */
import { expect, test } from 'vitest';
import { live, makeWorld, newNote, open } from './testing/docs-world.ts';

test('[D7] pages see what others show, until they go', async () => {
  const made = await makeWorld();
  const { world, clock } = made;
  const [a, b] = [await world.client('ann'), await world.client('bob')];
  const id = await newNote(made);
  const [da, db] = [open(a, id), open(b, id)];
  await live(world, da, db);
  da.awareness.set({ cursor: 3 });
  await clock.advance(200);
  const others = () => [...db.awareness.others.values()].map(({ userId, state }) => ({ userId, state }));
  expect(others()).toEqual([{ userId: 'ann', state: { cursor: 3 } }]);
  expect(da.awareness.others.size).toBe(0);
  await clock.advance(60_000);
  expect(others().length).toBe(1); // said again in time
  a.drop();
  await clock.advance(1);
  await clock.until(() => da.state.name === 'live');
  await clock.advance(1000);
  expect(others()).toEqual([{ userId: 'ann', state: { cursor: 3 } }]);
  a.crash();
  await clock.advance(100);
  expect(others()).toEqual([]);
  expect(() => db.awareness.set('x'.repeat(4095))).toThrow('4096');
  db.awareness.set('x'.repeat(4094));
});
