/** The definitions of docs/guides/lasting-shards.md. */
import { c, defineShard, s } from 'ternion/shards';

export const village = defineShard({
  name: 'village',
  tickRate: 10,
  components: { wood: c.uint({ max: 9999 }), mood: c.enum('calm', 'cross'), stamina: c.uint({ max: 100 }) },
  input: c.struct({ chop: c.bool() }),
  params: s.object({}),
  authorize: ({ auth }) => auth.userId !== null,
  migrate(world) {
    for (const villager of world.entities) villager.stamina = 100;
  },
  answer(world, question) {
    if (question === 'festival') for (const villager of world.entities) villager.mood = 'calm';
    return world.entities.length;
  },
  step(_world, villager, { chop }) {
    if (chop) villager.wood++;
  },
});
