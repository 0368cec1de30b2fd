/** What documents put on the wire: batches and pieces. */
import { expect, test } from 'vitest';
import type { EngineHost } from '../../src/client/channel.ts';
import { openDocWith } from './open-doc.ts';
import { columnOf, live, makeWorld, newNote, open, textIn, type } from './testing/docs-world.ts';

/** The engine with every payload counted that a channel sends. */
function counted(engine: EngineHost): { host: EngineHost; sent: Uint8Array[] } {
  const sent: Uint8Array[] = [];
  const open: EngineHost['channels']['open'] = (kind, params, events) => {
    const channel = engine.channels.open(kind, params, events);
    return {
      close: () => channel.close(),
      send: (payload) => {
        sent.push(payload);
        return channel.send(payload);
      },
    };
  };
  const { env, docs: kept, session } = engine;
  const host = { env, channels: { open }, docs: kept, session, onSession: () => () => {} };
  return { host, sent };
}

test('the first keystroke leaves at once, the following ones together', async () => {
  const made = await makeWorld();
  const { world, clock } = made;
  const a = await world.client('ann');
  const id = await newNote(made);
  const { host, sent } = counted(a.engine);
  const da = openDocWith(host, { entity: 'Note', id }, { batchMs: 30 });
  await live(world, da);
  await clock.advance(100);
  sent.length = 0;
  type(da, 'k');
  await clock.advance(0);
  expect(sent.length).toBe(1);
  for (let i = 0; i < 50; i++) {
    type(da, 'k');
    await clock.advance(2);
  }
  await clock.run(da.synced());
  expect(sent.length).toBeLessThanOrEqual(6);
  await clock.advance(1000);
  expect(await columnOf(made, id)).toBe('k'.repeat(51));
});

test('a large text goes up and down in pieces', async () => {
  const made = await makeWorld();
  const { world, clock } = made;
  const [a, b] = [await world.client('ann'), await world.client('bob')];
  const id = await newNote(made);
  const { host, sent } = counted(a.engine);
  const da = openDocWith(host, { entity: 'Note', id }, {});
  await live(world, da);
  let large = '';
  while (large.length < 200_000) large += world.env.random.next().toString(36);
  type(da, large);
  await clock.run(da.synced());
  expect(Math.max(...sent.map(({ length }) => length))).toBeLessThan(65 * 1024);
  const db = open(b, id);
  await live(world, db);
  expect(textIn(db)).toBe(large);
});
