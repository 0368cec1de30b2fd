/**
 * What one player has been sent. A frame that is replaced in the latest slot before it left was never sent:
 * the next one builds on the last that was really handed to the socket. [T2]
 * [T5] Frames stop while the player is behind in acknowledging; then what he gets builds on what he has.
 */
import { Fault } from '../../src/base/fault.ts';
import type { LatestSlot } from '../../src/plugin/channel.ts';
import { KnownTexts } from '../core/known-texts.ts';
import type { TextPool } from '../core/text-pool.ts';

interface Put {
  readonly frame: number;
  readonly tick: number;
  /** Places of the texts that it tells of. */
  readonly places: readonly number[];
}

const NONE: Put = { frame: 0, tick: 0, places: [] };

export class View {
  readonly texts: KnownTexts;
  /** His copy differs: he needs a key. */
  stale = false;
  readonly #latest: LatestSlot;
  readonly #windowTicks: number;
  #sent = NONE;
  #put = NONE;
  #putTick: number;
  #ackTick: number;

  /** `now` is the last tick computed when the player came. */
  constructor(latest: LatestSlot, texts: TextPool, of: { windowTicks: number; now: number }) {
    this.#latest = latest;
    this.texts = new KnownTexts(texts);
    this.#windowTicks = of.windowTicks;
    this.#putTick = of.now;
    this.#ackTick = of.now;
  }

  /** The newest frame that the player has acknowledged. */
  get ackTick(): number {
    return this.#ackTick;
  }

  /** Throws Fault `bad_message` for a frame that was never sent. */
  ack(tick: number): void {
    if (tick > this.#putTick) throw new Fault('bad_message', `frame ${tick} was never sent`);
    this.#ackTick = Math.max(this.#ackTick, tick);
  }

  /** Whether a frame of `tick` may be sent: all is acknowledged, or what is not is still young. */
  open(tick: number): boolean {
    if (this.#latest.unsure) return false;
    return this.#ackTick >= this.#putTick || tick - this.#ackTick <= this.#windowTicks;
  }

  /** The last frame that was sent; frame 0 before the first. What was put after it is forgotten. */
  base(): { frame: number; tick: number } {
    if (this.#latest.sentTag === this.#put.tick) this.#sent = this.#put;
    else for (const place of this.#put.places) this.texts.remove(place);
    this.#put = NONE;
    return this.#sent;
  }

  put(bytes: Uint8Array, put: Put): void {
    this.#put = put;
    this.#putTick = put.tick;
    this.#latest.put(bytes, put.tick);
  }
}
