/** What an app says about its lobby; see lobby.ts. */

export interface LobbyOptions {
  /** Who may look: users, also guests, or anybody. */
  readonly join: 'user' | 'guest' | 'public';
  /** Keys of definitions whose shards are listed. Default none: they are only counted. */
  readonly shards?: readonly string[];
  /** Shards that are listed at most, those first that have run longest. Default 200. */
  readonly maxListed?: number;
  /** Least time between two looks. Default 250 ms. */
  readonly tellMs?: number;
}
