/** Documents end to end: editing, rights, reloads and identities. */
import { expect, test } from 'vitest';
import { columnOf, grant, live, makeWorld, newNote, open, textIn, type } from './testing/docs-world.ts';

test('[D1] two pages type at once and end equal, and so does the row', async () => {
  const made = await makeWorld();
  const { world, clock } = made;
  const [a, b] = [await world.client('ann'), await world.client('bob')];
  const id = await newNote(made);
  const [da, db] = [open(a, id), open(b, id)];
  await live(world, da, db);
  type(da, 'hello');
  type(db, 'world');
  await clock.run(Promise.all([da.synced(), db.synced()]));
  await clock.advance(1000);
  expect(textIn(da)).toBe(textIn(db));
  expect([...textIn(da)].sort().join('')).toBe([...'helloworld'].sort().join(''));
  expect(await columnOf(made, id)).toBe(textIn(da));
  expect(a.rows('Note')[id]?.body).toBe(textIn(da));
});

test('[D2] edits that were kept survive a reload and are sent later', async () => {
  const made = await makeWorld();
  const { world, clock } = made;
  const [a, b] = [await world.client('ann'), await world.client('bob')];
  const id = await newNote(made);
  const [da, db] = [open(a, id), open(b, id)];
  await live(world, da, db);
  type(da, 'first ');
  await clock.run(da.synced());
  a.setOnline(false);
  type(da, 'offline');
  expect(da.pending).toBe(true);
  await clock.advance(500);
  expect(da.state.name).toBe('offline');
  type(db, 'second ');
  await clock.run(db.synced());
  a.crash();
  await a.calm();
  const again = open(a, id);
  await clock.until(() => again.state.name === 'live');
  expect(again.pending).toBe(true);
  await clock.run(again.synced());
  await clock.advance(1000);
  expect(textIn(again)).toBe(textIn(db));
  for (const word of ['first', 'second', 'offline']) expect(textIn(db)).toContain(word);
  await a.reload();
  const third = open(a, id);
  await live(world, third);
  expect(third.pending).toBe(false); // brought home once, forgotten
});

test('[D2] what the server had not made durable when it was killed is sent again', async () => {
  const made = await makeWorld();
  const { world, clock } = made;
  const a = await world.client('ann');
  const id = await newNote(made);
  const da = open(a, id);
  await live(world, da);
  world.killAtStatement(6);
  type(da, 'unacked typing');
  await clock.advance(300);
  expect(world.up).toBe(false);
  expect(da.pending).toBe(true);
  type(da, ', and more');
  await world.start();
  await clock.run(da.synced());
  await clock.advance(1000);
  expect(await columnOf(made, id)).toBe('unacked typing, and more');
});

test('[D5] a read-only page cannot edit and sees all; it may edit when the right comes', async () => {
  const made = await makeWorld();
  const { world, clock } = made;
  const [a, b] = [await world.client('ann'), await world.client('bob')];
  const id = await newNote(made, { editor: 'ann' });
  const [da, db] = [open(a, id), open(b, id)];
  expect(() => type(db, 'too soon')).toThrow();
  await live(world, da, db);
  expect(db.state).toMatchObject({ permission: 'read' });
  expect(db.editable).toBe(false);
  expect(() => type(db, 'never')).toThrow();
  type(da, 'hello');
  await clock.run(da.synced());
  await clock.advance(100);
  expect(textIn(db)).toBe('hello');
  await grant(made, id, { editor: '*' });
  expect(db.editable).toBe(true);
  type(db, ' you');
  await clock.run(db.synced());
  await grant(made, id, { editor: 'ann' });
  expect(() => type(db, 'never')).toThrow();
  await grant(made, id, { reader: 'ann' });
  expect(db.state).toMatchObject({ name: 'refused', fault: { code: 'forbidden' } });
  expect(textIn(da)).toBe('hello you');
});

test('[D5] edits made when the right was gone already are dropped, and the state says so', async () => {
  const made = await makeWorld();
  const { world, clock } = made;
  const a = await world.client('ann');
  const id = await newNote(made);
  const da = open(a, id);
  await live(world, da);
  type(da, 'accepted');
  await clock.run(da.synced());
  a.setOnline(false);
  type(da, ' rejected');
  await clock.advance(500);
  await grant(made, id, { editor: 'bob' });
  await a.calm();
  await clock.until(() => da.state.name === 'live');
  expect(da.state).toMatchObject({ permission: 'read', dropped: { code: 'forbidden' } });
  expect(textIn(da)).toBe('accepted');
  expect(da.pending).toBe(false);
  await a.reload();
  const again = open(a, id);
  await live(world, again);
  expect(again.state).toMatchObject({ dropped: undefined });
});

test('[S8] another identity on the same page sees and sends nothing of the one before', async () => {
  const made = await makeWorld();
  const { world, clock } = made;
  const a = await world.client('ann');
  const [mine, ours] = [await newNote(made, { reader: 'ann' }), await newNote(made)];
  const [dm, dours] = [open(a, mine), open(a, ours)];
  await live(world, dm, dours);
  type(dm, 'private');
  type(dours, 'public');
  await clock.run(Promise.all([dm.synced(), dours.synced()]));
  a.setOnline(false);
  type(dours, ' unsent');
  await clock.advance(300);
  a.engine.setToken('bob');
  await clock.advance(10);
  expect(textIn(dm)).toBe('');
  expect(textIn(dours)).toBe('');
  expect(dours.pending).toBe(false);
});

test('components share one document; it is let go when the last is closed', async () => {
  const made = await makeWorld({ lingerMs: 100 });
  const { world, clock, hub } = made;
  const a = await world.client('ann');
  const id = await newNote(made);
  const [one, two] = [open(a, id, { lingerMs: 1000 }), open(a, id)];
  await live(world, one, two);
  expect(one.doc).toBe(two.doc);
  expect(hub().entries[0]!.followers).toBe(1);
  one.close();
  one.close();
  expect(one.state.name).toBe('closed');
  type(two, 'x');
  two.close();
  await clock.advance(900);
  const three = open(a, id);
  expect(three.doc).toBe(two.doc);
  await clock.advance(2000);
  expect(hub().size).toBe(1);
  three.close();
  await clock.advance(2000);
  expect(hub().size).toBe(0);
  expect(await columnOf(made, id)).toBe('x');
});

test('[D2] a refused document with pending edits is let go after one linger, and may be asked for again', async () => {
  const made = await makeWorld();
  const { world, clock } = made;
  const a = await world.client('ann');
  const id = await newNote(made);
  const da = open(a, id);
  await live(world, da);
  type(da, 'typed');
  await clock.run(world.host.store.write(({ tx }) => tx.delete('Note', id)));
  await clock.until(() => da.state.name === 'refused');
  da.close();
  await clock.advance(1001);
  expect(open(a, id).state.name).not.toBe('refused'); // it is asked for anew
});

test('a document that is open while its engine is closed is refused, and nothing throws', async () => {
  const made = await makeWorld();
  const a = await made.world.client('ann');
  const da = open(a, await newNote(made));
  await live(made.world, da);
  await made.clock.run(a.engine.close());
  await made.clock.advance(5000);
  expect(da.state).toMatchObject({ name: 'refused', fault: { code: 'unavailable' } });
});
