/**
 * `joinShard`: the channel's side of a ShardHandle. It owns the state and the app's subscriptions, which
 * outlive connections; everything that belongs to one stay is behind
 * stay.ts.
 */
import { backoffMs } from '../../src/base/backoff.ts';
import { Reader } from '../../src/base/bytes.ts';
import { CODES } from '../../src/base/codes.ts';
import { Emitter } from '../../src/base/emitter.ts';
import type { Cancel } from '../../src/base/env.ts';
import { Fault, toFault } from '../../src/base/fault.ts';
import type { Json } from '../../src/base/json.ts';
import { parseShape, s } from '../../src/base/shape.ts';
import type { ClientChannel, EngineHost } from '../../src/client/channel.ts';
import type { Components, Values } from '../core/component.ts';
import type { AnyShardDef } from '../core/define-shard.ts';
import {
  type Destination,
  decodeEvents,
  decodeReject,
  decodeSpawned,
  decodeTransfer,
  encodeLeave,
  encodeMessage,
  KIND,
  type Reject,
} from '../core/frames.ts';
import { MessageCodec } from '../core/message-codec.ts';
import type { Row } from '../core/record-type.ts';
import { browserPacker } from './browser-packer.ts';
import { EventPlay } from './event-play.ts';
import type { JoinOptions, JoinPlace } from './join-options.ts';
import { findMatch, type MatchSearch } from './match.ts';
import { Play } from './play.ts';
import { type PlaySettings, resolvePlay } from './play-settings.ts';
import { RateMeter } from './rate-meter.ts';
import { type PastCounts, readClock, readStats } from './readings.ts';
import type { ShardClock, ShardHandle, ShardState, ShardStats } from './shard-handle.ts';
import { type Stay, shardInfo } from './stay.ts';

/** Joins at once, and again after every reconnect, until `leave`. Nothing is thrown: see `state`. */
export function joinShard<D extends AnyShardDef>(
  host: EngineHost,
  def: D,
  options: JoinOptions<D>,
): ShardHandle<D> {
  // The class works with any definition; what it gives out is what this one decodes.
  return new JoinedShard(host, def, options) as unknown as ShardHandle<D>;
}

const RETRY = { baseMs: 1000, capMs: 30_000 };
/** A stay of this length was a success: the next retry begins anew. */
const STABLE_MS = 5000;
/** Bytes of all events of one frame. */
const EVENTS_BYTES = 1 << 20;

const eventList = s.array(s.array(s.json(), 3));

interface Crossing {
  readonly place: JoinPlace<AnyShardDef>;
  readonly channel: ClientChannel;
}

class JoinedShard {
  readonly #host: EngineHost;
  readonly #def: AnyShardDef;
  readonly #settings: PlaySettings;
  readonly #messages: MessageCodec;
  readonly #events: MessageCodec;
  readonly #stopSession: Cancel;
  readonly #onState = new Emitter<[ShardState]>();
  readonly #onReject = new Emitter<[Reject, number]>();
  readonly #onFrame = new Emitter<[]>();
  readonly #onEvent = new Map<string, Emitter<[unknown, number]>>();
  readonly #onTransfer = new Emitter<[Destination]>();
  readonly #meter: RateMeter;
  readonly #search: MatchSearch | undefined;
  #state: ShardState = { name: 'joining' };
  /** Where he is or is about to be; undefined while a match is looked for. */
  #place: JoinPlace<AnyShardDef> | undefined;
  #channel: ClientChannel | undefined;
  /** Where he is going while he still is where he was. */
  #next: Crossing | undefined;
  /** The stay that runs, and the one that is drawn: the last that has had a frame. */
  #play: Stay | undefined;
  #drawn: Stay | undefined;
  #held: Partial<Values<Components>> = {};
  #userId: string | null = null;
  #openedMs = 0;
  #attempt = 0;
  readonly #past: PastCounts = { frames: 0, mispredictions: 0, rejected: 0, frameBytes: 0 };
  /** Clock and stats read through to the stay, so that a drawing loop may read them every frame. */
  readonly clock: ShardClock;
  readonly stats: ShardStats;

