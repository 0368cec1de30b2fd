/** Documents without network: what a page shows and takes after a reload, and what becomes of it. */
import { expect, test } from 'vitest';
import {
  columnOf,
  grant,
  live,
  type Made,
  makeWorld,
  newNote,
  open,
  type Page,
  textIn,
  type,
} from './testing/docs-world.ts';

/** A page with the text `first ` durable, which is then reloaded out of reach. */
async function away(options: Parameters<typeof open>[2] = {}) {
  const made = await makeWorld();
  const a = await made.world.client('ann');
  const id = await newNote(made);
  const da = open(a, id, options);
  await live(made.world, da);
  type(da, 'first ');
  await made.clock.run(da.synced());
  await made.clock.advance(1500);
  a.setOnline(false);
  await a.reload();
  return { ...made, made, a, id };
}

async function back({ clock }: Made, page: Page, ...handles: ReturnType<typeof open>[]): Promise<void> {
  await page.calm();
  await clock.until(() => handles.every(({ state, pending }) => state.name === 'live' && !pending));
}

test('[D2] after a reload without network the document is there, is edited, and arrives later', async () => {
  const { made, clock, a, id, world } = await away();
  const da = open(a, id);
  await clock.advance(100);
  expect(da.state.name).toBe('offline');
  expect(textIn(da)).toBe('first ');
  expect(da.editable).toBe(true);
  type(da, 'away');
  expect(da.pending).toBe(true);
  await clock.advance(200);
  await a.reload(); // its spare is used up: it may be read
  const again = open(a, id);
  await clock.advance(100);
  expect(textIn(again)).toBe('first away');
  expect(again.editable).toBe(false);
  expect(again.pending).toBe(true);
  const b = await world.client('bob');
  const db = open(b, id);
  await live(world, db);
  type(db, 'and ', 6);
  await back(made, a, again);
  await clock.advance(1000);
  expect(textIn(again)).toContain('away');
  expect(textIn(again).replace('away', '')).toBe('first and ');
  expect(textIn(db)).toBe(textIn(again));
  expect(await columnOf(made, id)).toBe(textIn(again));
});

test('a page out of reach that has no copy of a document waits for it', async () => {
  const { clock, a, made } = await away();
  const other = open(a, await newNote(made));
  await clock.advance(1000);
  expect(['loading', 'offline']).toContain(other.state.name);
  expect(other.editable).toBe(false);
});

test('[D9] edits before the first join are under a peer id that nobody else will have', async () => {
  const { clock, a, id, made, world } = await away();
  const da = open(a, id);
  await clock.advance(100);
  const peer = da.doc.peerIdStr;
  type(da, 'x');
  await back(made, a, da);
  expect(da.doc.peerIdStr).toBe(peer); // the server knows it
  const b = await world.client('ann');
  const db = open(b, id);
  await live(world, db);
  expect(db.doc.peerIdStr).not.toBe(peer);
  await clock.advance(200);
  a.setOnline(false);
  await a.reload();
  const again = open(a, id);
  await clock.advance(100);
  expect(again.editable).toBe(true); // the last join gave a new spare
  expect(again.doc.peerIdStr).not.toBe(peer);
});

test('[S8] another identity sees nothing of what is kept, and a sign-out removes it', async () => {
  const { clock, a, id, made, world } = await away();
  expect(a.disk.docs.size).toBeGreaterThan(0);
  a.become('bob');
  const da = open(a, id);
  await clock.advance(1000);
  expect(textIn(da)).toBe('');
  expect(da.editable).toBe(false);
  await grant(made, id, { reader: 'ann' });
  await a.calm();
  await clock.until(() => da.state.name === 'refused');
  expect(textIn(da)).toBe('');
  expect([...a.disk.docs.keys()].filter((key) => key.startsWith('Note/'))).toEqual([]);
  a.become('ann');
  const again = open(a, id);
  await live(world, again);
  expect(textIn(again)).toBe('first ');
  a.become(null);
  await clock.advance(1000);
  expect([...a.disk.docs.keys()].filter((key) => key.startsWith('Note/'))).toEqual([]);
});

test('a document that was deleted meanwhile is refused, and its copy removed', async () => {
  const { clock, a, id, made, world } = await away();
  const da = open(a, id);
  await clock.advance(100);
  type(da, 'for nothing');
  await clock.advance(200);
  await clock.run(world.host.store.write(({ tx }) => tx.delete('Note', id)));
  await a.calm();
  await clock.until(() => da.state.name === 'refused');
  expect(da.state).toMatchObject({ fault: { code: 'not_found' } });
  await clock.advance(200);
  expect([...a.disk.docs.keys()].filter((key) => key.startsWith('Note/'))).toEqual([]);
  expect(made.hub().size).toBe(0);
});

