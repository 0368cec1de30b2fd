/**
 * One running world: its state, its players, and the turn of a tick: inputs -> step -> tick ->
 * history -> encode -> send. The scheduler calls `tick`, channels call the rest between two ticks.
 * [T3] A tick waits for nothing; when a function of the definition throws, this shard alone stops and its
 * players are told.  [T2] What several players are sent is encoded once; see frame-maker.ts.
 *
 *   running --stop()--> stopped         running --a function throws--> stopped
 */
import type { Env } from '../../src/base/env.ts';
import { Fault, isFault } from '../../src/base/fault.ts';
import { fnv1a64 } from '../../src/base/hash.ts';
import type { Json } from '../../src/base/json.ts';
import { parseShape, s } from '../../src/base/shape.ts';
import type { Channel } from '../../src/plugin/channel.ts';
import type { Session } from '../../src/plugin/session.ts';
import type { Components } from '../core/component.ts';
import type { AnyShardDef } from '../core/define-shard.ts';
import type { TailPart } from '../core/frames.ts';
import { MessageCodec } from '../core/message-codec.ts';
import { plainOf } from '../core/plain.ts';
import type { Entity, Events } from '../core/world.ts';
import { WorldColumns } from '../core/world-columns.ts';
import { AbsentChannel } from './absent-channel.ts';
import { noShardCounts, type ShardCounts } from './counts.ts';
import { EventPace } from './event-pace.ts';
import { EventQueue } from './event-queue.ts';
import { FrameMaker } from './frame-maker.ts';
import { Gallery } from './gallery.ts';
import { Journal, type LogBatch } from './journal.ts';
import { nodePacker } from './node-packer.ts';
import { Rewinder } from './rewinder.ts';
import type { Message, Seat } from './seat.ts';
import { Seats, type SeatsOptions } from './seats.ts';
import { PLAIN_ENTRY } from './shard-host.ts';
import type { ShardState } from './shard-state.ts';

export interface ShardOptions extends SeatsOptions {
  readonly id: string;
  /** Parsed by the definition's shape. */
  readonly params: unknown;
  /** Kept by the server; the clients get another one, derived from it, for `random` inside `step`. */
  readonly seed: string;
}

/** What is told of a shard. */
export interface ShardEvents {
  /** An event-driven shard has something to compute. */
  wake(): void;
  /** A seat was taken; it is in `players` from now on. */
  came(seat: Seat): void;
  /** A seat was given up while the shard runs on. */
  went(seat: Seat): void;
  /** Called once when the shard has stopped, with the fault when it failed. */
  stopped(fault: Fault | undefined): void;
}

export class Shard {
  readonly def: AnyShardDef;
  readonly id: string;
  readonly params: unknown;
  readonly stepSeed: string;
  readonly world: WorldColumns<Components, Events>;
  readonly codec: MessageCodec;
  readonly counts: ShardCounts = noShardCounts();
  readonly #env: Env;
  readonly #seed: string;
  readonly #told: ShardEvents;
  readonly #seats: Seats;
  readonly #events: EventQueue;
  readonly #frames: FrameMaker;
  readonly #past: Rewinder | undefined;
  /** Where the definition lets others look. */
  readonly gallery: Gallery | undefined;
  /** Of an event-driven shard. */
  readonly #pace: EventPace | undefined;
  /** While somebody wants to know what happens. */
  #journal: Journal | undefined;
  /** Of the last journal. */
  #batch = 0;
  #seatsTaken = 0;
  #state: { name: 'running' } | { name: 'stopped'; fault: Fault | undefined } = { name: 'running' };
  #frameDue = false;
  /** What the step that runs has spawned. */
  readonly #stepped: number[] = [];

