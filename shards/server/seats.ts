/**
 * The seats of a shard: those of players who are here, and those kept for players who may come back. Owned by
 * shard.ts, which runs the functions of the definition when somebody comes or goes.
 */
import type { Clock } from '../../src/base/env.ts';
import { Fault } from '../../src/base/fault.ts';
import type { Channel } from '../../src/plugin/channel.ts';
import type { Components } from '../core/component.ts';
import type { AnyShardDef } from '../core/define-shard.ts';
import type { TailPart } from '../core/frames.ts';
import type { ShardCounts } from './counts.ts';
import type { EventPace } from './event-pace.ts';
import type { FrameMaker } from './frame-maker.ts';
import type { LadderOptions } from './ladder.ts';
import { Seat, type SeatState } from './seat.ts';
import { SharedInputs } from './shared-inputs.ts';

interface SeatsDeps {
  readonly clock: Clock;
  readonly def: AnyShardDef;
  readonly frames: FrameMaker;
  /** Of an event-driven shard. */
  readonly pace: EventPace | undefined;
  readonly counts: ShardCounts;
}

export interface SeatsOptions {
  /** How long the seat of a lost connection is kept. */
  readonly graceMs: number;
  /** What becomes of slow players. */
  readonly ladder: LadderOptions;
}

export class Seats {
  /** In order of their coming. */
  readonly all: ReadonlySet<Seat>;
  readonly #seats = new Set<Seat>();
  readonly #deps: SeatsDeps;
  readonly #inputs: SharedInputs<Components>;
  readonly #options: SeatsOptions;

  constructor(deps: SeatsDeps, options: SeatsOptions) {
    this.all = this.#seats;
    this.#deps = deps;
    this.#options = options;
    this.#inputs = new SharedInputs(deps.def.inputType);
  }

  /** A seat that is not among the others yet. Throws Fault `overloaded`. */
  vacant(channel: Channel, number: number): Seat {
    const { clock, def } = this.#deps;
    if (this.#seats.size >= def.limits.players) throw new Fault('overloaded', 'the shard is full');
    return new Seat(clock, { def, inputs: this.#inputs }, { channel, number });
  }

  /** One that there was before. */
  restored(channel: Channel, number: number): Seat {
    const { clock, def } = this.#deps;
    const seat = new Seat(clock, { def, inputs: this.#inputs }, { channel, number });
    this.add(seat);
    return seat;
  }

  add(seat: Seat): void {
    this.#seats.add(seat);
  }

  /** The player in the seat he had, if it is kept or his old connection of the same page still hangs. */
  again(channel: Channel): Seat | undefined {
    const kept = this.#keptFor(channel);
    if (!kept) return undefined;
    const old = kept.channel;
    kept.identify(channel.session.viewer);
    this.#to(kept, { name: 'joining', channel });
    old?.close(new Fault('conflict', 'joined again from the same page'));
    return kept;
  }

  /** False: he plays already, or is gone. */
  play(seat: Seat): boolean {
    const { state } = seat;
    if (state.name !== 'joining') return false;
    const { frames } = this.#deps;
    const view = frames.view(seat, state.channel.latest, this.#options.ladder);
    this.#to(seat, { name: 'playing', channel: state.channel, view });
    return true;
  }

  /** The player's copy of a cell differs: it comes whole with its next step. */
  resync(seat: Seat, stream: number | TailPart): void {
    if (seat.state.name === 'playing' && seat.state.view.resync(stream)) this.#deps.counts.desyncs++;
  }

  /** Keeps the seat for the grace time, if somebody can come back to it; then, or at once, he is `gone`. */
  vacate(seat: Seat, gone: () => void): void {
    const { graceMs } = this.#options;
    if (seat.userId === null || graceMs === 0) return gone();
    this.#to(seat, { name: 'vacant', cancel: this.#deps.clock.after(graceMs, gone) });
  }

  /** False when it is not among the others any more. */
  remove(seat: Seat): boolean {
    if (!this.#seats.delete(seat)) return false;
    this.#to(seat, { name: 'left' });
    this.#deps.counts.inputsRejected += seat.rejected;
    return true;
  }

  /** The shard has stopped: all are gone, and are told. */
  close(told: Fault): void {
    for (const seat of [...this.#seats]) {
      const { channel } = seat;
      this.remove(seat);
      channel?.close(told);
    }
  }

  /** The seat's next state; what its view held is given back. */
  #to(seat: Seat, state: SeatState): void {
    const { frames, pace } = this.#deps;
    if (seat.state.name === 'playing') frames.end(seat.state.view);
    pace?.gone(seat);
    seat.to(state);
  }

  #keptFor(channel: Channel): Seat | undefined {
    const { viewer, clientId } = channel.session;
    if (viewer.userId === null) return undefined;
    let vacant: Seat | undefined;
    for (const seat of this.#seats) {
      if (seat.userId !== viewer.userId) continue;
      if (seat.clientId === clientId) return seat;
      if (seat.state.name === 'vacant') vacant ??= seat;
    }
    return vacant;
  }
}
