/**
 * A client's `open` of kind `shard`, on the main thread: parse, authorize, find the shard, take a seat there.
 * [P4] Asked again whenever the viewer changes; who may not stay, or is somebody else, loses the channel.
 */
import type { Log } from '../../src/base/env.ts';
import { Fault, isFault, toFault } from '../../src/base/fault.ts';
import type { Json } from '../../src/base/json.ts';
import { parseShape, s } from '../../src/base/shape.ts';
import type { Channel, ChannelHandler } from '../../src/plugin/channel.ts';
import type { Session } from '../../src/plugin/session.ts';
import type { AnyShardDef } from '../core/define-shard.ts';
import type { Directory } from './directory.ts';
import type { Lasting } from './lasting.ts';
import type { HostedShard, PlayerHandler } from './shard-host.ts';

const openParams = s.object({ shard: s.string(64), id: s.string(64), params: s.optional(s.json()) });

/** Opens one channel. Throws Fault `not_found`, `forbidden`, `invalid`, `overloaded`, `unavailable`. */
export async function openShardChannel(
  channel: Channel,
  raw: Json,
  deps: { directory: Directory; defs: ReadonlyMap<string, AnyShardDef>; lasting: Lasting; log: Log },
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
  const player = await shard.join(channel);
  deps.lasting.seated(shard);
  return new ShardChannel(channel, { shard, player, log: deps.log }, viewer);
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
  readonly #channel: Channel;
  readonly #shard: HostedShard;
  readonly #player: PlayerHandler;
  readonly #log: Log;
  readonly #userId: string | null;
  readonly #stopListening: () => void;
  #closed = false;

  /** `viewer` is who was let in; he may be another by now. */
  constructor(
    channel: Channel,
    deps: { shard: HostedShard; player: PlayerHandler; log: Log },
    viewer: Session['viewer'],
  ) {
    this.#channel = channel;
    this.#shard = deps.shard;
    this.#player = deps.player;
    this.#log = deps.log;
    this.#userId = viewer.userId;
    this.#stopListening = channel.session.onViewer(() => void this.#reauthorize());
    if (!sameViewer(channel.session.viewer, viewer)) void this.#reauthorize();
  }

  get info(): Json {
    return this.#player.info;
  }

  opened(): void {
    this.#player.opened?.();
  }

  frame(payload: Uint8Array): void {
    this.#player.frame(payload);
  }

  closed(): void {
    this.#closed = true;
    this.#stopListening();
    this.#player.closed();
  }

  async #reauthorize(): Promise<void> {
    const { viewer } = this.#channel.session;
    try {
      if (viewer.userId !== this.#userId) throw new Fault('unauthorized', 'the identity changed, join again');
      await authorize(this.#shard.def, this.#channel, this.#shard);
      if (sameViewer(this.#channel.session.viewer, viewer)) this.#player.identify(viewer);
    } catch (error) {
      if (!isFault(error)) this.#log.error('shard.authorize', { shard: this.#shard.def.name, error });
      if (this.#closed) return;
      this.#player.evict();
      this.#channel.close(toFault(error));
    }
  }
}

/** Roles may change while `authorize` is under way; then its answer is void. */
function sameViewer(a: Session['viewer'], b: Session['viewer']): boolean {
  return a.userId === b.userId && a.kind === b.kind && a.roles.join() === b.roles.join();
}
