/**
 * A recorded stay in a shard, played again frame by frame as a page would: what came is decoded, the own ticks run, and
 * everything is read once as by a drawing loop. Time is that of the recording, so it runs as fast as it can. In Node and
 * in Chromium.
 */
import { Play } from '../shards/client/play.ts';
import { resolvePlay } from '../shards/client/play-settings.ts';
import type { ShardInfo } from '../shards/client/stay.ts';
import { KIND } from '../shards/core/frames.ts';
import { Reader } from '../src/base/bytes.ts';
import { type Clock, type Env, silentLog } from '../src/base/env.ts';
import { crowd, inputAt } from './netcode-crowd.ts';

const FRAME_MS = 1000 / 60;

export interface Recording {
  readonly info: ShardInfo;
  readonly frames: readonly { readonly ms: number; readonly payload: readonly number[] }[];
}

class ReplayClock implements Clock {
  nowMs = 0;
  #dueMs = Number.POSITIVE_INFINITY;
  #run = () => {};

  now(): number {
    return this.nowMs;
  }

  monotonic(): number {
    return this.nowMs;
  }

  /** One task at a time: that is all a stay has. */
  after(delayMs: number, run: () => void): () => void {
    this.#dueMs = this.nowMs + delayMs;
    this.#run = run;
    return () => {
      this.#dueMs = Number.POSITIVE_INFINITY;
    };
  }

  soon(run: () => void): void {
    this.after(0, run);
  }

  to(ms: number): void {
    while (this.#dueMs <= ms) {
      this.nowMs = Math.max(this.nowMs, this.#dueMs);
      this.#dueMs = Number.POSITIVE_INFINITY;
      this.#run();
    }
    this.nowMs = ms;
  }
}

export class Replay {
  readonly #clock = new ReplayClock();
  readonly #play: Play;
  readonly #due: { readonly ms: number; readonly payload: Uint8Array }[];
  #at = 0;
  #sum = 0;

  constructor({ info, frames }: Recording) {
    this.#due = frames.map(({ ms, payload }) => ({ ms, payload: Uint8Array.from(payload) }));
    this.#clock.nowMs = this.#due[0]!.ms;
    const env: Env = {
      clock: this.#clock,
      random: { next: () => 0.5, fill: (bytes) => bytes },
      log: silentLog,
    };
    const deps = { def: crowd as never, settings: resolvePlay(), send: () => {}, tell: () => {} };
    this.#play = new Play(env, deps, info);
  }

  get ended(): boolean {
    return this.#at >= this.#due.length;
  }

  /** What was drawn last, so that nothing is left out as unused. */
  get sum(): number {
    return this.#sum;
  }

  /** One drawn frame; true when something was decoded in it. */
  frame(): boolean {
    const untilMs = this.#clock.nowMs + FRAME_MS;
    let decoded = false;
    while (!this.ended && this.#due[this.#at]!.ms <= untilMs) {
      const { ms, payload } = this.#due[this.#at++]!;
      this.#clock.to(Math.max(ms, this.#clock.nowMs));
      const reader = new Reader(payload);
      if (reader.u8() !== KIND.frame) continue;
      this.#play.frame(reader);
      decoded = true;
    }
    this.#clock.to(untilMs);
    this.#play.input(inputAt(untilMs));
    this.draw();
    return decoded;
  }

  /** Moves all to a moment later, in which nothing has come; reads no field, for V8 boxes some of the numbers read. */
  drawAgain(): void {
    this.#clock.nowMs += 3;
    this.#sum += this.#play.entities.length;
  }

  draw(): void {
    const { entities } = this.#play;
    let sum = 0;
    for (let i = 0; i < entities.length; i++) {
      const { position, yaw } = entities[i] as never as { position: { x: number; z: number }; yaw: number };
      sum += position.x + position.z + yaw;
    }
    this.#sum = sum;
  }

  get drawn(): number {
    return this.#play.entities.length;
  }
}
