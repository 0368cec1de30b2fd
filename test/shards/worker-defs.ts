/** Definitions that real worker threads import in test/contract/shard-workers.test.ts. */
import { c, defineShard, s } from '../../shards/core/index.ts';
import { arena } from './arena.ts';

/** The arena at a pace for tests; it tells its players the hash of every tick. */
export const told = defineShard({
  ...arena,
  name: 'told',
  tickRate: 50,
  tick(world, dtSeconds) {
    arena.tick?.(world, dtSeconds);
    world.emit('said', { by: world.tick, text: world.hash() });
  },
});

/** Does to its thread whatever a message says. */
export const vandal = defineShard({
  name: 'vandal',
  tickRate: 100,
  components: { n: c.uint({ max: 9 }) },
  input: c.struct({ n: c.uint({ max: 9 }) }),
  messages: s.object({ how: s.oneOf('throw', 'throw-later', 'hang', 'exit') }),
  authorize: () => true,
  step() {},
  receive(_world, _player, { how }) {
    switch (how) {
      case 'throw':
        throw new Error('thrown');
      case 'throw-later':
        setTimeout(() => {
          throw new Error('thrown later');
        }, 0);
        return;
      case 'hang':
        for (;;);
      case 'exit':
        process.exit(3);
    }
  },
});