  constructor(host: EngineHost, def: AnyShardDef, options: JoinOptions<AnyShardDef>) {
    this.#host = host;
    this.#def = def;
    this.#settings = resolvePlay(options.play);
    const { messageBytes, messageDepth } = def.limits;
    this.#messages = new MessageCodec(browserPacker(), { maxBytes: messageBytes, maxDepth: messageDepth });
    this.#events = new MessageCodec(browserPacker(), { maxBytes: EVENTS_BYTES, maxDepth: messageDepth + 2 });
    this.#meter = new RateMeter(host.env.clock);
    this.clock = readClock(def.tickRate, () => this.#drawn);
    this.stats = readStats(this.#past, {
      meter: this.#meter,
      running: () => this.#play,
      drawn: () => this.#drawn,
    });
    this.#stopSession = host.onSession((session) => this.#identity(session.userId));
    if ('match' in options) {
      this.#search = findMatch(host, options.match);
      this.#search.found.then(
        (invitation) => this.#enter(invitation),
        (error) => this.#to({ name: 'closed', fault: toFault(error) }),
      );
    } else this.#enter(options);
  }

  get state(): ShardState {
    return this.#state;
  }

  get params(): unknown {
    return this.#play?.info.params;
  }

  get entities(): readonly Row<Components>[] {
    return this.#drawn?.entities ?? [];
  }

  get me(): Row<Components> | undefined {
    return this.#drawn?.me;
  }

  get rtt(): number {
    return this.#play?.rttMs ?? 0;
  }

  send(input: Partial<Values<Components>>): boolean {
    if (this.#def.eventDriven) return this.#play?.input(input) ?? false;
    Object.assign(this.#held, input);
    this.#play?.input(input);
    return true;
  }

  message(data: unknown): boolean {
    return this.#channel?.send(encodeMessage(this.#messages.encode(data))) ?? false;
  }

  onEvent(event: string, listener: (data: unknown, tick: number) => void): Cancel {
    const emitter = this.#onEvent.get(event) ?? new Emitter<[unknown, number]>();
    this.#onEvent.set(event, emitter);
    return emitter.on(listener);
  }

  onState(listener: (state: ShardState) => void): Cancel {
    return this.#onState.on(listener);
  }

  onReject(listener: (reject: Reject, inputTick: number) => void): Cancel {
    return this.#onReject.on(listener);
  }

  onTransfer(listener: (to: Destination) => void): Cancel {
    return this.#onTransfer.on(listener);
  }

  onFrame(listener: () => void, everyMs = 0): Cancel {
    const { clock } = this.#host.env;
    let toldMs = Number.NEGATIVE_INFINITY;
    return this.#onFrame.on(() => {
      if (clock.monotonic() - toldMs < everyMs) return;
      toldMs = clock.monotonic();
      listener();
    });
  }

  leave(): void {
    if (this.#state.name === 'left') return;
    this.#stopSession();
    this.#search?.cancel();
    this.#endPlay();
    this.#next?.channel.close();
    this.#channel?.send(encodeLeave());
    this.#channel?.close();
    this.#to({ name: 'left' });
  }

  #enter(place: JoinPlace<AnyShardDef>): void {
    if (this.#state.name === 'left') return;
    this.#place = place;
    this.#channel = this.#open(place);
  }

  #open({ id, params, ticket, spectate }: JoinPlace<AnyShardDef>): ClientChannel {
    const open: Json = { shard: this.#def.name, id, ...(ticket !== undefined && { ticket }) };
    if (spectate) open.spectate = true;
    if (params !== undefined) open.params = parseShape(s.json(), params, 'params');
    const channel: ClientChannel = this.#host.channels.open('shard', open, {
      opened: (info) => {
        if (channel === this.#next?.channel) this.#arrived(this.#next);
        this.#handled(channel, () => this.#opened(info));
      },
      frame: (payload) => this.#handled(channel, () => this.#frame(payload)),
      lost: () => {
        if (channel !== this.#channel) return;
        this.#endPlay();
        this.#to({ name: 'rejoining' });
      },
      closed: (fault) => {
        if (channel === this.#next?.channel) this.#next = undefined;
        if (channel === this.#channel) this.#closed(fault);
      },
    });
    return channel;
  }

  /** What goes wrong inside ends this channel and nothing else of the connection. */
  #handled(channel: ClientChannel, run: () => void): void {
    if (channel !== this.#channel) return;
    try {
      run();
    } catch (error) {
      this.#host.env.log.error('shard.broken', { shard: this.#def.name, id: this.#place?.id, error });
      channel.close();
      this.#endPlay();
      this.#to({ name: 'closed', fault: toFault(error) });
    }
  }

  #opened(raw: Json): void {
    const info = parseShape(shardInfo, raw, 'opened', 'bad_message');
    this.#endPlay();
    const channel = this.#channel!;
    const deps = {
      def: this.#def,
      settings: this.#settings,
      send: (payload: Uint8Array) => channel.send(payload),
      tell: (event: string, data: unknown, tick: number) => this.#onEvent.get(event)?.emit(data, tick),
      before: this.#drawn,
    };
    const play = this.#def.eventDriven
      ? new EventPlay(this.#host.env, deps, info)
      : new Play(this.#host.env, deps, info);
    if (!this.#def.eventDriven) play.input(this.#held);
    this.#play = play;
    this.#drawn ??= play;
    this.#userId = this.#host.session?.userId ?? null;
    this.#openedMs = this.#host.env.clock.monotonic();
    this.#to({ name: 'playing', entity: info.entity });
  }

  #frame(payload: Uint8Array): void {
    const play = this.#play;
    if (!play) return;
    this.#meter.add(payload.length);
    const reader = new Reader(payload);
    const kind = reader.u8();
    switch (kind) {
      case KIND.frame:
        play.frame(reader);
        this.#past.frameBytes = payload.length;
        this.#drawn = play;
        return this.#onFrame.emit();
      case KIND.events:
        return this.#told(reader, play);
      case KIND.reject: {
        const { inputTick, reject } = decodeReject(reader);
        this.#past.rejected++;
        return this.#onReject.emit(reject, inputTick);
      }
      case KIND.transfer:
        return this.#transfer(decodeTransfer(reader));
      case KIND.spawned:
        return decodeSpawned(reader, (tick, nth, id) => play.spawned(tick, nth, id));
      default:
        throw new Fault('bad_message', `no shard frame begins with 0x${kind.toString(16)}`);
    }
  }

  #told(reader: Reader, play: Stay): void {
    const { tick, list } = decodeEvents(reader);
    for (const [name, data, ownTick] of parseShape(
      eventList,
      this.#events.decode(list),
      'events',
      'bad_message',
    )) {
      if (typeof name !== 'string' || !Object.hasOwn(this.#def.events, name)) {
        throw new Fault('bad_message', 'an event that is not defined');
      }
      if (typeof ownTick === 'number' && play.wasTold(name, ownTick)) continue;
      const parsed = parseShape(this.#def.events[name]!, data, name, 'bad_message');
      this.#onEvent.get(name)?.emit(parsed, tick);
    }
  }

  /** The server sends him on. To a shard of another kind the app has to go: this handle cannot show it. */
  #transfer(to: Destination): void {
    if (to.shard !== this.#def.name) return this.#onTransfer.emit(to);
    this.#next?.channel.close();
    const place = { id: to.id, ticket: to.ticket };
    this.#next = { place, channel: this.#open(place) };
  }

  /** He has a seat where he was sent: the old one is given up, should the server not have done that. */
  #arrived({ place, channel }: Crossing): void {
    const old = this.#channel;
    this.#next = undefined;
    this.#place = place;
    this.#channel = channel;
    old?.send(encodeLeave());
    old?.close();
  }

  #closed(fault: Fault): void {
    this.#endPlay();
    const stableMs = this.#host.env.clock.monotonic() - this.#openedMs;
    const { retry } = CODES[fault.code];
    if (retry !== 'backoff' && retry !== 'now') return this.#to({ name: 'closed', fault });
    const tries = this.#state.name === 'playing' && stableMs >= STABLE_MS ? 0 : this.#attempt;
    const delayMs = backoffMs(tries, this.#host.env.random, RETRY);
    const cancel = this.#host.env.clock.after(delayMs, () => this.#reopen());
    this.#attempt = tries + 1;
    this.#to({ name: 'waiting', fault, attempt: tries, cancel });
  }

  #identity(userId: string | null): void {
    const { name } = this.#state;
    const refused = this.#state.name === 'closed' && this.#state.fault.code === 'unauthorized';
    if (refused || (userId !== this.#userId && (name === 'playing' || name === 'rejoining'))) this.#reopen();
  }

  #reopen(): void {
    if (!this.#place) return;
    this.#endPlay();
    this.#channel?.close();
    this.#to({ name: 'joining' });
    this.#channel = this.#open(this.#place);
  }

  #endPlay(): void {
    if (!this.#play) return;
    this.#play.close();
    this.#past.frames += this.#play.frames;
    this.#past.mispredictions += this.#play.mispredictions;
    this.#play = undefined;
  }

  #to(state: ShardState): void {
    if (this.#state.name === 'left') return;
    if (this.#state.name === 'waiting') this.#state.cancel();
    this.#state = state;
    this.#onState.emit(state);
  }
}
