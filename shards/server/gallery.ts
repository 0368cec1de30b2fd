/**
 * Spectators of one shard: they see what one unseen player sees, later. His frames are made once with all others,
 * kept for the delay, and given to everybody in the gallery; now and then he begins anew, so that who comes has a
 * frame to begin with. Owned by shard.ts.
 * [T14] A spectator is sent nothing younger than `delayMs`, nothing that is for one player or one team, and says
 * nothing. Memory is one list of frames of bounded bytes, however many look and however slowly: who falls behind, or
 * whose frames were dropped, goes on from the next beginning. [T5]
 *
 *   waiting --a beginning is old enough--> following --too far behind, frames dropped--> waiting
 */
import type { Cancel, Clock } from '../../src/base/env.ts';
import { Fault } from '../../src/base/fault.ts';
import { contentOf, HEAD_ROOM, type Parcel, parcelBehindRoom } from '../../src/base/parcel.ts';
import type { Channel } from '../../src/plugin/channel.ts';
import type { Spectating } from '../core/spectating.ts';
import type { FrameMaker } from './frame-maker.ts';
import type { AnyWorld } from './private-rows.ts';
import type { View, Viewer } from './view.ts';

/** What was sent to the unseen player in one tick. */
interface Kept {
  readonly madeMs: number;
  /** It builds on nothing. */
  readonly begins: boolean;
  readonly frame: Uint8Array | undefined;
  readonly events: Uint8Array | undefined;
}

interface Spectator {
  readonly channel: Channel;
  /** He knows that his channel is open: what comes sooner he would miss. */
  opened: boolean;
  /** The number of what he is to be sent next; undefined while he waits for a beginning. */
  next: number | undefined;
  /** The tag of the last frame that was put. */
  tag: number;
}

/** Nobody lets the unseen player down: he acknowledges nothing, and nothing waits for him. */
const PATIENT = {
  coarserAfterMs: Number.POSITIVE_INFINITY,
  nearerAfterMs: Number.POSITIVE_INFINITY,
  ackWindowMs: Number.POSITIVE_INFINITY,
  closeAfterMs: Number.POSITIVE_INFINITY,
  calmMs: 0,
};

export class Gallery {
  readonly #clock: Clock;
  readonly #world: AnyWorld;
  readonly #frames: FrameMaker;
  readonly #options: Required<Spectating>;
  readonly #spectators = new Map<Channel, Spectator>();
  /** In order; the first has the number `#first`. */
  readonly #kept: Kept[] = [];
  #first = 0;
  #bytes = 0;
  #view: View | undefined;
  #beganMs = Number.NEGATIVE_INFINITY;
  /** The frame of this tick. */
  #made: { bytes: Uint8Array; begins: boolean } | undefined;
  #begins = false;
  #timer: Cancel | undefined;
  /** The timer is for somebody who lags. */
  #retries = false;

  constructor(clock: Clock, deps: { world: AnyWorld; frames: FrameMaker }, options: Required<Spectating>) {
    this.#clock = clock;
    this.#world = deps.world;
    this.#frames = deps.frames;
    this.#options = options;
  }

  get size(): number {
    return this.#spectators.size;
  }

