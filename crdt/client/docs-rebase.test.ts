/** A document that gets another life while pages have unsent edits: they are made anew on it, once. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DocHandle } from './doc-handle.ts';
import {
  columnOf,
  grant,
  live,
  type Made,
  makeWorld,
  newNote,
  open,
  textIn,
  type,
} from './testing/docs-world.ts';

/** Another epoch, as after a quarantine; `lost` updates of the log are gone with it, and of old peers no leases stay. */
async function newLife({ world, clock, hub }: Made, id: string, lost = 0, epoch = 'second'): Promise<void> {
  await clock.until(() => hub().size === 0);
  await clock.run(
    world.host.store.write(async ({ tx }) => {
      const [meta] = await tx.all('SELECT rev FROM _doc_meta WHERE id = ?', [id]);
      const rev = Math.max(0, Number(meta!.rev) - lost);
      await tx.run('UPDATE _doc_meta SET epoch = ?, rev = ? WHERE id = ?', [epoch, rev, id]);
      await tx.run('DELETE FROM _doc_updates WHERE id = ? AND rev > ?', [id, rev]);
      if (lost > 0) await tx.run('DELETE FROM _doc_peers WHERE id = ?', [id]);
    }),
  );
}

async function twoPages(options = {}) {
  const made = await makeWorld({ lingerMs: 50, compactUpdates: 1000 });
  const { world } = made;
  const [a, b] = [await world.client('ann'), await world.client('bob')];
  const id = await newNote(made);
  const [da, db] = [open(a, id, options), open(b, id, options)];
  await live(world, da, db);
  return { made, ...made, a, b, id, da, db };
}

async function settled({ clock }: Made, ...handles: DocHandle[]): Promise<void> {
  await clock.until(() => handles.every(({ state, pending }) => state.name === 'live' && !pending));
  await clock.advance(1000);
}

test.each([0, 1])('[D2] unsent edits are made anew on another life that lost %i updates', async (lost) => {
  const { made, clock, a, b, id, da, db } = await twoPages();
  type(da, 'one two ');
  await clock.run(da.synced());
  type(da, 'three');
  await clock.run(da.synced());
  await clock.advance(100);
  a.setOnline(false);
  b.setOnline(false);
  type(da, ' AND ANN', 3);
  da.text('body').mark({ start: 0, end: 3 }, 'bold', true);
  da.map('meta').set('k', 1);
  da.counter('n').increment(2);
  da.doc.commit();
  type(db, 'BOB ', 0);
  await newLife(made, id, lost);
  await a.calm();
  await b.calm();
  await settled(made, da, db);
  expect(da.state).toMatchObject({ rebased: { code: 'conflict' }, dropped: undefined });
  expect(textIn(da)).toBe(`BOB one AND ANN two ${lost ? '' : 'three'}`);
  expect(textIn(db)).toBe(textIn(da));
  expect(await columnOf(made, id)).toBe(textIn(da));
  expect(db.text('body').toDelta()[1]).toEqual({ insert: 'one', attributes: { bold: true } });
  expect(db.map('meta').get('k')).toBe(1);
  expect(db.counter('n').value).toBe(2);
});

test('[D9] what is made anew is made under another peer id', async () => {
  const { made, clock, a, id, da } = await twoPages();
  type(da, 'x');
  await clock.run(da.synced());
  a.setOnline(false);
  type(da, 'y');
  const peer = da.doc.peerIdStr;
  made.world.clients[1]!.crash();
  await newLife(made, id);
  await a.calm();
  await settled(made, da);
  expect(da.doc.peerIdStr).not.toBe(peer);
  expect(textIn(da)).toBe('xy');
});

test('unsent edits of an earlier page are made anew as well', async () => {
  const { made, clock, a, id, da } = await twoPages();
  type(da, 'x');
  await clock.run(da.synced());
  await clock.advance(1500);
  a.setOnline(false);
  type(da, 'unsent');
  await clock.advance(200);
  a.crash();
  made.world.clients[1]!.crash();
  await newLife(made, id);
  a.setOnline(false);
  await a.reload();
  const again = open(a, id);
  await clock.advance(100);
  expect(textIn(again)).toBe('xunsent');
  await a.calm();
  await settled(made, again);
  expect(textIn(again)).toBe('xunsent');
  expect(again.state).toMatchObject({ rebased: { code: 'conflict' } });
});

test('[D5] unsent edits are dropped when the right is lost with the life', async () => {
  const { made, clock, a, id, da } = await twoPages();
  type(da, 'x');
  await clock.run(da.synced());
  a.setOnline(false);
  type(da, 'y');
  made.world.clients[1]!.crash();
  await newLife(made, id);
  await grant(made, id, { editor: 'bob' });
  await a.calm();
  await settled(made, da);
  expect(da.state).toMatchObject({ permission: 'read', dropped: { code: 'forbidden' }, rebased: undefined });
  expect(textIn(da)).toBe('x');
});

test('what can have no place on the new life is dropped, and the state says so; text is kept', async () => {
  const { made, clock, a, id, da } = await twoPages();
  const node = da.tree('outline').createNode();
  da.doc.commit();
  await clock.run(da.synced());
  a.setOnline(false);
  node.createNode();
  type(da, 'kept');
  made.world.clients[1]!.crash();
  await newLife(made, id, 1);
  await a.calm();
  await settled(made, da);
  expect(da.state).toMatchObject({ dropped: { code: 'conflict' }, rebased: { code: 'conflict' } });
  expect(textIn(da)).toBe('kept');
  expect(da.tree('outline').toJSON()).toEqual([]);
});

test('[D2] property: two clients, resets at any time: the text of each unsent edit is there once', async () => {
  const step = fc.record({
    who: fc.boolean(),
    at: fc.nat(1000),
    text: fc.integer({ min: 1, max: 4 }),
    waitMs: fc.constantFrom(0, 3, 30, 200),
    offline: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 2, maxLength: 12 }),
      fc.array(step, { minLength: 1, maxLength: 6 }),
      fc.nat(40),
      async (before, after, killMs) => {
        const { made, clock, world, a, b, id, da, db } = await twoPages({ persistMs: 20 });
        let letter = 0x4e00;
        const typed: string[] = [];
        const edit = async ({ who, at, text, waitMs, offline }: (typeof before)[number]) => {
          const [page, handle] = who ? [a, da] : [b, db];
          if (offline) page.setOnline(false);
          const word = String.fromCharCode(...Array.from({ length: text }, () => letter++));
          typed.push(...word);
          type(handle, word, at % (handle.text('body').length + 1));
          await clock.advance(waitMs);
        };
        for (const one of before) await edit(one);
        await clock.advance(killMs);
        world.kill();
        a.setOnline(false);
        b.setOnline(false);
        await world.start();
        await newLife(made, id);
        for (const one of after) await edit({ ...one, offline: false });
        await a.calm();
        await b.calm();
        await settled(made, da, db);
        expect([...textIn(da)].sort()).toEqual(typed.sort());
        expect(textIn(db)).toBe(textIn(da));
        expect(await columnOf(made, id)).toBe(textIn(da));
        await world.close();
      },
    ),
    { numRuns: 12 },
  );
});
