/**
 * A player's place in a shard: who he is, his entity, his inputs, and the channel he is on. The seat outlives
 * a lost connection by the grace time, so that he gets his entity back.
 *
 *   joining --opened--> playing --connection lost--> vacant --joins again--> joining
 *      '--------------------------------------------^   |
 *   any --leave, refused, grace over--> left <----------'
 */
import type { Reader } from '../../src/base/bytes.ts';
import type { Cancel, Clock } from '../../src/base/env.ts';
import { Fault } from '../../src/base/fault.ts';
import { RateLimit } from '../../src/base/rate-limit.ts';
import { Ring } from '../../src/base/ring.ts';
import type { Channel } from '../../src/plugin/channel.ts';
import type { Session } from '../../src/plugin/session.ts';
import type { Components } from '../core/component.ts';
import type { AnyShardDef } from '../core/define-shard.ts';
import { encodeReject, type Reject } from '../core/frames.ts';
import { decodeInputHeader } from '../core/input-codec.ts';
import type { Player } from '../core/player.ts';
import type { Row } from '../core/record-type.ts';
import { InputBuffer } from './input-buffer.ts';
import type { SeatOwner } from './shard-state.ts';
import type { View } from './view.ts';

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

export class Seat implements Player {
  entityId = 0;
  /** Counts the seats of its shard from 1. */
  readonly number: number;
  readonly clientId: string;
  readonly inputs: InputBuffer<Components>;
  /** Messages that wait for the next tick. */
  readonly messages: Ring<Message>;
  #viewer: Session['viewer'];
  #state: SeatState;
  #rejected = 0;
  readonly #eventDriven: boolean;
  readonly #inputRate: RateLimit;
  readonly #messageRate: RateLimit;
  /** Rejections since the last tick, the newest of each kind: however many come, so many go. */
  readonly #rejects = new Map<Reject, number>();

  constructor(clock: Clock, def: AnyShardDef, { channel, number }: { channel: Channel; number: number }) {
    const { limits } = def;
    this.number = number;
    this.#eventDriven = def.eventDriven;
    this.clientId = channel.session.clientId;
    this.#viewer = channel.session.viewer;
    this.#state = { name: 'joining', channel };
    this.inputs = new InputBuffer(def.inputType, limits);
    this.messages = new Ring(limits.messagesPerSecond);
    const perSecond = limits.inputsPerSecond;
    this.#inputRate = new RateLimit(clock, { perSecond, burst: Math.max(1, perSecond / 2) });
    const messages = limits.messagesPerSecond;
    this.#messageRate = new RateLimit(clock, { perSecond: messages, burst: messages });
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
    return { clientId: this.clientId, viewer: { userId, kind, roles: [...roles], name } };
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
    if (state.name !== 'playing') this.inputs.clear();
    this.#state = state;
  }

  /** Whether something came that is for the next tick, or an answer goes with it. */
  get waits(): boolean {
    return this.inputs.waiting > 0 || this.messages.size > 0 || this.#rejects.size > 0;
  }

  /** An input frame, while `tick` is the last one computed. Throws Fault `bad_message`. [T4] */
  input(reader: Reader, tick: number): void {
    if (this.#state.name !== 'playing')
      throw new Fault('bad_message', 'an input before the channel was opened');
    const header = decodeInputHeader(reader);
    this.#state.view.ack(header.ackTick);
    if (!this.#inputRate.take()) return this.reject(header.firstTick, 'rate_limited');
    const now = this.#eventDriven ? this.inputs.taken : tick;
    this.inputs.receive(reader, header, now, (of, why) => this.reject(of, why));
  }

  /** The input for this tick; in an event-driven shard the next one that waits, if there is one. */
  take(tick: number): Row<Components> | undefined {
    return this.#eventDriven ? this.inputs.takeNext() : this.inputs.take(tick);
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

  /** Sends what was rejected since the last tick. */
  flushRejects(): void {
    if (this.#rejects.size === 0) return;
    for (const [why, tick] of this.#rejects) this.channel?.send(encodeReject(tick, why), 'shard');
    this.#rejects.clear();
  }
}
