/** What server and browser both know: the rows, who may do what with them, and the rules of the game. */
import { defineSchema, entity, field, policy } from 'ternion';
import { c, defineShard } from 'ternion/shards';

const Note = entity('Note', { title: field.string(), body: field.richtext(), ownerId: field.string() });
const mine = 'auth.userId == data.ownerId';
export const schema = defineSchema({
  entities: [Note],
  policies: [policy({ entity: 'Note', allowRead: 'true', allowInsert: mine, allowUpdate: mine })],
});

export const arena = defineShard({
  name: 'arena',
  tickRate: 20,
  components: { position: c.vec2({ min: -50, max: 50, step: 0.01 }) },
  input: c.struct({ move: c.vec2({ min: -1, max: 1, step: 0.02 }) }),
  authorize: ({ auth }) => auth.userId !== null,
  step(_world, player, { move }, dt) {
    player.position.x += move.x * 5 * dt;
    player.position.y += move.y * 5 * dt;
  },
});
