/**
 * A player's place in a shard: who he is, his entity, his inputs, and the channel he is on. The seat outlives
 * a lost connection by the grace time, so that he gets his entity back.
 *
 *   joining --opened--> playing --connection lost--> vacant --joins again--> joining
 *      '--------------------------------------------^   |
 *   any --leave, refused, grace over--> left <----------'
 */
import type { Cancel, Clock } from '../../src/base/env.ts';
import { Fault } from '../../src/base/fault.ts';
import type { Json } from '../../src/base/json.ts';
import { RateLimit } from '../../src/base/rate-limit.ts';
import { Ring } from '../../src/base/ring.ts';
import type { Channel } from '../../src/plugin/channel.ts';
import type { Session } from '../../src/plugin/session.ts';
import type { Components, Vec2, Vec3 } from '../core/component.ts';
import type { AnyShardDef } from '../core/define-shard.ts';
import { encodeReject, encodeSpawned, type Reject } from '../core/frames.ts';
import type { Player } from '../core/player.ts';
import type { Row } from '../core/record-type.ts';
import { ROW, type RowView, TABLE } from '../core/row-view.ts';
import { InputBuffer, type Rejecting } from './input-buffer.ts';
import type { SeatOwner } from './shard-state.ts';
import type { SharedInputs } from './shared-inputs.ts';
import { Sighting } from './sighting.ts';
import type { View } from './view.ts';

/** A player is told of rejections once in this time at most: under overload there are some in every tick. */
export const REJECTS_EVERY_MS = 1000;

export type SeatState =
  | { readonly name: 'joining'; readonly channel: Channel }
  | { readonly name: 'playing'; readonly channel: Channel; readonly view: View }
  | { readonly name: 'vacant'; readonly cancel: Cancel }
  | { readonly name: 'left' };

/** What a player says beside his inputs. */
export interface Message {
  readonly value: unknown;
  /** As it came. */
  readonly bytes: Uint8Array;
}

export class Seat implements Player, Rejecting {
  entityId = 0;
  /** Counts the seats of its shard from 1. */
  readonly number: number;
  ticket: Json | undefined;
  readonly clientId: string;
  readonly inputs: InputBuffer<Components>;
  readonly sighting = new Sighting();
  /** Messages that wait for the next tick. */
  readonly messages: Ring<Message>;
  #eye: Vec2 | Vec3 | undefined;
  #viewer: Session['viewer'];
  #state: SeatState;
  #rejected = 0;
  readonly #clock: Clock;
  readonly #shared: SharedInputs<Components>;
  readonly #eventDriven: boolean;
  /** Of inputs, where the definition has a rewind; else -1. */
  readonly #lagLane: number;
  readonly #inputRate: RateLimit;
  readonly #messageRate: RateLimit;
  /** What he is yet to be told of, the newest of each kind: however many come, so many go. */
  readonly #rejects = new Map<Reject, number>();
  /** He was told a moment ago. */
  #resting: Cancel | undefined;
  /** What his steps have spawned since the last frame: one payload for a tick. */
  readonly #spawned: Uint8Array[] = [];

  /** `inputs` are those of the shard. */
  constructor(
    clock: Clock,
    { def, inputs }: { def: AnyShardDef; inputs: SharedInputs<Components> },
    { channel, number }: { channel: Channel; number: number },
  ) {
    const { limits } = def;
    this.number = number;
    this.#clock = clock;
    this.#shared = inputs;
    this.#eventDriven = def.eventDriven;
    this.#lagLane = def.rewindPlan ? def.inputType.lanes.length - 1 : -1;
    this.clientId = channel.session.clientId;
    this.#viewer = channel.session.viewer;
    this.#state = { name: 'joining', channel };
    this.inputs = new InputBuffer(inputs, limits);
    this.messages = new Ring(limits.messagesPerSecond);
    const perSecond = limits.inputsPerSecond;
    this.#inputRate = new RateLimit(clock, { perSecond, burst: Math.max(1, perSecond / 2) });
    const messages = limits.messagesPerSecond;
    this.#messageRate = new RateLimit(clock, { perSecond: messages, burst: messages });
  }

  get eye(): Vec2 | Vec3 | undefined {
    return this.#eye;
  }

  set eye(eye: Vec2 | Vec3 | undefined) {
    this.#eye = eye && copyOf(eye);
  }

  get state(): SeatState {
    return this.#state;
  }

