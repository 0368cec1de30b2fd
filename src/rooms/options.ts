/** What an app says about its rooms. Each limit has a default here and a test at its edge. [N3] */

/**
 * Who may be in rooms whose name begins with `prefix`. With `entity` what follows the prefix is the id of a
 * row, and those may be there who may read it; with `join` any user, also guests, or anybody.
 */
export type RoomRule =
  | { readonly prefix: string; readonly entity: string }
  | { readonly prefix: string; readonly join: 'user' | 'guest' | 'public' };

export interface RoomsOptions {
  /** The longest prefix that fits decides. A name that fits none is no room. [P1] */
  readonly rooms: readonly RoomRule[];
  /** Members of one room; one more is refused as `overloaded`. */
  readonly maxMembers: number;
  /** Rooms of one session, those of all tabs of a browser together; one more is refused as `overloaded`. */
  readonly maxRooms: number;
  /** Joins, states and messages of one session, on average; over it a room is closed as `rate_limited`. */
  readonly perSecond: number;
  /** As many may come at once. */
  readonly burst: number;
  /** Least time between two presence deltas of one room: what changes meanwhile leaves as one. */
  readonly tellMs: number;
  /** What may wait in one room while the policies are asked again; over it a room is closed as `overloaded`. */
  readonly maxHeld: number;
}

export const DEFAULT_ROOMS: RoomsOptions = {
  rooms: [],
  maxMembers: 500,
  maxRooms: 32,
  perSecond: 100,
  burst: 200,
  tellMs: 50,
  maxHeld: 1000,
};
