/** The history of a document on its pages: asked of the server, and never kept. */
import { expect, test } from 'vitest';
import { MAX_ASKS } from '../core/history.ts';
import { codeOf } from '../server/testing/booted.ts';
import { DocHistory } from './doc-history.ts';
import { live, makeWorld, newNote, open, textIn, type } from './testing/docs-world.ts';

async function twoPages(options: Parameters<typeof makeWorld>[0] = {}) {
  const made = await makeWorld(options);
  const { world } = made;
  const id = await newNote(made);
  const [a, b] = [await world.client('ann'), await world.client('bob')];
  const [da, db] = [open(a, id), open(b, id)];
  await live(world, da, db);
  return { ...made, id, a, b, da, db };
}

test('[D1] a version is listed, viewed, named and restored, and everybody sees it', async () => {
  const { clock, da, db } = await twoPages({ historyMs: 1 });
  type(da, 'good');
  await clock.run(da.synced());
  const version = await clock.run(da.history.name('fine'));
  type(db, ', spoilt');
  await clock.run(db.synced());
  await clock.until(() => textIn(da) === 'good, spoilt');
  const { changes } = await clock.run(da.history.list({ limit: 1 }));
  expect(changes).toEqual([
    { version: expect.any(String), since: version, at: expect.any(Number), authors: ['bob'] },
  ]);
  expect(await clock.run(da.history.view(version))).toEqual({ body: 'good' });
  expect(await clock.run(db.history.names())).toMatchObject([{ name: 'fine', version, author: 'ann' }]);
  type(db, '!'); // while it is restored
  await clock.run(da.history.restore(version));
  await clock.run(db.synced());
  await clock.until(() => textIn(da) === 'good!' && textIn(db) === 'good!');
  await clock.run(db.history.unname('fine'));
  expect(await clock.run(da.history.names())).toEqual([]);
  expect(await clock.run(codeOf(da.history.view('9@9')))).toBe('not_found');
});

test('offline there is no history, and questions under way are answered so', async () => {
  const { clock, a, da } = await twoPages();
  const asked = codeOf(da.history.list());
  a.setOnline(false);
  expect(await clock.run(asked)).toBe('unavailable');
  expect(await clock.run(codeOf(da.history.names()))).toBe('unavailable');
  a.setOnline(true);
  await clock.until(() => da.state.name === 'live');
  expect(await clock.run(da.history.names())).toEqual([]);
});

test('[N3] no more questions at once than the server answers', async () => {
  const history = new DocHistory(() => true);
  const codes = Array.from({ length: MAX_ASKS + 1 }, () => codeOf(history.names()));
  expect(await codes.at(-1)).toBe('overloaded');
  history.told({ id: 1, ok: true, json: '[]' });
  history.told({ id: 2, ok: false, json: '{"code":"forbidden","message":"no"}' });
  history.told({ id: 3, ok: true, json: '[7]' });
  history.told({ id: 77, ok: true, json: '[]' });
  history.lost();
  expect(await Promise.all(codes)).toEqual(['none', 'forbidden', 'invalid', 'unavailable', 'overloaded']);
});
