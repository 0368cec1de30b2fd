import type { Json } from '../../src/base/json.ts';
import type { Vec2, Vec3 } from './component.ts';

/** Who is in the world, as a definition's functions see him. The server's is a Seat. */
export interface Player {
  /** Null for the anonymous viewer. */
  readonly userId: string | null;
  readonly name: string | null;
  readonly roles: readonly string[];
  /** The entity that `join` returned; 0 before that, and for a spectator. */
  readonly entityId: number;
  /**
   * Where he looks from while he has no living entity, in the unit of the grid's component: for spectators, and for who
   * waits to come back. Set it in `join`, `receive` or `tick`, as often as you like; undefined, he goes on looking from
   * where he did last, and who never looked from anywhere sees only what has no place. What is set is copied: to follow
   * an entity, set its position in every tick. [T8]
   */
  eye?: Vec2 | Vec3 | undefined;
  /** The data of the ticket that he came with. */
  readonly ticket?: Json | undefined;
}
