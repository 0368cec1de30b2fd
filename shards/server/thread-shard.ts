/** A shard in a worker thread, as the directory holds it. Made by shard-thread.ts. */
import { type Deferred, deferred } from '../../src/base/deferred.ts';
import { Fault, type FaultJson } from '../../src/base/fault.ts';
import type { Json } from '../../src/base/json.ts';
import { parseShape, s } from '../../src/base/shape.ts';
import type { Channel } from '../../src/plugin/channel.ts';
import type { AnyShardDef } from '../core/define-shard.ts';
import type { Player } from '../core/player.ts';
import type { LogBatch } from './journal.ts';
import {
  type Begin,
  type Entry,
  type HostedShard,
  PLAIN_ENTRY,
  type PlayerHandler,
  type SavedShard,
} from './shard-host.ts';
import type { ThreadLink } from './thread-link.ts';
import { type FromThread, type PlayerJson, type ToThread, viewerJson } from './thread-message.ts';
import { ThreadPlayer } from './thread-player.ts';

/** Questions to one shard that wait for their answers. */
const MAX_QUESTIONS = 1000;

interface Deps {
  readonly number: number;
  readonly link: ThreadLink;
  say(message: ToThread): void;
  /** Of a channel or a question. */
  nextNumber(): number;
  seated(channel: number, player: ThreadPlayer): void;
  gone(channel: number, player: ThreadPlayer): void;
  inputDropped(): void;
  stopped(fault: Fault | undefined): void;
}

export class ThreadShard implements HostedShard {
  readonly def: AnyShardDef;
  readonly id: string;
  readonly params: unknown;
  readonly #deps: Deps;
  readonly #seats = new Map<number, Player>();
  readonly #channels = new Set<ThreadPlayer>();
  readonly #asked = new Map<number, Deferred<Json>>();
  readonly #saves = new Map<number, { readonly answer: Deferred<SavedShard>; bytes: Uint8Array }>();
  #logged: ((batch: LogBatch) => void) | undefined;
  #running = true;

  constructor(of: { def: AnyShardDef; id: string; params: unknown }, deps: Deps) {
    this.def = of.def;
    this.id = of.id;
    this.params = of.params;
    this.#deps = deps;
  }

  get running(): boolean {
    return this.#running;
  }

  get world(): never {
    throw new Fault('unsupported', `${this.def.name}/${this.id} runs in a thread: its world is out of reach`);
  }

  get players(): readonly Player[] {
    return [...this.#seats.values()];
  }

  begin({ id, seed, pinned, params, saved }: Begin): void {
    const { number: shard, link } = this.#deps;
    if (saved) link.state(shard, 0, saved);
    const json = parseShape(s.json(), params ?? {}, 'params');
    const { name } = this.def;
    this.#deps.say({ t: 'begin', shard, name, id, params: json, seed, pinned, saved: saved !== undefined });
  }

  join(
    channel: Channel,
    { returning, spectates = false, ticket }: Entry = PLAIN_ENTRY,
  ): Promise<PlayerHandler> {
    if (!this.#running) return Promise.reject(stopped());
    const { number: shard, link, say } = this.#deps;
    const number = this.#deps.nextNumber();
    const player = new ThreadPlayer(number, channel, {
      link,
      say,
      inputDropped: () => this.#deps.inputDropped(),
      gone: () => {
        this.#channels.delete(player);
        this.#deps.gone(number, player);
      },
    });
    this.#channels.add(player);
    this.#deps.seated(number, player);
    const { clientId, viewer } = channel.session;
    const who = { clientId, viewer: viewerJson(viewer), returning, spectates };
    say({ t: 'join', shard, channel: number, ...who, ...(ticket !== undefined && { ticket }) });
    return player.seat;
  }

  ask(json: Json): Promise<Json> {
    if (!this.#running) return Promise.reject(stopped());
    const { number: shard, link, say } = this.#deps;
    if (this.#asked.size >= MAX_QUESTIONS || link.full)
      return Promise.reject(new Fault('overloaded', 'too many questions wait for the thread'));
    const question = this.#deps.nextNumber();
    const answer = deferred<Json>();
    this.#asked.set(question, answer);
    say({ t: 'ask', shard, question, json });
    return answer.promise;
  }

  answered({ question, json, fault }: { question: number; json: Json; fault: FaultJson | null }): void {
    const answer = this.#asked.get(question);
    this.#asked.delete(question);
    if (fault) answer?.reject(Fault.fromJSON(fault));
    else answer?.resolve(json);
  }

  save(): Promise<SavedShard> {
    if (!this.#running) return Promise.reject(stopped());
    const question = this.#deps.nextNumber();
    const answer = deferred<SavedShard>();
    this.#saves.set(question, { answer, bytes: new Uint8Array(0) });
    this.#deps.say({ t: 'save', shard: this.#deps.number, question });
    return answer.promise;
  }

  /** The answer to `save` comes in two records: this one, and `saved`. */
  state(question: number, bytes: Uint8Array): void {
    const save = this.#saves.get(question);
    if (save) save.bytes = bytes;
  }

  saved({ question, tick, batch, fault }: Extract<FromThread, { t: 'saved' }>): void {
    const save = this.#saves.get(question);
    this.#saves.delete(question);
    if (fault) save?.answer.reject(Fault.fromJSON(fault));
    else save?.answer.resolve({ bytes: save.bytes, tick, batch });
  }

  log(hashTicks: number, logged: (batch: LogBatch) => void): void {
    this.#logged = logged;
    this.#deps.say({ t: 'log', shard: this.#deps.number, hashTicks });
  }

  logged(batch: LogBatch): void {
    this.#logged?.(batch);
  }

  wake(): void {
    if (this.#running) this.#deps.say({ t: 'wake', shard: this.#deps.number });
  }

  stop(fault = stopped()): void {
    if (!this.#running) return;
    this.#deps.say({ t: 'stop', shard: this.#deps.number, fault: fault.toJSON() });
    for (const player of [...this.#channels]) player.closedBy(fault);
    this.ended(undefined);
  }

  came(seat: number, player: PlayerJson): void {
    this.#seats.set(seat, player);
  }

  went(seat: number): void {
    this.#seats.delete(seat);
  }

  /** It runs no more, and its players were told; those left here had no seat yet. */
  ended(fault: Fault | undefined): void {
    if (!this.#running) return;
    this.#running = false;
    this.#seats.clear();
    for (const player of [...this.#channels]) player.closedBy(fault ?? stopped());
    for (const answer of this.#asked.values()) answer.reject(fault ?? stopped());
    this.#asked.clear();
    for (const { answer } of this.#saves.values()) answer.reject(fault ?? stopped());
    this.#saves.clear();
    this.#deps.stopped(fault);
  }
}

function stopped(): Fault {
  return new Fault('unavailable', 'the shard has stopped');
}