  constructor(env: Env, deps: { def: AnyShardDef; events: ShardEvents }, options: ShardOptions) {
    const { def } = deps;
    this.#env = env;
    this.#told = deps.events;
    this.def = def;
    this.id = options.id;
    this.#seed = options.seed;
    this.params = options.params;
    this.stepSeed = fnv1a64(`step/${options.seed}`);
    const { messageBytes, messageDepth, entities } = def.limits;
    this.codec = new MessageCodec(nodePacker(), { maxBytes: messageBytes, maxDepth: messageDepth });
    this.#events = new EventQueue(def.events, this.codec);
    this.world = new WorldColumns(def.entityType, {
      seed: options.seed,
      stepSeed: this.stepSeed,
      maxEntities: entities,
      stepSpawn: (id) => {
        this.#stepped.push(id);
        return id;
      },
      wake: () => this.wake(),
      emit: (event, data, to) => {
        const { tick, stepping } = this.world;
        this.#events.add(event, data, { to, tick, by: def.eventDriven ? 0 : stepping });
      },
      ...(def.rewindPlan && { rewind: (player) => this.#past!.rewind(player) }),
    });
    this.#frames = new FrameMaker(def, this.world, this.counts);
    if (def.eventDriven) this.#pace = new EventPace(env.clock, () => this.#told.wake());
    const { counts } = this;
    this.#seats = new Seats(
      { clock: env.clock, def, frames: this.#frames, pace: this.#pace, counts },
      options,
    );
    const { world } = this;
    if (def.spectate) this.gallery = new Gallery(env.clock, { world, frames: this.#frames }, def.spectate);
    if (def.rewindPlan) this.#past = new Rewinder(def.rewindPlan, this.world, this.#seats.all);
  }

  get running(): boolean {
    return this.#state.name === 'running';
  }

  /** Players who are here or whose seat is kept, in order of their coming. */
  get players(): ReadonlySet<Seat> {
    return this.#seats.all;
  }

  /** Runs the definition's `start`. Throws Fault `internal` when that throws. */
  start(): void {
    this.#guard(() => this.def.start?.(this.world, this.params));
    this.#past?.record();
    this.#checkBegun();
  }

  /**
   * Begins with what was saved instead of `start`; its players are here until they are made to vacate their seats.
   * Throws Fault `internal` when `migrate` throws.
   */
  load(state: ShardState): void {
    this.world.restore(state.world);
    this.#batch = state.batch;
    this.#seatsTaken = state.seatsTaken;
    for (const { number, entityId, who, sighting, eye } of state.seats) {
      const seat = this.#seats.restored(new AbsentChannel(who), number);
      seat.entityId = entityId;
      seat.ticket = who.ticket;
      seat.sighting.load(sighting);
      seat.eye = eye;
      this.#told.came(seat);
    }
    const same = state.hash === this.def.hash;
    if (!same) this.#guard(() => this.def.migrate?.(this.world, this.params));
    if (same && state.past) this.#past?.history.restore(state.past);
    else this.#past?.record();
    this.#checkBegun();
  }

  /** All of it, as copies; between two ticks. `past`: what a rewind may look at belongs to it, for a log follows. */
  state(past = this.#journal !== undefined): ShardState {
    this.#journal?.cut();
    return {
      name: this.def.name,
      hash: this.def.hash,
      id: this.id,
      seed: this.#seed,
      params: parseShape(s.json(), this.params ?? {}, 'params'),
      batch: this.#journal?.batch ?? this.#batch,
      seatsTaken: this.#seatsTaken,
      seats: [...this.#seats.all].map(({ number, entityId, owner, sighting, eye }) => ({
        number,
        entityId,
        who: owner,
        sighting: sighting.save(),
        eye,
      })),
      world: this.world.copy(),
      past: past ? this.#past?.history.copy() : undefined,
    };
  }

  /**
   * From now on `logged` is given what happens, batch by batch, and the hash of the world every so many ticks; 0: it is
   * given nothing any more.
   */
  log(hashTicks: number, logged: (batch: LogBatch) => void): void {
    if (hashTicks === 0) {
      this.#batch = this.#journal?.batch ?? this.#batch;
      this.#journal = undefined;
      return;
    }
    this.#journal ??= new Journal(this.def, this.#batch, logged);
    this.#journal.hashEvery(hashTicks);
  }

  /** Computes a tick of a log again; nobody is told of it. */
  repeat(dtSeconds: number): void {
    this.#guard(() => this.#simulate(dtSeconds));
    this.#events.clear();
  }

  /** One tick of simulation; `last` says that no other follows in this turn, so frames are worth sending. */
  tick(last: boolean): void {
    this.#guard(() => {
      this.#simulate(this.#pace?.passedSeconds() ?? 1 / this.def.tickRate);
      this.#frameDue ||= this.world.tick % this.def.snapshotEvery === 0;
      if (last) this.#send();
    });
    if (last) this.#journal?.flush();
    this.#pace?.ticked(this.#seats.all);
  }

  /** Server code has changed the world, or a player has come: an event-driven shard shall tick. */
  wake(): void {
    this.#pace?.wake();
  }

  /** A player's frame was taken in, or his channel takes another one of ours. */
  heard(seat: Seat): void {
    this.#pace?.heard(seat);
  }

  /**
   * Seats the player of a channel: in the seat he had, if it is kept or his old connection of the same page
   * still hangs; else in a new one, unless he only returns. Throws Fault `overloaded`, `forbidden`, or what `join`
   * refuses with.
   */
  seat(channel: Channel, { returning, ticket } = PLAIN_ENTRY): Seat {
    if (!this.running) throw new Fault('unavailable', 'the shard has stopped');
    const kept = this.#seats.again(channel);
    if (kept) {
      this.#journal?.identify(kept.number, kept.owner.viewer);
      return kept;
    }
    if (returning) throw new Fault('forbidden', 'a ticket is needed');
    const seat = this.#seats.vacant(channel, this.#seatsTaken + 1);
    seat.ticket = ticket;
    this.#seatsTaken++;
    this.#journal?.join(seat.number, seat.owner);
    seat.entityId = this.#join(seat)?.id ?? 0;
    this.#seats.add(seat);
    this.#told.came(seat);
    return seat;
  }

