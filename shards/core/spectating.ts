/** How a shard may be looked at by those who do not play: part of a definition; server/gallery.ts does it. [T14] */
import { assert } from '../../src/base/assert.ts';
import type { Components } from './component.ts';
import type { Interest } from './interest.ts';
import type { Entity, World } from './world.ts';

export interface Spectating<C extends Components = Components> {
  /** Nothing that is younger is shown: so long nobody can tell a player what he should not know. */
  readonly delayMs: number;
  /**
   * The entity that all look from, asked again every `beginEveryMs`. Needed where not everybody sees everything. What
   * only its player or his team is sent is not shown.
   */
  camera?(world: World<C>): Entity<C> | undefined;
  /** Spectators at once; one more is refused as `overloaded`. Default 100. */
  readonly spectators?: number;
  /** Bytes of frames that are kept; over it the oldest are dropped, and spectators miss them. Default 4 MiB. */
  readonly bytes?: number;
  /** So often a frame is made that builds on nothing: who comes waits for one. Default two seconds. */
  readonly beginEveryMs?: number;
}

export function resolveSpectating<C extends Components>(
  given: Spectating<C>,
  interest: Interest<C>,
): Required<Spectating<C>> {
  assert(
    given.camera || interest.kind === 'everyone',
    'spectate.camera is missing where not everybody sees all',
  );
  const made = { spectators: 100, bytes: 4 << 20, beginEveryMs: 2000, camera: () => undefined, ...given };
  assert(made.delayMs >= 0, `spectate.delayMs is ${made.delayMs}`);
  for (const name of ['spectators', 'bytes', 'beginEveryMs'] as const)
    assert(made[name] > 0, `spectate.${name} is ${made[name]}`);
  return made;
}
