/** What the load of players asks of Ternion's server and of a peer's alike, over raw sockets. */
import type { BotScript } from './bot-script.ts';

export interface PlayerConnection {
  /** Bytes that came in, heads of WebSocket frames included. */
  readonly bytesIn: number;
  /** Sends what the bot does in its next tick. */
  input(script: BotScript): void;
  /** The reader stops, or goes on: what is sent meanwhile waits in the kernel and at the server. */
  pause(paused: boolean): void;
  end(): void;
}

/** What a frame shows, told by a player whose frames are decoded as a real client does it. */
export interface Sight {
  readonly tick: number;
  readonly entities: number;
  /** Entities that no single tick of the server can have looked like. */
  readonly torn: number;
}

export interface PlayerEvents {
  /** A frame came; nothing of it was decoded. */
  frame(): void;
  /** As `frame`, for players who decode. */
  sight?(sight: Sight): void;
}

export interface PlayerSystem {
  /** Resolves when the player is in. With `events.sight` he decodes all that comes. */
  join(events: PlayerEvents): Promise<PlayerConnection>;
}

export type PlayerSystemName = 'ternion' | 'colyseus';
