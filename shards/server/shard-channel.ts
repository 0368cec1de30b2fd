/**
 * A client's `open` of kind `shard`: parse, authorize, find the shard, take a seat; then its frames.
 * [P4] Asked again whenever the viewer changes; who may not stay, or is somebody else, loses the channel.
 */
import { Reader } from '../../src/base/bytes.ts';
import type { Log } from '../../src/base/env.ts';
import { Fault, isFault, toFault } from '../../src/base/fault.ts';
import type { Json } from '../../src/base/json.ts';
import { parseShape, s } from '../../src/base/shape.ts';
import type { Channel, ChannelHandler } from '../../src/plugin/channel.ts';
import type { Session } from '../../src/plugin/session.ts';
import type { AnyShardDef } from '../core/define-shard.ts';
import { decodeResync, KIND } from '../core/frames.ts';
import type { Directory } from './directory.ts';
import type { Seat } from './seat.ts';
import type { Shard } from './shard.ts';

const openParams = s.object({ shard: s.string(64), id: s.string(64), params: s.optional(s.json()) });

/** Opens one channel. Throws Fault `not_found`, `forbidden`, `invalid`, `overloaded`, `unavailable`. */
export async function openShardChannel(
  channel: Channel,
  raw: Json,
  deps: { directory: Directory; defs: ReadonlyMap<string, AnyShardDef>; log: Log },
): Promise<ChannelHandler> {
  const { shard: name, id, params } = parseShape(openParams, raw, 'open', 'bad_message');
  const def = deps.defs.get(name);
  if (!def) throw new Fault('not_found', `no kind of shard ${name}`);
  const known = deps.directory.running(def, id);
  const asked = known ? known.params : parseShape(def.params, params ?? {}, 'params');
  const { viewer } = channel.session;
  await authorize(def, channel, { id, params: asked });
  if (!sameViewer(channel.session.viewer, viewer))
    throw new Fault('unauthorized', 'the identity changed, join again');
  const shard = deps.directory.running(def, id) ?? deps.directory.createForJoin(def, id, asked);
  return new ShardChannel(channel, shard, deps.log);
}

async function authorize(
  def: AnyShardDef,
  channel: Channel,
  asked: { id: string; params: unknown },
): Promise<void> {
  const auth = channel.session.viewer;
  const allowed = await def.authorize({ auth, shardId: asked.id }, asked.params);
  if (allowed !== true) throw new Fault('forbidden', `${def.name}/${asked.id} may not be joined`);
}

class ShardChannel implements ChannelHandler {
  readonly info: Json;
  readonly #channel: Channel;
  readonly #shard: Shard;
  readonly #seat: Seat;
  readonly #log: Log;
  readonly #stopListening: () => void;

  constructor(channel: Channel, shard: Shard, log: Log) {
    this.#log = log;
    this.#channel = channel;
    this.#shard = shard;
    this.#seat = shard.seat(channel);
    this.#stopListening = channel.session.onViewer(() => void this.#reauthorize());
    const { def } = shard;
    this.info = {
      shard: shard.id,
      entity: this.#seat.entityId,
      tickRate: def.tickRate,
      snapshotEvery: def.snapshotEvery,
      tick: shard.world.tick,
      params: jsonOf(shard.params),
      seed: shard.stepSeed,
      hash: def.hash,
    };
  }

  opened(): void {
    if (this.#seated) this.#shard.play(this.#seat);
  }

  frame(payload: Uint8Array): void {
    if (!this.#seated) return;
    const reader = new Reader(payload);
    const kind = reader.u8();
    switch (kind) {
      case KIND.input:
        return this.#seat.input(reader, this.#shard.world.tick);
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

  closed(): void {
    this.#stopListening();
    if (this.#seated) this.#shard.vacate(this.#seat);
  }

  /** False once another channel has taken the seat over, or it was given up. */
  get #seated(): boolean {
    return this.#seat.channel === this.#channel;
  }

  #message(bytes: Uint8Array): void {
    if (!this.#seat.mayMessage()) return;
    if (bytes.length > this.#shard.def.limits.messageBytes) return this.#seat.reject(0, 'too_large');
    const { messages } = this.#shard.def;
    const value = this.#shard.codec.decode(bytes);
    if (!messages) return this.#seat.reject(0, 'invalid');
    let message: unknown;
    try {
      message = parseShape(messages, value, 'message');
    } catch (error) {
      if (isFault(error)) return this.#seat.reject(0, 'invalid');
      throw error;
    }
    this.#seat.messages.push(message);
  }

  async #reauthorize(): Promise<void> {
    const { viewer } = this.#channel.session;
    try {
      if (viewer.userId !== this.#seat.userId)
        throw new Fault('unauthorized', 'the identity changed, join again');
      await authorize(this.#shard.def, this.#channel, this.#shard);
      if (sameViewer(this.#channel.session.viewer, viewer)) this.#seat.identify(viewer);
    } catch (error) {
      if (!isFault(error)) this.#log.error('shard.authorize', { shard: this.#shard.def.name, error });
      if (!this.#seated) return;
      this.#shard.leave(this.#seat);
      this.#channel.close(toFault(error));
    }
  }
}

/** Roles may change while `authorize` is under way; then its answer is void. */
function sameViewer(a: Session['viewer'], b: Session['viewer']): boolean {
  return a.userId === b.userId && a.kind === b.kind && a.roles.join() === b.roles.join();
}

/** Params came as JSON and were parsed from it; what a shape made of them is sent as JSON again. */
function jsonOf(params: unknown): Json {
  return parseShape(s.json(), params ?? {}, 'params');
}
