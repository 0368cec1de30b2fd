/**
 * A channel: one binary conversation inside a connection, opened by name. A plugin answers for a kind of
 * channel with a ChannelHost and never touches the socket. Slow readers: a full docs lane says so and
 * calls `drained` later; a shard's latest slot simply keeps the newest frame.
 */
import type { Fault } from '../base/fault.ts';
import type { Json } from '../base/json.ts';
import type { Parcel } from '../base/parcel.ts';
import type { Session } from './session.ts';

export interface Channel {
  readonly session: Session;
  /**
   * Queues a payload, which must never be written again. False: the lane is full, the payload was dropped, and `drained` will be called once
   * there is room; send what brings the reader up to date then. `urgent` payloads go before others of the turn.
   */
  send(payload: Uint8Array, lane: 'docs' | 'shard'): boolean;
  /** The one payload that replaces its unsent predecessor. */
  readonly latest: LatestSlot;
  /** Ends the channel and tells the client why. `ChannelHandler.closed` follows. */
  close(fault: Fault): void;
}

export interface LatestSlot {
  /**
   * `tag` is any number that grows, such as a tick. The bytes and the room before them must never be written again;
   * the object that says where they are may be used for the next.
   */
  put(payload: Parcel, tag: number): void;
  /** The tag of the last payload that was handed to the socket; -1 before the first. */
  readonly sentTag: number;
}

export interface ChannelHandler {
  /** The answer to `open`, sent in `opened`. */
  readonly info: Json;
  /** Called once `opened` is on its way, so that what it sends comes after. */
  opened?(): void;
  /** A frame of the client. `payload` is only valid during the call. A thrown Fault closes the channel. */
  frame(payload: Uint8Array): void;
  /** There is room again after a `send` that returned false. */
  drained?(): void;
  /** Exactly once: closed by either side, or the connection is gone. */
  closed(): void;
}

/** Opens channels of one kind. A thrown or rejected Fault refuses the channel. */
export type ChannelHost = (channel: Channel, params: Json) => Promise<ChannelHandler>;
