/**
 * One worker thread with its shards, as the main thread sees it: has the sockets of their players, passes on
 * what comes and goes. Made and replaced by thread-host.ts.
 * [T3] When the thread dies or falls silent its shards stop, and their players are told `unavailable`.
 *
 *   starting --ready--> working        any --dies, silent, close()--> ended
 */
import { type Deferred, deferred } from '../../src/base/deferred.ts';
import type { Cancel, Env } from '../../src/base/env.ts';
import { Fault } from '../../src/base/fault.ts';
import type { AnyShardDef } from '../core/define-shard.ts';
import { noShardCounts, noTickCounts, type ShardCounts, type ThreadCounts } from './counts.ts';
import type { ThreadOptions } from './options.ts';
import type { Begin } from './shard-host.ts';
import { ThreadLink } from './thread-link.ts';
import type { FromThread, SpawnThread, ThreadPort, ToThread } from './thread-message.ts';
import type { ThreadPlayer } from './thread-player.ts';
import { ThreadShard } from './thread-shard.ts';

/** Inputs wait no longer than this for company; an answer costs about as much as a message. */
const REST_MS = 2;
/** How long until it is asked again whether a slow socket has taken its frame. */
const UNSENT_MS = 10;

export class ShardThread {
  readonly #env: Env;
  readonly #deps: { defs: ReadonlyMap<string, AnyShardDef>; died(thread: ShardThread): void };
  readonly #options: ThreadOptions;
  readonly #port: ThreadPort;
  readonly #link: ThreadLink;
  readonly #ready: Deferred<void> = deferred();
  readonly #shards = new Map<number, ThreadShard>();
  readonly #players = new Map<number, ThreadPlayer>();
  /** Those with a frame that the thread does not know to be sent. */
  readonly #unsent = new Set<ThreadPlayer>();
  #counts: ThreadCounts = { ticks: noTickCounts(), shards: noShardCounts(), lateness: [] };
  #eventsDropped = 0;
  #inputsDropped = 0;
  #numbers = 0;
  #state: 'starting' | 'working' | 'ended' = 'starting';
  #heard = true;
  #silentRounds = 0;
  /** Until the thread is ready, how long that may take; then, while it has shards, when it is asked for a sign of life. */
  #watch: Cancel | undefined;
  #again: Cancel | undefined;

