/**
 * The client's half of a channel, and what the engine lends to the planes (shards/client, crdt/client).
 * A channel outlives connections: after a reconnect the mux opens it again and `opened` is called anew.
 *
 *   opening --opened--> open --socket lost--> opening        any --closed by either side--> closed
 */
import type { Cancel, Env } from '../base/env.ts';
import type { Fault } from '../base/fault.ts';
import type { Json } from '../base/json.ts';
import type { SessionInfo } from '../protocol/server-message.ts';
import type { DocPersistence } from './persistence.ts';

export interface ChannelEvents {
  /** The server accepted; `info` is its answer. Called again after each reconnect. */
  opened(info: Json): void;
  /** `payload` is only valid during the call. */
  frame(payload: Uint8Array): void;
  /** The connection is gone for now; frames sent meanwhile are refused. */
  lost(): void;
  /** The server refused or ended the channel, for good. Not called after the client's own `close`. */
  closed(fault: Fault): void;
}

export interface ClientChannel {
  /** False: not open now, the payload was not sent. The bytes must never be written again. */
  send(payload: Uint8Array): boolean;
  close(): void;
}

export interface Channels {
  /** `params` may be a function, asked anew at each (re)open. */
  open(kind: string, params: Json | (() => Json), events: ChannelEvents): ClientChannel;
}

/** The rows, by the names of their entities. */
export interface HostRows {
  get(entity: string, id: string): object | undefined;
  subscribe(entity: string, listener: () => void): Cancel;
}

/** The engine as the planes see it. */
export interface EngineHost {
  readonly env: Env;
  readonly channels: Channels;
  /** What survives a reload of the page. */
  readonly docs: DocPersistence;
  readonly store: HostRows;
  /** Null until the server has said who this is. */
  readonly session: SessionInfo | null;
  onSession(listener: (session: SessionInfo) => void): Cancel;
}
