/**
 * A worker's side of the shards in it: runs them, and stands in for the sockets of their players. Everything
 * of a world is here; who may join was decided on the main thread. Made by shard-worker.ts, and by tests
 * without a thread around it.
 * [T3] What a shard or a player's frame throws ends that shard or that channel, never the thread.
 */
import type { Cancel, Env, Log, LogFields } from '../../src/base/env.ts';
import { Fault, toFault } from '../../src/base/fault.ts';
import type { Json } from '../../src/base/json.ts';
import type { AnyShardDef } from '../core/define-shard.ts';
import type { Player } from '../core/player.ts';
import { DeskChannel } from './desk-channel.ts';
import type { ThreadOptions } from './options.ts';
import { PlayerChannel } from './player-channel.ts';
import { Runner } from './runner.ts';
import { saveShard } from './save-shard.ts';
import type { Shard } from './shard.ts';
import { SpectatorChannel } from './spectator-channel.ts';
import { ThreadLink } from './thread-link.ts';
import type { FromThread, ToThread } from './thread-message.ts';

const COUNTS_EVERY_MS = 1000;

interface DeskShard {
  readonly shard: Shard;
  readonly number: number;
  readonly seats: Map<Player, number>;
}

export class ThreadDesk {
  readonly #env: Env;
  readonly #defs: ReadonlyMap<string, AnyShardDef>;
  readonly #runner: Runner;
  readonly #link: ThreadLink;
  readonly #shards = new Map<number, DeskShard>();
  readonly #channels = new Map<number, DeskChannel>();
  /** Of shards that are about to begin. */
  readonly #states = new Map<number, Uint8Array>();
  #seats = 0;
  /** Runs while there are shards. */
  #counting: Cancel | undefined;