  /** Bytes of frames and events that are kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Throws Fault `overloaded` when the gallery is full. */
  admit(channel: Channel): void {
    if (this.#spectators.size >= this.#options.spectators)
      throw new Fault('overloaded', 'the gallery is full');
    this.#spectators.set(channel, { channel, opened: false, next: undefined, tag: -1 });
  }

  /** He knows that his channel is open. */
  opened(channel: Channel): void {
    const spectator = this.#spectators.get(channel);
    if (!spectator) return;
    spectator.opened = true;
    this.#hurry();
  }

  /** His copy differs: he begins anew. */
  resync(channel: Channel): void {
    const spectator = this.#spectators.get(channel);
    if (!spectator) return;
    spectator.next = undefined;
    this.#hurry(); // in an event-driven shard there may be no next frame
  }

  leave(channel: Channel): void {
    this.#spectators.delete(channel);
    if (this.#spectators.size === 0) this.#rest();
  }

  /** Before frames are made: the unseen player is there, and begins anew when that is due. */
  aim(): void {
    const nowMs = this.#clock.monotonic();
    if (this.#view && nowMs - this.#beganMs < this.#options.beginEveryMs) return;
    if (this.#view) this.#frames.end(this.#view);
    this.#beganMs = nowMs;
    this.#begins = true;
    const latest = { put: (frame: Parcel) => this.#take(frame), sentTag: Number.POSITIVE_INFINITY };
    this.#view = this.#frames.view(this.#unseen(), latest, PATIENT);
  }

  /** After frames were made: keeps what is new, and drops what nobody needs any more. */
  keep(events: Uint8Array | undefined): void {
    const made = this.#made;
    this.#made = undefined;
    if (made || events) {
      const kept = {
        madeMs: this.#clock.monotonic(),
        begins: made?.begins ?? false,
        frame: made?.bytes,
        events,
      };
      this.#kept.push(kept);
      this.#bytes += sizeOf(kept);
    }
    this.#drop();
    this.#arm();
  }

  close(told: Fault): void {
    this.#rest();
    for (const { channel } of [...this.#spectators.values()]) channel.close(told);
    this.#spectators.clear();
    this.#shed(this.#kept.length);
  }

  #unseen(): Viewer {
    const entityId = this.#options.camera(this.#world)?.id ?? 0;
    return {
      userId: null,
      name: null,
      roles: [],
      entityId,
      spectates: true,
      inputs: { newest: 0, waiting: 0 },
    };
  }

  /** The bytes are the frame maker's: it cuts frames of many players from one piece of memory. */
  #take(frame: Parcel): void {
    this.#made = { bytes: contentOf(frame).slice(), begins: this.#begins };
    this.#begins = false;
  }

  /** What is older than the last beginning that is old enough is not needed. */
  #drop(): void {
    this.#shed(this.#due().beginning ?? 0);
    while (this.#bytes > this.#options.bytes && this.#kept.length > 0) {
      const next = this.#kept.findIndex(({ begins }, i) => i > 0 && begins);
      this.#shed(next === -1 ? this.#kept.length : next);
    }
  }

  #shed(count: number): void {
    for (const kept of this.#kept.splice(0, count)) this.#bytes -= sizeOf(kept);
    this.#first += count;
  }

  /** How many are old enough, and where among them the last beginning is. */
  #due(): { count: number; beginning: number | undefined } {
    const dueMs = this.#clock.monotonic() - this.#options.delayMs;
    let count = 0;
    let beginning: number | undefined;
    for (; count < this.#kept.length && this.#kept[count]!.madeMs <= dueMs; count++)
      if (this.#kept[count]!.begins) beginning = count;
    return { count, beginning };
  }

  /** Until the next is old enough, or a slow socket may have taken the last. */
  #arm(): void {
    if (this.#timer || this.#spectators.size === 0) return;
    const { count, beginning } = this.#due();
    const lags = [...this.#spectators.values()].some(
      ({ opened, next }) =>
        opened && (next === undefined ? beginning !== undefined : next < this.#first + count),
    );
    const next = this.#kept[count];
    if (!lags && !next) return;
    const ageMs = next ? this.#options.delayMs - (this.#clock.monotonic() - next.madeMs) : 0;
    this.#retries = lags;
    this.#timer = this.#clock.after(lags ? RETRY_MS : ageMs, () => {
      this.#rest();
      this.#show();
      this.#arm();
    });
  }

  /** Somebody is to begin, and waits for no frame that is yet to become old enough. */
  #hurry(): void {
    if (this.#retries) return;
    this.#rest();
    this.#arm();
  }

  #rest(): void {
    this.#timer?.();
    this.#timer = undefined;
    this.#retries = false;
  }

  #show(): void {
    const { count, beginning } = this.#due();
    const from = beginning === undefined ? undefined : this.#first + beginning;
    for (const spectator of this.#spectators.values()) this.#send(spectator, this.#first + count, from);
  }

  /** Sends what is due, up to one frame: the next waits until that has left. */
  #send(spectator: Spectator, end: number, beginning: number | undefined): void {
    const { channel } = spectator;
    if (!spectator.opened || channel.latest.sentTag < spectator.tag) return;
    const isBehind = spectator.next === undefined || spectator.next < this.#first;
    // Further behind than the last beginning he would never catch up, frame by frame.
    if (beginning !== undefined && (isBehind || spectator.next! < beginning)) spectator.next = beginning;
    else if (isBehind) return;
    for (let sent = false; spectator.next! < end && !sent; spectator.next!++) {
      const { frame, events } = this.#kept[spectator.next! - this.#first]!;
      if (events) channel.send(events, 'shard');
      if (!frame) continue;
      const bytes = new Uint8Array(HEAD_ROOM + frame.length);
      bytes.set(frame, HEAD_ROOM);
      spectator.tag = spectator.next!;
      channel.latest.put(parcelBehindRoom(bytes), spectator.tag);
      sent = true;
    }
  }
}

/** How soon one who lags is sent his next frame, if the last one has left. */
const RETRY_MS = 10;

function sizeOf({ frame, events }: Kept): number {
  return (frame?.length ?? 0) + (events?.length ?? 0);
}
