/**
 * What one player has been sent, and how he keeps up. Every frame builds on the one before it: none is made while
 * that one still waits in the latest slot, so none is ever replaced, and what he holds is what was last put.
 * [T5] A slow player is let down rung by rung (ladder.ts). While he waits he costs nothing; when he has
 * acknowledged everything he begins anew, with keys.
 *
 *   new --frame on nothing--> current --frame on the one before--> current
 *    '------he waits, or left------'
 */
import { Fault } from '../../src/base/fault.ts';
import type { Parcel } from '../../src/base/parcel.ts';
import type { LatestSlot } from '../../src/plugin/channel.ts';
import { TAIL_PARTS, type TailPart } from '../core/frames.ts';
import { PLACELESS } from '../core/interest.ts';
import { KnownTexts } from '../core/known-texts.ts';
import type { TextPool } from '../core/text-pool.ts';
import { Budget } from './budget.ts';
import { HAS, type Holding, STALE } from './frame-plan.ts';
import { Ladder, type LadderOptions, type Rung } from './ladder.ts';
import type { Feed } from './run.ts';
import type { Sight } from './sight.ts';

/** The streams of one frame of a player. */
export interface Outlook {
  readonly sight: Sight;
  /** Whether his entity was there, and its team. */
  readonly here: boolean;
  readonly team: number | undefined;
  /** By part of the tail. */
  readonly tail: readonly (Feed | undefined)[];
}

export interface ViewDeps {
  readonly number: number;
  readonly latest: LatestSlot;
  readonly texts: TextPool;
  /** When the frame of a tick was made. */
  madeMs(tick: number): number;
}

export interface ViewOptions {
  readonly ladder: LadderOptions;
  /** 0: no limit. */
  readonly bytesPerSecond: number;
}

export class View implements Holding {
  /** Tells it from the other views of the shard. */
  readonly number: number;
  readonly ladder: Ladder;
  readonly texts: KnownTexts;
  readonly budget: Budget | undefined;
  /** The cell that he looks from: of his entity, as long as there is one. */
  place = PLACELESS;
  /** What he holds, as of `frame`; 0 when he is to begin anew. */
  frame = 0;
  tick = 0;
  outlook: Outlook | undefined;
  marks: Uint8Array | undefined;
  /** Parts of the tail that he asked for again. */
  readonly staleTail: boolean[] = TAIL_PARTS.map(() => false);
  /** What the frame that is being made shows; undefined when none is made for him. */
  next: Outlook | undefined;
  readonly #deps: ViewDeps;
  #putTick: number;
  #ackTick: number;
  /** Of the last frame that was put; -1 before the first. */
  #tag = -1;
  /** When the oldest frame that he has not acknowledged was put. */
  #sinceMs = 0;

  /** `now`: when the player came, and the last tick computed then. */
  constructor(deps: ViewDeps, options: ViewOptions, now: { tick: number; nowMs: number }) {
    this.#deps = deps;
    this.number = deps.number;
    this.ladder = new Ladder(options.ladder, now.nowMs);
    this.texts = new KnownTexts(deps.texts);
    this.budget = options.bytesPerSecond > 0 ? new Budget(options.bytesPerSecond, now.nowMs) : undefined;
    this.#putTick = now.tick;
    this.#ackTick = now.tick;
  }

  /** The newest frame that the player has acknowledged. */
  get ackTick(): number {
    return this.#ackTick;
  }

  /** Throws Fault `bad_message` for a frame that was never sent. */
  ack(tick: number): void {
    if (tick > this.#putTick) throw new Fault('bad_message', `frame ${tick} was never sent`);
    if (tick <= this.#ackTick) return;
    this.#ackTick = tick;
    this.#sinceMs = Math.max(this.#sinceMs, this.#deps.madeMs(tick));
  }

  /** The rung on which he is now. */
  rung(nowMs: number): Rung {
    return this.ladder.step(this.#ackTick >= this.#putTick ? 0 : nowMs - this.#sinceMs, nowMs);
  }

  /** Whether a frame may be made: the one before has left, and the budget is not overdrawn. */
  ready(nowMs: number): boolean {
    this.budget?.fill(nowMs);
    if (this.ladder.rung === 'waiting' && this.#ackTick < this.#putTick) return false;
    if (this.#deps.latest.sentTag < this.#tag) return false;
    return this.budget === undefined || this.budget.left > 0;
  }

  /** The frame that shows `next` was made: he holds that, but for the cells that `marks` names. */
  hold(frame: number, tick: number, marks: Uint8Array | undefined): void {
    this.frame = frame;
    this.tick = tick;
    this.marks = marks;
    this.outlook = this.next;
    this.next = undefined;
    this.staleTail.fill(false);
  }

  /** The bytes of the frame that he holds now go to the slot. */
  put(frame: Parcel, nowMs: number): void {
    if (this.#ackTick >= this.#putTick) this.#sinceMs = nowMs;
    this.#putTick = this.tick;
    this.budget?.spend(frame.to - frame.from);
    this.#tag = this.tick;
    this.#deps.latest.put(frame, this.#tag);
  }

  /** He begins anew. */
  forget(): void {
    this.frame = 0;
    this.outlook = undefined;
    this.marks = undefined;
  }

  /** His copy of a stream differs: he is sent a key with its next step. False: he has no such stream. */
  resync(stream: number | TailPart): boolean {
    if (!this.outlook) return false;
    const { sight, tail } = this.outlook;
    if (typeof stream !== 'number') {
      const part = TAIL_PARTS.indexOf(stream);
      if (!tail[part]) return false;
      this.staleTail[part] = true;
      return true;
    }
    const at = sight.feeds.findIndex((feed) => feed.stream.cell === stream);
    if (at === -1) return false;
    this.marks ??= new Uint8Array(sight.feeds.length);
    if (this.marks[at] === HAS) this.marks[at] = STALE;
    return true;
  }
}
