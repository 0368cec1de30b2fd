/**
 * A player's channel beside his shard, in the thread of the shard: takes his seat, reads his frames. Who may
 * join was decided before, by shard-channel.ts on the main thread.
 */
import { Reader } from '../../src/base/bytes.ts';
import { Fault, isFault } from '../../src/base/fault.ts';
import type { Json, JsonObject } from '../../src/base/json.ts';
import { parseShape, s } from '../../src/base/shape.ts';
import type { Channel } from '../../src/plugin/channel.ts';
import type { Session } from '../../src/plugin/session.ts';
import { decodeResync, KIND } from '../core/frames.ts';
import type { Player } from '../core/player.ts';
import type { Seat } from './seat.ts';
import type { Shard } from './shard.ts';
import type { Entry, PlayerHandler } from './shard-host.ts';

export class PlayerChannel implements PlayerHandler {
  readonly info: Json;
  readonly #channel: Channel;
  readonly #shard: Shard;
  readonly #seat: Seat;

  /** Throws Fault `overloaded`, `unavailable`, `forbidden`, or what the definition's `join` refuses with. */
  constructor(channel: Channel, shard: Shard, entry?: Entry) {
    this.#channel = channel;
    this.#shard = shard;
    this.#seat = shard.seat(channel, entry);
    this.info = infoOf(shard, this.#seat.entityId);
  }

  get entity(): number {
    return this.#seat.entityId;
  }

  get player(): Player {
    return this.#seat;
  }

  opened(): void {
    if (this.#seated) this.#shard.play(this.#seat);
  }

  frame(payload: Uint8Array): void {
    if (!this.#seated) return;
    // Nearly all frames are inputs, so no reader is made for them.
    if (payload[0] === KIND.input) this.#seat.input(payload, this.#shard.world.tick);
    else this.#take(new Reader(payload));
    this.#shard.heard(this.#seat);
  }

  /** His channel takes another frame. */
  ready(): void {
    if (this.#seated) this.#shard.heard(this.#seat);
  }

  closed(): void {
    if (this.#seated) this.#shard.vacate(this.#seat);
  }

  identify(viewer: Session['viewer']): void {
    if (this.#seated) this.#shard.identify(this.#seat, viewer);
  }

  evict(): void {
    if (this.#seated) this.#shard.leave(this.#seat);
  }

  /** False once another channel has taken the seat over, or it was given up. */
  get #seated(): boolean {
    return this.#seat.channel === this.#channel;
  }

  #take(reader: Reader): void {
    const kind = reader.u8();
    switch (kind) {
      case KIND.message:
        return this.#message(reader.rest());
      case KIND.resync:
        return this.#shard.resync(this.#seat, decodeResync(reader));
      case KIND.leave:
        reader.end();
        return this.#shard.leave(this.#seat);
      default:
        throw new Fault('bad_message', `no shard frame begins with 0x${kind.toString(16)}`);
    }
  }

  #message(bytes: Uint8Array): void {
    if (!this.#seat.mayMessage()) return;
    if (bytes.length > this.#shard.def.limits.messageBytes) return this.#seat.reject(0, 'too_large');
    try {
      this.#seat.messages.push(this.#shard.readMessage(bytes.slice())); // the payload is ours during the call alone
    } catch (error) {
      if (isFault(error, 'invalid')) return this.#seat.reject(0, 'invalid');
      throw error;
    }
  }
}

/** The answer to `open`. */
export function infoOf({ def, id, world, params, stepSeed }: Shard, entity: number): JsonObject {
  return {
    shard: id,
    entity,
    tickRate: def.tickRate,
    snapshotEvery: def.snapshotEvery,
    tick: world.tick,
    params: jsonOf(params),
    seed: stepSeed,
    hash: def.hash,
  };
}

/** Params came as JSON and were parsed from it; what a shape made of them is sent as JSON again. */
function jsonOf(params: unknown): Json {
  return parseShape(s.json(), params ?? {}, 'params');
}
