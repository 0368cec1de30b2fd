/** Pages that come back to a document whose history was trimmed meanwhile. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DocHandle } from './doc-handle.ts';
import {
  columnOf,
  live,
  type Made,
  makeWorld,
  newNote,
  open,
  type Page,
  textIn,
  type,
} from './testing/docs-world.ts';

const HOUR_MS = 3_600_000;
const trimming = { trimHistoryMs: HOUR_MS, historyMs: 1000, deviceMs: 10 * HOUR_MS, lingerMs: 100 };

/** All within seconds. */
const quick = { trimHistoryMs: 500, historyMs: 50, deviceMs: 1500, lingerMs: 50 };

async function isShallow({ world, clock }: Made): Promise<boolean> {
  const { LoroDoc } = await import('loro-crdt');
  const rows = await clock.run(
    world.host.store.read((source) => source.all('SELECT bytes FROM _doc_snapshots')),
  );
  return rows.some(({ bytes }) => {
    const doc = new LoroDoc();
    doc.import(bytes as Uint8Array);
    return doc.isShallow();
  });
}

async function settled({ clock }: Made, ...handles: DocHandle[]): Promise<void> {
  await clock.until(() => handles.every(({ state, pending }) => state.name === 'live' && !pending));
  await clock.advance(1000);
}

/** Types at times, leaves, and comes back after `hours`, so that the history before may go. */
async function visit(made: Made, page: Page, id: string, { hours }: { hours: number }): Promise<void> {
  const handle = open(page, id);
  await live(made.world, handle);
  for (let n = 0; n < 3; n++) {
    type(handle, '.');
    await made.clock.run(handle.synced());
    await made.clock.advance(1500);
  }
  await made.clock.advance(2000); // the copy is on the device
  handle.close();
  await made.clock.until(() => made.hub().size === 0);
  await made.clock.advance(hours * HOUR_MS);
}

test('[D6] a device that was away too long starts over, and its unsent edits survive, once', async () => {
  const made = await makeWorld(trimming);
  const { world, clock } = made;
  const [a, b] = [await world.client('ann'), await world.client('bob')];
  const id = await newNote(made);
  const da = open(a, id);
  await live(world, da);
  type(da, 'one two');
  da.map('meta').set('k', 0);
  da.doc.commit();
  await clock.run(da.synced());
  await clock.advance(2000);
  a.setOnline(false);
  type(da, ' UNSENT', 3);
  da.map('meta').set('k', 1);
  da.doc.commit();
  await clock.advance(11 * HOUR_MS); // longer than devices are waited for
  await visit(made, b, id, { hours: 2 });
  await visit(made, b, id, { hours: 2 });
  expect(await isShallow(made)).toBe(true);
  await a.calm();
  await settled(made, da);
  expect(da.state).toMatchObject({ rebased: { code: 'conflict' }, dropped: undefined });
  expect(textIn(da)).toBe('one UNSENT two......');
  const db = open(b, id);
  await settled(made, db);
  expect(textIn(db)).toBe(textIn(da));
  expect(db.map('meta').get('k')).toBe(1);
  expect(await columnOf(made, id)).toBe(textIn(da));
});

test('[D6] a device that is known gets what it lacks, and its unsent edits are sent as they are', async () => {
  const made = await makeWorld(trimming);
  const { world, clock } = made;
  const [a, b] = [await world.client('ann'), await world.client('bob')];
  const id = await newNote(made);
  await visit(made, a, id, { hours: 2 });
  await visit(made, a, id, { hours: 0 });
  const da = open(a, id);
  await live(world, da);
  await clock.advance(2000);
  a.setOnline(false);
  type(da, 'UNSENT');
  await clock.advance(1000);
  a.crash();
  await visit(made, b, id, { hours: 2 });
  await visit(made, b, id, { hours: 2 });
  expect(await isShallow(made)).toBe(true);
  await a.reload();
  const again = open(a, id);
  await a.calm();
  await settled(made, again);
  expect(again.state).toMatchObject({ rebased: undefined, dropped: undefined });
  expect(textIn(again)).toContain('UNSENT');
  expect(textIn(again).length).toBe(6 + 12);
  expect(await columnOf(made, id)).toBe(textIn(again));
});

test('[D6] [D2] property: pages that come and go, crash, and are forgotten: each unsent edit is there once', async () => {
  const step = fc.record({
    who: fc.nat(2),
    does: fc.constantFrom('type', 'type', 'type', 'leave', 'leave', 'online', 'offline', 'crash'),
    at: fc.nat(1000),
    waitMs: fc.constantFrom(5, 50, 200, 1000, 5000),
  });
  let trims = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), fc.nat(1000), async (steps, seed) => {
      const made = await makeWorld({ ...quick, compactUpdates: 20 }, seed);
      const { world, clock } = made;
      const pages: Page[] = [];
      for (const user of ['ann', 'bob', 'cyd']) pages.push(await world.client(user));
      const id = await newNote(made);
      const handles: (DocHandle | undefined)[] = pages.map(() => undefined);
      const typed: string[] = [];
      let letter = 0x4e00;
      const opened = (who: number) => {
        handles[who] ??= open(pages[who]!, id);
        return handles[who];
      };
      for (const { who, does, at, waitMs } of steps) {
        const page = pages[who]!;
        const handle = opened(who);
        if (does === 'type' && handle.editable) {
          const char = String.fromCharCode(letter++);
          typed.push(char);
          type(handle, char, at % (handle.text('body').length + 1));
        }
        if (does === 'online') await page.calm();
        if (does === 'offline') page.setOnline(false);
        if (does === 'leave') {
          handle.close();
          handles[who] = undefined;
        }
        if (does === 'crash') {
          await clock.advance(1000);
          page.crash();
          await page.reload();
          handles[who] = undefined;
        }
        await clock.advance(waitMs);
      }
      for (const page of pages) await page.calm();
      await settled(made, ...pages.map((_, who) => opened(who)));
      const texts = pages.map((_, who) => textIn(opened(who)));
      expect([...texts[0]!].sort()).toEqual(typed.sort());
      expect(new Set(texts).size).toBe(1);
      expect(await columnOf(made, id)).toBe(texts[0]);
      if (await isShallow(made)) trims++;
      for (const handle of handles) expect(handle!.state).toMatchObject({ dropped: undefined });
      await world.close();
    }),
    { numRuns: 30 },
  );
  expect(trims).toBeGreaterThan(0);
});
