/** Awareness end to end. */
import { expect, test } from 'vitest';
import { live, makeWorld, newNote, open, type } from './testing/docs-world.ts';

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

const statesOf = (handle: ReturnType<typeof open>) =>
  [...handle.awareness.others.values()].map(({ state }) => state);

test('[D7] [N3] a state is sent at once, then the last of many each awarenessMs', async () => {
  const made = await makeWorld();
  const { world, clock } = made;
  const [a, b] = [await world.client('ann'), await world.client('bob')];
  const id = await newNote(made);
  const [da, db] = [open(a, id, { awarenessMs: 100 }), open(b, id)];
  await live(world, da, db);
  const heard: unknown[] = [];
  db.awareness.subscribe(() => heard.push(...statesOf(db)));
  for (let i = 0; i < 100; i++) {
    da.awareness.set({ at: i });
    await clock.advance(5); // for half a second
  }
  await clock.advance(500);
  expect(heard[0]).toEqual({ at: 0 });
  expect(heard.at(-1)).toEqual({ at: 99 });
  expect(heard.length).toBeLessThanOrEqual(7);
});

test('[D5] [D7] a viewer who may only read is seen and sees, with places in the text', async () => {
  const made = await makeWorld();
  const { world, clock } = made;
  const [a, b] = [await world.client('ann'), await world.client('bob')];
  const id = await newNote(made, { editor: 'ann' });
  const [da, db] = [open(a, id), open(b, id)];
  await live(world, da, db);
  type(da, 'hello');
  await clock.run(da.synced());
  await clock.advance(200);
  expect(db.editable).toBe(false);
  db.awareness.set({ at: db.cursor('body', 3) });
  await clock.advance(200);
  type(da, '>> ', 0);
  const [state] = statesOf(da) as { at: string }[];
  expect(da.resolveCursor(state!.at)).toEqual({ field: 'body', index: 6 });
});

test('[D7] what pages show is never stored, and is gone with the connection', async () => {
  const made = await makeWorld();
  const { world, clock } = made;
  const [a, b] = [await world.client('ann'), await world.client('bob')];
  const id = await newNote(made);
  const [da, db] = [open(a, id), open(b, id)];
  await live(world, da, db);
  da.awareness.set('a secret that nobody keeps');
  type(da, 'text');
  await clock.run(da.synced());
  await clock.advance(2000);
  expect(statesOf(db).length).toBe(1);
  const written = new TextDecoder().decode(Buffer.concat([...a.disk.docs.values(), ...b.disk.docs.values()]));
  expect(written).not.toContain('secret');
  b.setOnline(false);
  expect(statesOf(db)).toEqual([]);
  world.kill();
  await world.start();
  await b.calm();
  await clock.until(() => statesOf(db).length === 1); // said again to the new server
});
