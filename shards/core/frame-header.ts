/**
 * The head of a frame: the moment, what it builds on, and which parts follow. Normative: docs/wire.md.
 *
 *   flags u8: inputs that wait in the low 4 bits, then HAS_TEXTS, HAS_CHANGES, HAS_TAIL, STEADY
 *   | unless STEADY: frames since the base, 0 when there is none; then the number of the frame; ticks since the base
 *   | newestInput: 0 for none, else zigzag of the difference to the tick, and 1 more
 *
 * Written by FrameWriter. [N1] Whatever the bytes are, numbers come out whole and the frame after its base.
 */
import type { Reader } from '../../src/base/bytes.ts';
import { Fault } from '../../src/base/fault.ts';

export interface FrameHeader {
  /** Counts the frames of the shard, from 1. */
  readonly frame: number;
  /** The tick whose state this is. */
  readonly tick: number;
  /** The frame that this one builds on; 0: on none, the client forgets what it holds. */
  readonly base: number;
  readonly baseTick: number;
  /** The newest tick for which an input of this player has arrived, in time or not; 0 before the first. */
  readonly newestInput: number;
  /** Inputs that wait for their tick; MAX_WAITING stands for more, too. */
  readonly waiting: number;
}

export const MAX_WAITING = 15;

/** A frame builds on one that is at most so many frames older: a client makes up for the steps between one by one. */
export const MAX_BACK = 1024;

/** Bits of the flags above those of `waiting`. */
export const HAS_TEXTS = 16;
export const HAS_CHANGES = 32;
export const HAS_TAIL = 64;
/** It builds on the frame before it, and no tick was skipped. */
export const STEADY = 128;

/** The last frame that the client had; zeros before the first. */
export interface LastFrame {
  readonly frame: number;
  readonly tick: number;
}

/** `reader` stands behind the kind; `everyTicks` is the definition's `snapshotEvery`. */
export function decodeFrameHeader(
  reader: Reader,
  last: LastFrame,
  everyTicks: number,
): FrameHeader & { readonly flags: number } {
  const flags = reader.u8();
  const steady = (flags & STEADY) !== 0;
  const back = steady ? 1 : reader.varuint();
  if (back > MAX_BACK || (back > 0 && last.frame === 0)) {
    throw new Fault('bad_message', 'a frame builds on one that never came');
  }
  const base = back === 0 ? 0 : last.frame;
  const frame = back === 0 ? reader.varuint() : base + back;
  const ticks = steady ? everyTicks : reader.varuint();
  const tick = back === 0 ? ticks : last.tick + ticks;
  const code = reader.varuint();
  const zigzag = code - 1;
  const newestInput = code === 0 ? 0 : tick + (zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2);
  const whole =
    Number.isSafeInteger(frame) && Number.isSafeInteger(tick) && Number.isSafeInteger(newestInput);
  if (!whole || frame <= last.frame || tick <= last.tick || newestInput < 0) {
    throw new Fault('bad_message', 'a frame out of order');
  }
  return { frame, tick, base, baseTick: base === 0 ? 0 : last.tick, newestInput, waiting: flags & 15, flags };
}
