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
import type { AnyShardDef, JoinContext } from '../core/define-shard.ts';
import { type Destination, encodeTransfer } from '../core/frames.ts';
import type { Directory } from './directory.ts';
import type { Lasting } from './lasting.ts';
import type { Entry, HostedShard, PlayerHandler } from './shard-host.ts';
import { MAX_TICKET_CHARS } from './ticket.ts';
import type { TicketBook } from './ticket-book.ts';
import type { Transfers, Traveller } from './transfers.ts';

const openParams = s.object({
  shard: s.string(64),
  id: s.string(64),
  params: s.optional(s.json()),
  ticket: s.optional(s.string(MAX_TICKET_CHARS)),
  spectate: s.optional(s.bool()),
});

interface Deps {
  readonly directory: Directory;
  readonly defs: ReadonlyMap<string, AnyShardDef>;
  readonly tickets: TicketBook;
  readonly lasting: Lasting;
  readonly transfers: Transfers;
  readonly log: Log;
}

/** What `authorize` is asked about. */
interface Asked {
  readonly id: string;
  readonly params: unknown;
  readonly spectates: boolean;
  readonly ticket: JoinContext['ticket'];
}

/**
 * Opens one channel. Throws Fault `not_found`, `forbidden`, `invalid`, `overloaded`, `unavailable`. A ticket is spent
 * by a join that succeeds, and by no other; one to look is not spent, and good until it is over. [T10]
 */
export async function openShardChannel(channel: Channel, raw: Json, deps: Deps): Promise<ChannelHandler> {
  const { ticket: text, ...wish } = parseShape(openParams, raw, 'open', 'bad_message');
  const { shard: name, id, params } = wish;
  const def = deps.defs.get(name);
  if (!def) throw new Fault('not_found', `no kind of shard ${name}`);
  const { viewer } = channel.session;
  const brought =
    text === undefined ? undefined : deps.tickets.read(text, { def, id, userId: viewer.userId });
  const ticket = brought ? { role: brought.claims.role, data: brought.claims.data } : null;
  const spectates = ticket ? ticket.role === 'spectator' : wish.spectate === true;
  let known: HostedShard | undefined;
  let asked: Asked;
  // Meanwhile another one may have begun under this id, with params that were not asked about.
  do {
    known = deps.directory.running(def, id);
    const wished = known ? known.params : parseShape(def.params, params ?? {}, 'params');
    asked = { id, params: wished, spectates, ticket };
    await authorize(def, channel, asked);
  } while (deps.directory.running(def, id) !== known);
  if (!sameViewer(channel.session.viewer, viewer))
    throw new Fault('unauthorized', 'the identity changed, join again');
  const needed = brought !== undefined || def.tickets === 'required';
  if (spectates && needed && !brought?.fresh) throw new Fault('forbidden', 'a ticket is needed');
  const spending = brought?.fresh && !spectates ? deps.tickets.spend(brought.claims) : undefined;
  const entry: Entry = { returning: needed && !spending && !spectates, spectates, ticket: ticket?.data };
  let player: PlayerHandler | undefined;
  try {
    const shard = known ?? deps.directory.createForJoin(def, id, asked.params);
    player = await shard.join(channel, entry);
    await spending?.keep();
    const { log, transfers } = deps;
    deps.lasting.seated(shard);
    return new ShardChannel(
      channel,
      { shard, player, asked, arrived: transfers.taken(text), transfers, log },
      viewer,
    );
  } catch (error) {
    player?.evict();
    spending?.giveBack();
    throw error;
  }
}

async function authorize(def: AnyShardDef, channel: Channel, asked: Asked): Promise<void> {
  const auth = channel.session.viewer;
  const allowed = await def.authorize(
    { auth, shardId: asked.id, spectates: asked.spectates, ticket: asked.ticket },
    asked.params,
  );
  if (allowed !== true) throw new Fault('forbidden', `${def.name}/${asked.id} may not be joined`);
}

interface Seated {
  readonly shard: HostedShard;
  readonly player: PlayerHandler;
  readonly asked: Asked;
  /** Gives up the seat that he came from. */
  readonly arrived: (() => void) | undefined;
  readonly transfers: Transfers;
  readonly log: Log;
}

class ShardChannel implements ChannelHandler, Traveller {
  readonly #channel: Channel;
  readonly shard: HostedShard;
  readonly #player: PlayerHandler;
  readonly #asked: Asked;
  readonly #log: Log;
  readonly userId: string | null;
  readonly #transfers: Transfers;
  #arrived: (() => void) | undefined;
  readonly #stopListening: () => void;
  #closed = false;

  /** `viewer` is who was let in; he may be another by now. */
  constructor(channel: Channel, deps: Seated, viewer: Session['viewer']) {
    this.#channel = channel;
    this.shard = deps.shard;
    this.#player = deps.player;
    this.#asked = deps.asked;
    this.#log = deps.log;
    this.userId = viewer.userId;
    this.#arrived = deps.arrived;
    this.#transfers = deps.transfers;
    this.#transfers.came(this);
    this.#stopListening = channel.session.onViewer(() => void this.#reauthorize());
    if (!sameViewer(channel.session.viewer, viewer)) void this.#reauthorize();
  }

  get info(): Json {
    return this.#player.info;
  }

  get entity(): number {
    return this.#player.entity;
  }

  opened(): void {
    this.#player.opened?.();
    this.#arrive();
  }

  tell(to: Destination): boolean {
    return this.#channel.send(encodeTransfer(to), 'shard');
  }

  gone(): void {
    if (this.#closed) return;
    this.#player.evict();
    this.#channel.close(new Fault('conflict', 'plays in another shard now'));
  }

  frame(payload: Uint8Array): void {
    this.#player.frame(payload);
  }

  closed(): void {
    this.#closed = true;
    this.#stopListening();
    this.#transfers.went(this);
    this.#arrive();
    this.#player.closed();
  }

  #arrive(): void {
    const arrived = this.#arrived;
    this.#arrived = undefined;
    arrived?.();
  }

  async #reauthorize(): Promise<void> {
    const { viewer } = this.#channel.session;
    try {
      if (viewer.userId !== this.userId) throw new Fault('unauthorized', 'the identity changed, join again');
      await authorize(this.shard.def, this.#channel, this.#asked);
      if (sameViewer(this.#channel.session.viewer, viewer)) this.#player.identify(viewer);
    } catch (error) {
      if (!isFault(error)) this.#log.error('shard.authorize', { shard: this.shard.def.name, error });
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
