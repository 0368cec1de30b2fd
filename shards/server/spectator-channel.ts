/**
 * A spectator's channel beside the shard that he looks at, in the thread of the shard: he has no seat and no entity,
 * and what he may say is that he leaves, or that his copy differs. [T14]
 */
import { Reader } from '../../src/base/bytes.ts';
import { Fault } from '../../src/base/fault.ts';
import type { Json } from '../../src/base/json.ts';
import type { Channel } from '../../src/plugin/channel.ts';
import { decodeResync, KIND } from '../core/frames.ts';
import type { Gallery } from './gallery.ts';
import { infoOf } from './player-channel.ts';
import type { Shard } from './shard.ts';
import type { PlayerHandler } from './shard-host.ts';

export class SpectatorChannel implements PlayerHandler {
  readonly info: Json;
  readonly entity = 0;
  readonly player = undefined;
  readonly #channel: Channel;
  readonly #gallery: Gallery;

  /** Throws Fault `unsupported` where nobody may look, `overloaded`, `unavailable`. */
  constructor(channel: Channel, shard: Shard) {
    if (!shard.running) throw new Fault('unavailable', 'the shard has stopped');
    if (!shard.gallery) throw new Fault('unsupported', `${shard.def.name} has no spectators`);
    this.#channel = channel;
    this.#gallery = shard.gallery;
    this.#gallery.admit(channel);
    this.info = { ...infoOf(shard, 0), spectates: true };
  }

  opened(): void {
    this.#gallery.opened(this.#channel);
  }

  frame(payload: Uint8Array): void {
    const reader = new Reader(payload);
    const kind = reader.u8();
    if (kind === KIND.leave) return this.closed();
    if (kind !== KIND.resync) throw new Fault('bad_message', 'a spectator does nothing');
    decodeResync(reader);
    this.#gallery.resync(this.#channel);
  }

  /** The socket has taken a frame; the next one leaves when it is due. */
  ready(): void {}

  closed(): void {
    this.#gallery.leave(this.#channel);
  }

  identify(): void {}

  evict(): void {
    this.closed();
  }
}
