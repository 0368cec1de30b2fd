import type { Json } from '../../src/base/json.ts';

/** Who is in the world, as a definition's functions see him. The server's is a Seat. */
export interface Player {
  /** Null for the anonymous viewer. */
  readonly userId: string | null;
  readonly name: string | null;
  readonly roles: readonly string[];
  /** The entity that `join` returned; 0 before that, and for a spectator. */
  readonly entityId: number;
  /** The data of the ticket that he came with. */
  readonly ticket?: Json | undefined;
}
