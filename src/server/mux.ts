/**
 * The channel table of one connection: opens channels by name through the plugins, carries their binary
 * frames, and ends them. A channel number is the client's choice and is free again after `closed`.
 *
 *   (free) --open--> opening --handler ready--> open --close by either side--> (free)
 *                       '--refused-----------------------------------------> (free)
 */

import type { Env } from '../base/env.ts';
import { Fault, toFault } from '../base/fault.ts';
import type { Json } from '../base/json.ts';
import type { Parcel } from '../base/parcel.ts';
import type { Channel, ChannelHandler, ChannelHost, LatestSlot } from '../plugin/channel.ts';
import type { Session } from '../plugin/session.ts';
import { decodeFrame, writeHeadBefore } from '../protocol/frame.ts';
import type { ServerMessage } from '../protocol/server-message.ts';
import type { ChannelFrames } from './channel-frames.ts';
import { type Outbox, Slot } from './outbox.ts';

interface MuxDeps {
  readonly env: Env;
  readonly session: Session;
  readonly outbox: Outbox;
  readonly frames: ChannelFrames;
  readonly hosts: ReadonlyMap<string, ChannelHost>;
  readonly maxChannels: number;
  readonly send: (message: ServerMessage) => void;
}

export class Mux {
  readonly #deps: MuxDeps;
  readonly #channels = new Map<number, OpenChannel>();
  /** Whose frame came last: most clients have one channel that talks. */
  #talking: OpenChannel | undefined;

  constructor(deps: MuxDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#channels.size;
  }

  /** Throws `bad_message` when the number is taken: a client that does that has lost count. */
  open(ch: number, kind: string, params: Json): void {
    const { hosts, maxChannels, send, env } = this.#deps;
    if (this.#channels.has(ch)) throw new Fault('bad_message', `channel ${ch} is open already`);
    const host = hosts.get(kind);
    const refuse = (fault: Fault) => send({ t: 'closed', ch, code: fault.code, message: fault.message });
    if (!host) return refuse(new Fault('not_found', `no channels of kind ${JSON.stringify(kind)}`));
    if (this.#channels.size >= maxChannels)
      return refuse(new Fault('overloaded', `more than ${maxChannels} channels`));

    const channel = new OpenChannel(ch, this.#deps, () => this.#gone(ch));
    this.#channels.set(ch, channel);
    host(channel, params).then(
      (handler) => channel.ready(handler),
      (error) => {
        if (!(error instanceof Fault)) env.log.error('channel.open_failed', { kind, error: String(error) });
        channel.close(toFault(error));
      },
    );
  }

  /** The client's own close. A number that is free already is no fault: the two closes may cross. */
  close(ch: number): void {
    this.#channels.get(ch)?.end();
  }

  /** Frames for channels that are gone are dropped: they were under way when the channel closed. */
  frame(bytes: Uint8Array): void {
    const { channel, payload } = decodeFrame(bytes);
    if (this.#talking?.number !== channel) this.#talking = this.#channels.get(channel);
    this.#talking?.frame(payload);
  }

  drained(): void {
    for (const channel of [...this.#channels.values()]) channel.drained();
  }

  /** The connection is gone. */
  end(): void {
    for (const channel of [...this.#channels.values()]) channel.end();
  }

  #gone(ch: number): void {
    this.#channels.delete(ch);
    this.#talking = undefined;
  }
}

/** The latest payload of a channel: one object, for a shard asks and fills it for each player in each frame. */
class LatestPayload extends Slot implements LatestSlot {
  readonly #ch: number;
  readonly #outbox: Outbox;
  #ended = false;

  constructor(ch: number, outbox: Outbox) {
    super();
    this.#ch = ch;
    this.#outbox = outbox;
  }

  put({ bytes, from, to }: Parcel, tag: number): void {
    if (this.#ended) return;
    this.bytes = bytes;
    this.from = writeHeadBefore(bytes, from, this.#ch);
    this.to = to;
    this.#outbox.put(this, tag);
  }

  end(): void {
    this.#ended = true;
    this.#outbox.drop(this);
  }
}

class OpenChannel implements Channel {
  readonly latest: LatestPayload;
  readonly number: number;
  readonly #deps: MuxDeps;
  readonly #gone: () => void;
  #handler: ChannelHandler | undefined;
  #refused = false;
  #ended = false;

  constructor(ch: number, deps: MuxDeps, gone: () => void) {
    this.number = ch;
    this.#deps = deps;
    this.#gone = gone;
    this.latest = new LatestPayload(ch, deps.outbox);
  }

  get session(): Session {
    return this.#deps.session;
  }

  send(payload: Uint8Array, lane: 'docs' | 'shard'): boolean {
    if (this.#ended) return true;
    const sent = this.#deps.outbox.send(lane, this.#deps.frames.of(this.number, payload));
    if (!sent) this.#refused = true;
    return sent;
  }

  close(fault: Fault): void {
    if (this.#ended) return;
    this.#deps.send({ t: 'closed', ch: this.number, code: fault.code, message: fault.message });
    this.end();
  }

  ready(handler: ChannelHandler): void {
    if (this.#ended) return handler.closed(); // the client left while the host was busy
    this.#handler = handler;
    this.#deps.send({ t: 'opened', ch: this.number, info: handler.info });
    this.#guard(() => handler.opened?.());
  }

  frame(payload: Uint8Array): void {
    try {
      // A client waits for `opened`; what comes sooner was meant for the number's last owner.
      this.#handler?.frame(payload);
    } catch (error) {
      this.#failed(error);
    }
  }

  drained(): void {
    if (!this.#refused) return;
    this.#refused = false;
    this.#guard(() => this.#handler?.drained?.());
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.latest.end();
    this.#gone();
    this.#guard(() => this.#handler?.closed());
  }

  /** A channel that throws ends alone. [N1] */
  #guard(task: () => void): void {
    try {
      task();
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    if (!(error instanceof Fault)) {
      this.#deps.env.log.error('channel.failed', { error: String(error), stack: (error as Error).stack });
    }
    this.close(toFault(error));
  }
}
