/** A walk that counts its steps: what was lost of it can be counted, too. */
import { c, defineShard } from 'ternion/shards';

export const walk = defineShard({
  name: 'walk',
  tickRate: 30,
  components: { steps: c.uint({ max: 1_000_000 }), luck: c.uint({ max: 1_000_000 }), bot: c.bool() },
  input: c.struct({ go: c.bool() }),
  authorize: ({ auth }) => auth.userId !== null,
  start(world) {
    for (let i = 0; i < 500; i++) world.spawn({ bot: true });
  },
  step(world, entity, { go }) {
    if (go) entity.steps++;
    entity.luck += world.random.int(2);
  },
  tick(world) {
    for (const entity of world.entities) if (entity.bot) entity.luck += world.random.int(2);
  },
});