test('[D5] a document that became unreadable meanwhile is refused, and its copy removed', async () => {
  const { clock, a, id, made } = await away();
  const da = open(a, id);
  await clock.advance(100);
  await grant(made, id, { reader: 'bob' });
  await a.calm();
  await clock.until(() => da.state.name === 'refused');
  await clock.advance(200);
  expect([...a.disk.docs.keys()].filter((key) => key.startsWith('Note/'))).toEqual([]);
});

test('a copy that cannot be read is forgotten, and the unsent edits go on', async () => {
  const made = await makeWorld();
  const { world, clock } = made;
  const a = await world.client('ann');
  const id = await newNote(made);
  const da = open(a, id);
  await live(world, da);
  a.setOnline(false);
  type(da, 'kept');
  await clock.advance(2000);
  const key = `Note/${id}/copy`;
  await clock.run(
    a.engine.docs.changeDocs([key], ([copy]) => {
      const broken = copy!.slice();
      broken[broken.length - 5]! ^= 0xff;
      return new Map([[key, broken]]);
    }),
  );
  await a.reload();
  const again = open(a, id);
  await clock.advance(100);
  expect(textIn(again)).toBe('');
  expect(again.pending).toBe(true);
  expect(a.disk.docs.has(key)).toBe(false);
  await back(made, a, again);
  expect(textIn(again)).toBe('kept');
});

test('copies are kept of the documents used last', async () => {
  const made = await makeWorld();
  const { world, clock } = made;
  const a = await world.client('ann');
  const ids = [await newNote(made), await newNote(made), await newNote(made)];
  for (const id of ids) {
    const handle = open(a, id, { keepDocs: 2 });
    await live(world, handle);
    type(handle, `text of ${id}`);
    await clock.run(handle.synced());
    await clock.advance(1500);
    handle.close();
    await clock.advance(2000);
  }
  a.setOnline(false);
  await a.reload();
  const texts = ids.map((id) => open(a, id));
  await clock.advance(100);
  expect(texts.map(textIn)).toEqual(['', `text of ${ids[1]}`, `text of ${ids[2]}`]);
});

test('the copy of a document that is edited for long stays as small as the document', async () => {
  const made = await makeWorld();
  const { world, clock } = made;
  const a = await world.client('ann');
  const id = await newNote(made);
  const da = open(a, id);
  await live(world, da);
  let largest = 0;
  for (let i = 0; i < 300; i++) {
    type(da, `line ${i} of what is written in this text\n`, 0);
    await clock.advance(i % 3 === 0 ? 150 : 20);
    const bytes = [...a.disk.docs.values()].reduce((sum, one) => sum + one.length, 0);
    largest = Math.max(largest, bytes);
  }
  await clock.run(da.synced());
  await clock.advance(1500);
  const whole = da.doc.export({ mode: 'snapshot' }).length;
  expect(largest).toBeLessThan(2 * whole + (40 << 10));
});

test('[D2] what was edited is on the device within persistMs, and at once when the page is hidden or closes it', async () => {
  const made = await makeWorld();
  const { world, clock } = made;
  const a = await world.client('ann');
  const id = await newNote(made);
  const da = open(a, id, { persistMs: 100 });
  await live(world, da);
  await clock.advance(200);
  a.setOnline(false);
  const kept = () => a.disk.docs.get(`Note/${id}`)?.length ?? 0;
  const before = kept();
  type(da, 'slowly');
  await clock.advance(99);
  expect(kept()).toBe(before);
  await clock.advance(2);
  const slowly = kept();
  expect(slowly).toBeGreaterThan(before);
  type(da, ', then it is closed');
  da.close();
  await clock.advance(0);
  expect(kept()).toBeGreaterThan(slowly);
});

test('[D2] edits of which the device kept no copy of the document are sent all the same', async () => {
  const made = await makeWorld({ snapshotOps: 2 });
  const { world, clock } = made;
  const [a, b] = [await world.client('ann'), await world.client('bob')];
  const id = await newNote(made);
  const db = open(b, id);
  await live(world, db);
  type(db, 'first ');
  await clock.run(db.synced());
  const da = open(a, id, { keepBytes: 1 });
  await live(world, da);
  a.setOnline(false);
  type(da, 'away ');
  await clock.advance(500);
  type(db, 'later ');
  await clock.run(db.synced());
  const cyd = await world.client('cyd');
  for (let n = 0; n < 3; n++) {
    const dc = open(cyd, id); // has a shallow snapshot made
    await live(world, dc);
    dc.close();
    await cyd.reload();
    await clock.advance(500);
  }
  await a.reload();
  const again = open(a, id, { keepBytes: 1 });
  await back(made, a, again);
  await clock.advance(1000);
  expect(again.state).toMatchObject({ dropped: undefined });
  expect(textIn(again)).toContain('away');
  expect(await columnOf(made, id)).toBe(textIn(again));
});