  /** `defs` by their names. `env.log` is not used: what is logged goes to the main thread. */
  constructor(
    env: Env,
    deps: { defs: ReadonlyMap<string, AnyShardDef>; post(buffer: ArrayBuffer): void },
    options: ThreadOptions,
  ) {
    this.#env = { ...env, log: this.#log() };
    this.#defs = deps.defs;
    this.#runner = new Runner(this.#env, options);
    this.#link = new ThreadLink(
      env.clock,
      { post: (buffer) => deps.post(buffer) },
      { maxBytes: options.threadBytes, restMs: 0 },
    );
    this.#say({
      t: 'ready',
      defs: Object.fromEntries([...deps.defs].map(([name, def]) => [name, def.hash])),
    });
  }

  /** Those that run in this thread. */
  get running(): Shard[] {
    return [...this.#shards.values()].map(({ shard }) => shard);
  }

  /** A batch of the main thread. */
  receive(buffer: ArrayBuffer): void {
    this.#link.receive(buffer, (record) => {
      if (record.kind === 'said') this.#told(this.#link.heard<ToThread>(record));
      else if (record.kind === 'payload') this.#channels.get(record.channel)?.frame(record.bytes);
      else if (record.kind === 'state') this.#states.set(record.channel, record.bytes);
      else if (record.kind === 'sent') this.#channels.get(record.channel)?.sent(record.number);
    });
  }

  /** Ends everything at once; nobody is told. */
  close(): void {
    this.#link.close();
    this.#runner.close();
    this.#counting?.();
  }

  #told(message: ToThread): void {
    switch (message.t) {
      case 'begin':
        return this.#begin(message);
      case 'stop':
        return this.#shards.get(message.shard)?.shard.stop(Fault.fromJSON(message.fault));
      case 'wake':
        return this.#shards.get(message.shard)?.shard.wake();
      case 'ask':
        return this.#ask(message);
      case 'save':
        return void this.#save(message);
      case 'log':
        return this.#shards.get(message.shard)?.shard.log(message.hashTicks, ({ number, bytes }) => {
          // What is dropped leaves a gap, which the other side sees.
          if (!this.#link.full) this.#link.logged(message.shard, number, bytes);
        });
      case 'join':
        return this.#join(message);
      case 'opened':
        return this.#channels.get(message.channel)?.opened();
      case 'closed':
        return this.#channels.get(message.channel)?.end();
      case 'identify':
        return this.#channels.get(message.channel)?.identify(message.viewer);
      case 'evict':
        return this.#channels.get(message.channel)?.evict();
    }
  }

  #begin({ shard: number, name, saved: isSaved, ...begin }: Extract<ToThread, { t: 'begin' }>): void {
    const saved = this.#states.get(number);
    this.#states.delete(number);
    const def = this.#defs.get(name)!; // the main thread has compared both lists
    const seats = new Map<Player, number>();
    try {
      const how = isSaved && saved ? { ...begin, saved } : begin;
      const shard = this.#runner.begin(def, how, {
        went: (player) => {
          const seat = seats.get(player);
          seats.delete(player);
          if (seat !== undefined) this.#say({ t: 'went', shard: number, seat });
        },
        stopped: (fault) => {
          this.#shards.delete(number);
          this.#tellCounts();
          this.#say({ t: 'stopped', shard: number, fault: fault?.toJSON() ?? null });
        },
      });
      const at: DeskShard = { shard, number, seats };
      this.#shards.set(number, at);
      for (const seat of shard.players) this.#came(at, seat);
      this.#counting ??= this.#env.clock.after(COUNTS_EVERY_MS, () => this.#tellCounts());
    } catch {
      // `stopped` has said so.
    }
  }

  #join({
    shard: number,
    channel,
    returning,
    spectates,
    ticket,
    ...who
  }: Extract<ToThread, { t: 'join' }>): void {
    try {
      const at = this.#shards.get(number);
      if (!at) throw new Fault('unavailable', 'the shard has stopped');
      const end = new DeskChannel(channel, who, {
        link: this.#link,
        log: this.#env.log,
        say: (message) => this.#say(message),
        ended: () => this.#channels.delete(channel),
        identified: (player) => {
          if (at.seats.has(player)) this.#came(at, player); // else he has left, and his page is still here
        },
      });
      const player = spectates
        ? new SpectatorChannel(end, at.shard)
        : new PlayerChannel(end, at.shard, { returning, ticket });
      this.#channels.set(channel, end);
      end.begin(player);
      if (player.player) this.#came(at, player.player);
      this.#say({ t: 'joined', channel, info: player.info, entity: player.entity });
    } catch (error) {
      if (!(error instanceof Fault)) this.#env.log.error('shard.join', { shard: number, error });
      this.#say({ t: 'refused', channel, fault: toFault(error).toJSON() });
    }
  }

  #ask({ shard, question, json }: Extract<ToThread, { t: 'ask' }>): void {
    try {
      const at = this.#shards.get(shard);
      if (!at) throw new Fault('unavailable', 'the shard has stopped');
      this.#say({ t: 'answer', shard, question, json: at.shard.ask(json), fault: null });
    } catch (error) {
      this.#say({ t: 'answer', shard, question, json: null, fault: toFault(error).toJSON() });
    }
  }

  async #save({ shard, question }: Extract<ToThread, { t: 'save' }>): Promise<void> {
    const answer = { t: 'saved', shard, question } as const;
    try {
      const at = this.#shards.get(shard);
      if (!at) throw new Fault('unavailable', 'the shard has stopped');
      const { bytes, tick, batch } = await saveShard(this.#env.clock, at.shard);
      this.#link.state(shard, question, bytes);
      this.#say({ ...answer, tick, batch, fault: null });
    } catch (error) {
      if (!(error instanceof Fault)) this.#env.log.error('shard.save', { shard, error });
      this.#say({ ...answer, tick: 0, batch: 0, fault: toFault(error).toJSON() });
    }
  }

  #came({ number, seats }: DeskShard, player: Player): void {
    const seat = seats.get(player) ?? ++this.#seats;
    seats.set(player, seat);
    const { userId, name, roles, entityId, ticket } = player;
    const who = { userId, name, roles: [...roles], entityId, ...(ticket !== undefined && { ticket }) };
    this.#say({ t: 'came', shard: number, seat, player: who });
  }

  #tellCounts(): void {
    this.#counting?.();
    this.#counting = undefined;
    if (this.#runner.size > 0) {
      this.#counting = this.#env.clock.after(COUNTS_EVERY_MS, () => this.#tellCounts());
    }
    const { ticks, shards, lateness } = this.#runner.counts();
    this.#say({
      t: 'counts',
      counts: { ticks: { ...ticks }, shards: { ...shards }, lateness: [...lateness] },
    });
  }

  #say(message: FromThread): void {
    this.#link.say(message);
  }

  #log(): Log {
    const at =
      (level: 'debug' | 'info' | 'warn' | 'error') =>
      (event: string, fields: LogFields = {}) =>
        this.#say({
          t: 'log',
          level,
          event,
          fields: Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, plain(value)])),
        });
    return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  }
}

/** As much of a logged value as JSON can say. */
function plain(value: unknown): Json {
  if (value instanceof Error) return value.stack ?? String(value);
  const simple = value === null || ['string', 'number', 'boolean'].includes(typeof value);
  return simple ? (value as Json) : String(value);
}
