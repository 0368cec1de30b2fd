import { afterEach, expect, test } from 'vitest';
import { defineApp } from '../plugin/define-app.ts';
import { defineSchema } from '../schema/define-schema.ts';
import { World } from '../testing/world.ts';
import type { RoomRule } from './options.ts';
import { rooms } from './plugin.ts';
import { Onlooker, RoomsWorlds } from './testing/rooms-world.ts';

const worlds = new RoomsWorlds();
afterEach(() => worlds.close());

test('the longest prefix decides, in whatever order the rules stand', async () => {
  const { world, clock } = await worlds.make({
    rooms: [
      { prefix: 'a', join: 'public' },
      { prefix: 'a:closed', join: 'user' },
      { prefix: 'a:closed:not', join: 'public' },
    ],
  });
  const nobody = await world.client(null);
  const seen = ['a', 'a:closed', 'a:closed:never', 'a:closed:not'].map((name) => new Onlooker(nobody, name));
  await clock.advance(100);
  expect(seen.map(({ view }) => view.joined)).toEqual([true, false, false, true]);
});

test.each([
  [
    'two rules',
    [
      { prefix: 'a', join: 'user' },
      { prefix: 'a', join: 'public' },
    ],
  ],
  ['Nothing', [{ prefix: 'a:', entity: 'Nothing' }]],
] satisfies [string, RoomRule[]][])('rules that cannot be meant stop the start: %s', async (words, rules) => {
  const schema = defineSchema({ entities: [] });
  const app = () => defineApp({ schema, plugins: [rooms({ rooms: rules })] });
  await expect(World.create({ app })).rejects.toThrow(words);
});