  constructor(
    env: Env,
    deps: { defs: ReadonlyMap<string, AnyShardDef>; spawn: SpawnThread; died(thread: ShardThread): void },
    options: ThreadOptions,
  ) {
    this.#env = env;
    this.#deps = deps;
    this.#options = options;
    this.#ready.promise.catch(() => {}); // `ready` may be asked for later, or never
    this.#port = deps.spawn({
      message: (buffer) => this.#receive(buffer),
      died: (reason) => this.#died(reason),
    });
    this.#link = new ThreadLink(
      env.clock,
      { post: (buffer) => this.#port.post(buffer), beforePost: () => this.#tellSent() },
      { maxBytes: options.threadBytes, restMs: REST_MS },
    );
    this.#watch = env.clock.after(options.threadStartMs, () =>
      this.#died(`it was not ready in ${options.threadStartMs} ms`),
    );
  }

  /** Settles when the thread has its definitions. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  get shards(): number {
    return this.#shards.size;
  }

  get players(): number {
    return this.#players.size;
  }

  get counts(): ThreadCounts {
    const { ticks, shards, lateness } = this.#counts;
    const sum: ShardCounts = {
      ...shards,
      eventsDropped: shards.eventsDropped + this.#eventsDropped,
      inputsRejected: shards.inputsRejected + this.#inputsDropped,
    };
    return { ticks, shards: sum, lateness };
  }

  begin(def: AnyShardDef, begin: Begin, stopped: (fault: Fault | undefined) => void): ThreadShard {
    const number = ++this.#numbers;
    const shard = new ThreadShard(
      { def, id: begin.id, params: begin.params },
      {
        number,
        link: this.#link,
        say: (message) => this.#say(message),
        nextNumber: () => ++this.#numbers,
        seated: (channel, player) => this.#players.set(channel, player),
        gone: (channel, player) => {
          this.#players.delete(channel);
          this.#unsent.delete(player);
        },
        inputDropped: () => this.#inputsDropped++,
        stopped: (fault) => {
          this.#shards.delete(number);
          if (this.#shards.size === 0) this.#rest();
          stopped(fault);
        },
      },
    );
    this.#shards.set(number, shard);
    this.#lookLater();
    shard.begin(begin);
    return shard;
  }

  /** Ends the thread; players are told `unavailable`. */
  async close(): Promise<void> {
    await this.#end(new Fault('unavailable', 'the shard has stopped'), undefined);
  }

  #receive(buffer: ArrayBuffer): void {
    if (this.#state === 'ended') return;
    this.#heard = true;
    this.#link.receive(buffer, (record) => {
      const { kind, number, bytes } = record;
      if (kind === 'said') return this.#told(this.#link.heard<FromThread>(record));
      if (kind === 'state') return this.#shards.get(record.channel)?.state(number, bytes);
      // A copy: it is kept for longer than the batch around it, which may be a thousand times as large.
      if (kind === 'logged')
        return this.#shards.get(record.channel)?.logged({ number, bytes: bytes.slice() });
      const player = this.#players.get(record.channel);
      if (!player) return;
      if (record.kind === 'payload' && !player.send(record.bytes)) this.#eventsDropped++;
      if (record.kind !== 'put') return;
      player.put(record.number, record.bytes);
      this.#unsent.add(player);
      this.#link.schedule();
    });
  }

  #told(message: FromThread): void {
    switch (message.t) {
      case 'ready':
        return this.#started(message.defs);
      case 'stopped':
        return this.#shards
          .get(message.shard)
          ?.ended(message.fault ? Fault.fromJSON(message.fault) : undefined);
      case 'joined':
        return this.#players.get(message.channel)?.joined(message.info, message.entity);
      case 'refused':
      case 'close':
        return this.#players.get(message.channel)?.closedBy(Fault.fromJSON(message.fault));
      case 'answer':
        return this.#shards.get(message.shard)?.answered(message);
      case 'saved':
        return this.#shards.get(message.shard)?.saved(message);
      case 'came':
        return this.#shards.get(message.shard)?.came(message.seat, message.player);
      case 'went':
        return this.#shards.get(message.shard)?.went(message.seat);
      case 'counts': {
        const { ticks, shards, lateness } = message.counts;
        this.#counts = { ticks, shards: { ...noShardCounts(), ...shards }, lateness };
        return;
      }
      case 'log':
        return this.#env.log[message.level](message.event, message.fields);
    }
  }

  #started(hashes: Readonly<Record<string, string>>): void {
    for (const [name, { hash }] of this.#deps.defs) {
      if (hashes[name] === hash) continue;
      const wrong = hashes[name] ? 'another version of the shard' : 'no shard';
      return this.#died(`the module exports ${wrong} ${name}`);
    }
    this.#state = 'working';
    this.#rest();
    this.#lookLater();
    this.#ready.resolve();
  }

  /** Frames that were handed to their sockets since it was last told, in the batch that is about to leave. */
  #tellSent(): void {
    for (const player of this.#unsent) {
      const tag = player.sentTag;
      if (tag === undefined) continue;
      this.#link.sent(player.channel, tag);
      this.#unsent.delete(player);
    }
    this.#again?.();
    if (this.#unsent.size > 0) this.#again = this.#env.clock.after(UNSENT_MS, () => this.#link.schedule());
  }

  #lookLater(): void {
    if (this.#watch || this.#state !== 'working' || this.#shards.size === 0) return;
    this.#watch = this.#env.clock.after(this.#options.threadTimeoutMs / 2, () => this.#look());
  }

  #rest(): void {
    this.#watch?.();
    this.#watch = undefined;
    this.#silentRounds = 0;
  }

  #look(): void {
    this.#watch = undefined;
    this.#silentRounds = this.#heard ? 0 : this.#silentRounds + 1;
    if (this.#silentRounds === 2) return this.#died(`it was silent for ${this.#options.threadTimeoutMs} ms`);
    this.#heard = false;
    this.#link.ping();
    this.#lookLater();
  }

  #died(reason: string): void {
    if (this.#state === 'ended') return;
    this.#env.log.error('shard.thread_died', {
      reason,
      shards: this.#shards.size,
      players: this.#players.size,
    });
    const fault = new Fault('unavailable', 'the thread of the shard has ended', undefined, {
      cause: new Error(reason),
    });
    this.#deps.died(this);
    void this.#end(fault, fault);
  }

  async #end(told: Fault, failure: Fault | undefined): Promise<void> {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#watch?.();
    this.#again?.();
    this.#link.close();
    this.#ready.reject(failure?.cause ?? told);
    for (const player of [...this.#players.values()]) player.closedBy(told);
    for (const shard of [...this.#shards.values()]) shard.ended(failure);
    await this.#port.end();
  }

  #say(message: ToThread): void {
    this.#link.say(message);
  }
}