  /** The client knows that its channel is open: frames may come. */
  play(seat: Seat): void {
    if (this.#seats.play(seat)) this.wake();
  }

  /** The player's copy of a cell differs: it comes whole with its next step. */
  resync(seat: Seat, stream: number | TailPart): void {
    this.#seats.resync(seat, stream);
  }

  /** His roles or his name changed. */
  identify(seat: Seat, viewer: Session['viewer']): void {
    this.#journal?.identify(seat.number, viewer);
    seat.identify(viewer);
  }

  /** The connection is gone: keeps the seat for the grace time, if somebody can come back to it. */
  vacate(seat: Seat): void {
    this.#seats.vacate(seat, () => this.leave(seat));
  }

  /** The player is gone for good. */
  leave(seat: Seat): void {
    if (!this.#seats.remove(seat)) return;
    this.#journal?.leave(seat.number);
    this.#guard(() => this.def.leave?.(this.world, seat));
    if (!this.running) return;
    this.world.despawn(seat.entityId);
    this.#told.went(seat);
    this.wake();
  }

  /** A message as it came. Throws Fault `bad_message`, or `invalid` when it is not what the definition says. */
  readMessage(bytes: Uint8Array): Message {
    const { messages } = this.def;
    const value = this.codec.decode(bytes);
    if (!messages) throw new Fault('invalid', `${this.def.name} takes no messages`);
    return { value: parseShape(messages, value, 'message'), bytes };
  }

  /** Server code's question. Throws what the definition's `answer` refuses with; all else ends the shard. */
  ask(question: Json): Json {
    if (!this.running) throw new Fault('unavailable', 'the shard has stopped');
    if (!this.def.answer) throw new Fault('invalid', `${this.def.name} answers no questions`);
    this.#journal?.ask(question);
    try {
      return parseShape(s.json(), plainOf(this.def.answer(this.world, question)), 'answer');
    } catch (error) {
      throw isFault(error) ? error : this.#fail(error);
    } finally {
      this.wake();
    }
  }

  /** Ends the shard; its players are told. Stopping twice does nothing. */
  stop(fault: Fault = new Fault('unavailable', 'the shard has stopped')): void {
    this.#stop(fault, undefined);
  }

  #simulate(dtSeconds: number): void {
    const { world, def } = this;
    const journal = this.#journal;
    world.tick++;
    for (const seat of this.#seats.all) {
      for (let message = seat.messages.shift(); message !== undefined; message = seat.messages.shift()) {
        journal?.message(seat.number, message.bytes);
        def.receive?.(world, seat, message.value);
      }
    }
    for (const seat of this.#seats.all) {
      const input = seat.take(world.tick);
      if (input) journal?.input(seat.number, input);
      const entity = world.get(seat.entityId);
      if (!entity || !input) continue;
      world.beginStep(entity.id);
      def.step(world, entity, input, dtSeconds);
      world.endStep();
      if (this.#stepped.length === 0) continue;
      if (!def.eventDriven) seat.spawned(world.tick, this.#stepped);
      this.#stepped.length = 0;
    }
    def.tick?.(world, dtSeconds);
    this.#past?.record();
    journal?.tick(dtSeconds);
    journal?.ticked(world);
  }

  #send(): void {
    const { tick } = this.world;
    const due = this.#frameDue;
    this.#frameDue = false;
    if (due) this.gallery?.aim();
    const tooSlow = due && this.#frames.make(this.#env.clock.monotonic());
    this.gallery?.keep(this.#events.frameFor(0, tick));
    for (const seat of this.#seats.all) {
      if (seat.state.name !== 'playing') continue;
      const { view, channel } = seat.state;
      seat.flush();
      const events = this.#events.frameFor(seat.entityId, tick);
      if (events && !channel.send(events, 'shard')) this.counts.eventsDropped++;
      if (!due) continue;
      this.#pace?.sent(seat, view.tick === tick);
      if (tooSlow && view.ladder.rung === 'closed')
        channel.close(new Fault('overloaded', 'too slow for this shard'));
    }
    this.#events.clear();
  }

  #checkBegun(): void {
    if (this.#state.name === 'stopped') throw this.#state.fault ?? new Fault('internal', 'internal error');
  }

  /** Here, and only here, a Fault is an answer to the caller: `join` may refuse a player. */
  #join(seat: Seat): Entity<Components> | undefined {
    try {
      return this.def.join ? this.def.join(this.world, seat) : this.world.spawn();
    } catch (error) {
      throw isFault(error) ? error : this.#fail(error);
    }
  }

  /** Runs functions of the definition; what they throw ends the shard and nothing else. [T3] */
  #guard(run: () => void): void {
    if (!this.running) return;
    try {
      run();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): Fault {
    this.world.endStep();
    this.#env.log.error('shard.failed', { shard: this.def.name, id: this.id, tick: this.world.tick, error });
    const fault = new Fault('internal', 'the shard has failed', undefined, { cause: error });
    this.#stop(fault, fault);
    return fault;
  }

  #stop(told: Fault, failure: Fault | undefined): void {
    if (!this.running) return;
    this.#state = { name: 'stopped', fault: failure };
    this.#pace?.stop();
    this.#seats.close(told);
    this.gallery?.close(told);
    this.counts.cells = 0;
    this.counts.streams = 0;
    this.#told.stopped(failure);
  }
}
