/** A player whose shard is in a worker thread: his channel here, his seat there. Made by thread-shard.ts. */
import { type Deferred, deferred } from '../../src/base/deferred.ts';
import type { Fault } from '../../src/base/fault.ts';
import type { Json } from '../../src/base/json.ts';
import { parcelBehindRoom } from '../../src/base/parcel.ts';
import type { Channel } from '../../src/plugin/channel.ts';
import type { Session } from '../../src/plugin/session.ts';
import type { PlayerHandler } from './shard-host.ts';
import type { ThreadLink } from './thread-link.ts';
import { type ToThread, viewerJson } from './thread-message.ts';

interface Deps {
  readonly link: ThreadLink;
  say(message: ToThread): void;
  inputDropped(): void;
  gone(): void;
}

export class ThreadPlayer implements PlayerHandler {
  info: Json = null;
  entity = 0;
  readonly channel: number;
  readonly #channel: Channel;
  readonly #deps: Deps;
  readonly #seat: Deferred<PlayerHandler> = deferred();
  #putTag = -1;
  #ended = false;

  constructor(number: number, channel: Channel, deps: Deps) {
    this.channel = number;
    this.#channel = channel;
    this.#deps = deps;
  }

  /** Settles when the thread has given him a seat, or has not. */
  get seat(): Promise<PlayerHandler> {
    return this.#seat.promise;
  }

  joined(info: Json, entity: number): void {
    this.info = info;
    this.entity = entity;
    this.#seat.resolve(this);
  }

  opened(): void {
    this.#say({ t: 'opened', channel: this.channel });
  }

  frame(payload: Uint8Array): void {
    if (this.#ended) return;
    if (this.#deps.link.full) return this.#deps.inputDropped();
    this.#deps.link.payload(this.channel, payload);
  }

  /** The connection is gone, or the channel was closed. */
  closed(): void {
    this.#say({ t: 'closed', channel: this.channel });
    this.#end();
  }

  identify(viewer: Session['viewer']): void {
    this.#say({ t: 'identify', channel: this.channel, viewer: viewerJson(viewer) });
  }

  evict(): void {
    this.#say({ t: 'evict', channel: this.channel });
  }

  /** False when his lane is full: the payload was dropped. */
  send(payload: Uint8Array): boolean {
    return this.#channel.send(payload, 'shard');
  }

  /** A frame behind its room. */
  put(tag: number, bytes: Uint8Array): void {
    this.#putTag = tag;
    this.#channel.latest.put(parcelBehindRoom(bytes), tag);
  }

  /** The tag of his last frame, when the socket has taken it. */
  get sentTag(): number | undefined {
    return this.#channel.latest.sentTag === this.#putTag ? this.#putTag : undefined;
  }

  /** The thread has refused or closed him, or is no more. */
  closedBy(fault: Fault): void {
    this.#end();
    this.#seat.reject(fault);
    this.#channel.close(fault);
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#deps.gone();
  }

  #say(message: ToThread): void {
    if (!this.#ended) this.#deps.say(message);
  }
}
