/**
 * The channels of one engine over whatever connection there is. Each connection numbers them anew, from 1
 * upwards and never twice, so a late frame of an ended channel can only be dropped, never misrouted.
 *
 *   waiting --connected--> opening --opened--> open      opening, open --lost--> waiting
 *   any --close(), `closed` from the server, end of the engine--> closed (terminal)
 */
import type { Env } from '../base/env.ts';
import { Fault, toFault } from '../base/fault.ts';
import type { Json } from '../base/json.ts';
import type { ClientMessage } from '../protocol/client-message.ts';
import { decodeFrame, encodeFrame } from '../protocol/frame.ts';
import { DEFAULT_LIMITS } from '../protocol/limits.ts';
import type { ChannelEvents, Channels, ClientChannel } from './channel.ts';
import type { Traffic } from './traffic.ts';

/** The connection as the mux uses it; both answer false when it is gone. */
export interface MuxWire {
  send(message: ClientMessage): boolean;
  sendRaw(data: Uint8Array): boolean;
}

type State =
  | { name: 'waiting' }
  | { name: 'opening'; ch: number }
  | { name: 'open'; ch: number }
  | { name: 'closed' };

interface Entry {
  readonly kind: string;
  readonly params: Json | (() => Json);
  readonly events: ChannelEvents;
  state: State;
}

export class Mux implements Channels {
  readonly #env: Env;
  readonly #wire: MuxWire;
  readonly #traffic: Traffic;
  /** All that are not closed, in order of their making. */
  readonly #entries = new Set<Entry>();
  readonly #byNumber = new Map<number, Entry>();
  #lastNumber = 0;
  #maxBytes = DEFAULT_LIMITS.binaryBytes;
  #life: 'offline' | 'online' | 'ended' = 'offline';

  constructor(env: Env, wire: MuxWire, traffic: Traffic) {
    this.#env = env;
    this.#wire = wire;
    this.#traffic = traffic;
  }

  open(kind: string, params: Json | (() => Json), events: ChannelEvents): ClientChannel {
    if (this.#life === 'ended') throw new Fault('unavailable', 'the engine is closed');
    const entry: Entry = { kind, params, events, state: { name: 'waiting' } };
    this.#entries.add(entry);
    if (this.#life === 'online') this.#request(entry);
    return {
      send: (payload) => this.#send(entry, payload),
      close: () => this.#closeByUser(entry),
    };
  }

  /** A connection is ready: all channels open again, under new numbers. */
  connected(maxBytes: number): void {
    this.#life = 'online';
    this.#maxBytes = maxBytes;
    this.#lastNumber = 0;
    for (const entry of [...this.#entries]) this.#request(entry);
  }

  lost(): void {
    if (this.#life === 'online') this.#life = 'offline';
    this.#byNumber.clear();
    for (const entry of [...this.#entries]) {
      const wasOpen = entry.state.name === 'open';
      if (entry.state.name !== 'closed') entry.state = { name: 'waiting' };
      if (wasOpen) this.#guard(entry, () => entry.events.lost());
    }
  }

  opened(ch: number, info: Json): void {
    const entry = this.#byNumber.get(ch);
    if (entry?.state.name !== 'opening') return;
    entry.state = { name: 'open', ch };
    this.#guard(entry, () => entry.events.opened(info));
  }

  /** The server refused or ended a channel. */
  closed(ch: number, fault: Fault): void {
    const entry = this.#byNumber.get(ch);
    if (entry) this.#finish(entry, fault);
  }

  /** Throws `bad_message` when the envelope is broken. */
  frame(bytes: Uint8Array): void {
    const { channel, payload } = decodeFrame(bytes);
    const entry = this.#byNumber.get(channel);
    if (entry?.state.name !== 'open') {
      this.#traffic.framesDropped++;
      return;
    }
    this.#guard(entry, () => entry.events.frame(payload));
  }

  /** Ends every channel, on both sides. [S8] */
  closeAll(fault: Fault): void {
    for (const entry of [...this.#entries]) {
      if ('ch' in entry.state) this.#wire.send({ t: 'close', ch: entry.state.ch });
      this.#finish(entry, fault);
    }
  }

  close(fault: Fault): void {
    if (this.#life === 'ended') return;
    this.#life = 'ended';
    this.closeAll(fault);
  }

  #request(entry: Entry): void {
    this.#guard(entry, () => {
      const params = typeof entry.params === 'function' ? entry.params() : entry.params;
      const ch = ++this.#lastNumber;
      entry.state = { name: 'opening', ch };
      this.#byNumber.set(ch, entry);
      this.#wire.send({ t: 'open', ch, kind: entry.kind, params });
    });
  }

  #send(entry: Entry, payload: Uint8Array): boolean {
    if (entry.state.name !== 'open') return false;
    const frame = encodeFrame(entry.state.ch, payload);
    if (frame.length > this.#maxBytes) throw new Fault('too_large', `frame of ${frame.length} bytes`);
    return this.#wire.sendRaw(frame);
  }

  #closeByUser(entry: Entry): void {
    if ('ch' in entry.state) this.#wire.send({ t: 'close', ch: entry.state.ch });
    this.#forget(entry);
  }

  #finish(entry: Entry, fault: Fault): void {
    if (entry.state.name === 'closed') return;
    this.#forget(entry);
    try {
      entry.events.closed(fault);
    } catch (error) {
      this.#env.log.error('client.channel', { kind: entry.kind, error });
    }
  }

  #forget(entry: Entry): void {
    if ('ch' in entry.state) this.#byNumber.delete(entry.state.ch);
    this.#entries.delete(entry);
    entry.state = { name: 'closed' };
  }

  /** What a channel's own code throws ends that channel alone. */
  #guard(entry: Entry, task: () => void): void {
    try {
      task();
    } catch (error) {
      this.#env.log.error('client.channel', { kind: entry.kind, error });
      if ('ch' in entry.state) this.#wire.send({ t: 'close', ch: entry.state.ch });
      this.#finish(entry, toFault(error));
    }
  }
}
