/**
 * One client in one room: the server's side of a channel of kind `room`. Parses what comes in, and keeps what
 * a slow reader is owed: a full list, and the number of messages that he did not get. [S10] Made by plugin.ts.
 *
 *   entering --opened--> wanting --list sent--> current --lane full--> behind --drained--> wanting
 *                                any --closed by either side--> closed
 */
import type { Cancel } from '../base/env.ts';
import { Fault } from '../base/fault.ts';
import type { Json } from '../base/json.ts';
import type { RateLimit } from '../base/rate-limit.ts';
import type { Channel, ChannelHandler } from '../plugin/channel.ts';
import type { Viewer } from '../policy/viewer.ts';
import { decodeRoomUp, encodeRoom } from '../protocol/room-frame.ts';
import type { Occupant, Room } from './room.ts';

interface Deps {
  readonly channel: Channel;
  readonly room: Room;
  readonly rate: RateLimit;
  readonly release: Cancel;
}

type State = 'entering' | 'wanting' | 'current' | 'behind' | 'closed';

export class Seat implements ChannelHandler, Occupant {
  readonly id: string;
  readonly info: Json;
  readonly #deps: Deps;
  readonly #offViewer: Cancel;
  #state: State = 'entering';
  #missed = 0;

  constructor(id: string, deps: Deps) {
    this.id = id;
    this.info = { id };
    this.#deps = deps;
    this.#offViewer = deps.channel.session.onViewer(() => deps.room.identityChanged(this));
  }

  get viewer(): Viewer {
    return this.#deps.channel.session.viewer;
  }

  get wantsList(): boolean {
    return this.#state === 'wanting';
  }

  opened(): void {
    this.#want();
  }

  frame(payload: Uint8Array): void {
    const { room, rate } = this.#deps;
    if (!rate.take()) throw new Fault('rate_limited', 'too many states and messages');
    const message = decodeRoomUp(payload);
    if (message.t === 'state') room.show(this, message.state);
    else room.publish(this, message.data);
  }

  /** All who are here: the deltas go on from it. */
  list(payload: Uint8Array): void {
    this.#state = 'current';
    this.#send(payload);
  }

  delta(payload: Uint8Array): void {
    if (this.#state === 'current') this.#send(payload);
  }

  message(payload: Uint8Array): void {
    if (this.#state === 'behind') this.#missed++;
    else if (this.#state !== 'entering' && !this.#send(payload)) this.#missed++;
  }

  drained(): void {
    if (this.#missed > 0) {
      if (!this.#send(encodeRoom({ t: 'missed', count: this.#missed }))) return;
      this.#missed = 0;
    }
    this.#want();
  }

  end(fault: Fault): void {
    this.closed();
    this.#deps.channel.close(fault);
  }

  closed(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#offViewer();
    this.#deps.room.leave(this);
    this.#deps.release();
  }

  #want(): void {
    if (this.#state === 'closed') return;
    this.#state = 'wanting';
    this.#deps.room.plan();
  }

  #send(payload: Uint8Array): boolean {
    const sent = this.#deps.channel.send(payload, 'docs');
    if (!sent) this.#state = 'behind';
    return sent;
  }
}
