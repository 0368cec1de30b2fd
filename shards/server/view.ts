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
import type { Player } from '../core/player.ts';
import type { TextPool } from '../core/text-pool.ts';
import { Budget } from './budget.ts';
import { HAS, type Holding, STALE } from './frame-plan.ts';
import { Ladder, type LadderOptions, type Rung } from './ladder.ts';
import type { Feed } from './run.ts';
import type { Sight } from './sight.ts';

/** The streams of one frame of a player. */
export interface Outlook {
  readonly sight: Sight;
  /** By part of the tail; empty where the definition has none. */
  readonly tail: readonly (Feed | undefined)[];
}

/** Whose view it is: a Seat. */
export interface Viewer extends Player {
  /** The unseen player of a gallery: nothing is for him alone, or for his team. */
  readonly spectates?: boolean;
  /** What each frame says of his inputs. */
  readonly inputs: { readonly newest: number; readonly waiting: number };
}

export interface ViewDeps {
  readonly player: Viewer;
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
  readonly player: Viewer;
  /** Tells it from the other views of the shard. */
  readonly number: number;
  readonly inputs: Viewer['inputs'];
  readonly ladder: Ladder;
  readonly texts: KnownTexts;
  readonly budget: Budget | undefined;
  /** The row of his entity, or -1, its team, and the cell that he looks from. Kept by eyes.ts. */
  row = -1;
  team: number | undefined;
  place = PLACELESS;
  /** What his next frame shows; undefined while there is none to come. Kept by frame-maker.ts, as is the rest. */
  aim: Outlook | undefined;
  /** Where he stands among those who look through the same sight. */
  post = 0;
  /** What he holds, as of `frame`; 0 when he is to begin anew. */
  frame = 0;
  tick = 0;
  outlook: Outlook | undefined;
  marks: Uint8Array | undefined;
  /** Parts of the tail that he asked for again, a bit for each. */
  staleTail = 0;
  readonly #latest: LatestSlot;
  readonly #madeMs: ViewDeps['madeMs'];
  #putTick: number;
  #ackTick: number;
  /** Of the last frame that was put; -1 before the first. */
  #tag = -1;
  #onTime = true;
  readonly #patienceMs: number;
  /** When the oldest frame that he has not acknowledged was put. */
  #sinceMs = 0;

  /** `now`: when the player came, and the last tick computed then. */
  constructor(deps: ViewDeps, options: ViewOptions, now: { tick: number; nowMs: number }) {
    this.player = deps.player;
    this.number = deps.number;
    this.inputs = deps.player.inputs;
    this.#latest = deps.latest;
    this.#madeMs = deps.madeMs;
    this.ladder = new Ladder(options.ladder, now.nowMs);
    this.#patienceMs = this.ladder.patienceMs;
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
    this.#sinceMs = Math.max(this.#sinceMs, this.#madeMs(tick));
  }

  /** The rung on which he is now. */
  rung(nowMs: number): Rung {
    const waitedMs = this.#ackTick >= this.#putTick ? 0 : nowMs - this.#sinceMs;
    // Most players are in time, frame for frame.
    if (this.#onTime && waitedMs <= this.#patienceMs) return 'all';
    const rung = this.ladder.step(waitedMs, nowMs);
    this.#onTime = rung === 'all';
    return rung;
  }

  /** Whether a frame may be made: the one before has left, and the budget is not overdrawn. */
  ready(nowMs: number): boolean {
    this.budget?.fill(nowMs);
    if (this.ladder.rung === 'waiting' && this.#ackTick < this.#putTick) return false;
    if (this.#latest.sentTag < this.#tag) return false;
    return this.budget === undefined || this.budget.left > 0;
  }

  /** The frame that shows his aim was made: he holds that, but for the cells that `marks` names. */
  hold(frame: number, tick: number, marks: Uint8Array | undefined): void {
    this.frame = frame;
    this.tick = tick;
    this.marks = marks;
    this.outlook = this.aim;
    this.staleTail = 0;
  }

  /** The bytes of the frame that he holds now go to the slot. */
  put(frame: Parcel, nowMs: number): void {
    if (this.#ackTick >= this.#putTick) this.#sinceMs = nowMs;
    this.#putTick = this.tick;
    this.budget?.spend(frame.to - frame.from);
    this.#tag = this.tick;
    this.#latest.put(frame, this.#tag);
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
      this.staleTail |= 1 << part;
      return true;
    }
    const at = sight.feeds.findIndex((feed) => feed.stream.cell === stream);
    if (at === -1) return false;
    this.marks ??= new Uint8Array(sight.feeds.length);
    if (this.marks[at] === HAS) this.marks[at] = STALE;
    return true;
  }
}