  get userId(): string | null {
    return this.#viewer.userId;
  }

  get name(): string | null {
    return this.#viewer.name;
  }

  get roles(): readonly string[] {
    return this.#viewer.roles;
  }

  /** Who he is, for when he comes back. */
  get owner(): SeatOwner {
    const { userId, kind, roles, name } = this.#viewer;
    const owner = { clientId: this.clientId, viewer: { userId, kind, roles: [...roles], name } };
    return this.ticket === undefined ? owner : { ...owner, ticket: this.ticket };
  }

  /** Inputs and messages refused since the seat was made. */
  get rejected(): number {
    return this.#rejected;
  }

  /** The channel the player is on, if any. */
  get channel(): Channel | undefined {
    return 'channel' in this.#state ? this.#state.channel : undefined;
  }

  /** The player is here, for the first time or again, or his roles changed. */
  identify(viewer: Session['viewer']): void {
    this.#viewer = viewer;
  }

  to(state: SeatState): void {
    if (this.#state.name === 'vacant') this.#state.cancel();
    if (state.name !== 'playing') {
      this.inputs.clear();
      this.#rejects.clear();
    }
    this.#state = state;
  }

  /** Whether something came that is for the next tick, or an answer goes with it. */
  get waits(): boolean {
    return this.inputs.waiting > 0 || this.messages.size > 0 || (this.#rejects.size > 0 && !this.#resting);
  }

  /** An input frame, while `tick` is the last one computed. Throws Fault `bad_message`. [T4] */
  input(payload: Uint8Array, tick: number): void {
    const state = this.#state;
    if (state.name !== 'playing') throw new Fault('bad_message', 'an input before the channel was opened');
    const { frame } = this.#shared;
    frame.open(payload);
    state.view.ack(frame.ackTick);
    if (this.#inputRate.take()) this.inputs.receive(this.#eventDriven ? this.inputs.taken : tick, this);
    else this.reject(frame.firstTick, 'rate_limited');
  }

  /** The input for this tick; in an event-driven shard the next one that waits, if there is one. */
  take(tick: number): Row<Components> | undefined {
    if (this.#eventDriven) return this.inputs.takeNext();
    const input = this.inputs.take(tick);
    if (this.#lagLane >= 0) this.sighting.step(tick, lagOf(input, this.#lagLane));
    return input;
  }

  /** Whether one more message is within the rate; if not, the player is told. */
  mayMessage(): boolean {
    if (this.#messageRate.take() && this.messages.size < this.messages.capacity) return true;
    this.reject(0, 'rate_limited');
    return false;
  }

  reject(tick: number, why: Reject): void {
    this.#rejected++;
    this.#rejects.set(why, tick);
  }

  /** His step has spawned these: his page may be drawing them already, under ids of its own. [T6] */
  spawned(tick: number, ids: readonly number[]): void {
    if (this.#state.name === 'playing') this.#spawned.push(encodeSpawned(tick, ids));
  }

  /** Sends what was spawned since the last tick, and what was rejected. */
  flush(): void {
    if (this.#spawned.length > 0) {
      for (const spawned of this.#spawned) this.channel?.send(spawned, 'shard');
      this.#spawned.length = 0;
    }
    this.#flushRejects();
  }

  /** Unless he was told a moment ago: then it goes with a later tick. */
  #flushRejects(): void {
    if (this.#rejects.size === 0 || this.#resting) return;
    for (const [why, tick] of this.#rejects) this.channel?.send(encodeReject(tick, why), 'shard');
    this.#rejects.clear();
    this.#resting = this.#clock.after(REJECTS_EVERY_MS, () => {
      this.#resting = undefined;
      // There may be no later tick.
      if (this.#eventDriven) this.#flushRejects();
    });
  }
}

/** The lane stands behind the fields of an input, so no field shows it. */
function lagOf(input: Row<Components>, lane: number): number {
  const { [TABLE]: table, [ROW]: row } = input as unknown as RowView;
  return table.columns[lane]!.values[row]!;
}

/** The view of an entity's position would follow whoever has its row. */
function copyOf(eye: Vec2 | Vec3): Vec2 | Vec3 {
  const plane = { x: bounded(eye.x), y: bounded(eye.y) };
  return 'z' in eye ? { ...plane, z: bounded(eye.z) } : plane;
}

/** What JSON can say, for a checkpoint. */
function bounded(value: number): number {
  return Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, value)) || 0;
}
