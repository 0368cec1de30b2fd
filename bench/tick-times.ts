/** When the ticks of a server ran, and how late each was. */
import { quantile } from './figure.ts';

export class TickTimes {
  readonly #tickMs: number;
  #atMs: number[] = [];
  #ticks: number[] = [];

  constructor(tickMs: number) {
    this.#tickMs = tickMs;
  }

  add(tick: number): void {
    this.#atMs.push(performance.now());
    this.#ticks.push(tick);
  }

  /**
   * Of the ticks since the last call: how many, how many a second, and their lateness. A tick is due one tick length
   * after the one before it, counted from the one that was least late: time that a server drops is lateness too.
   */
  take(): { ticks: number; rate: number; latenessP50: number; latenessP99: number; latenessMax: number } {
    const [atMs, ticks] = [this.#atMs, this.#ticks];
    this.#atMs = [];
    this.#ticks = [];
    const offsets = atMs.map((ms, i) => ms - (ticks[i]! - ticks[0]!) * this.#tickMs).sort((a, b) => a - b);
    const late = (q: number) => (offsets.length === 0 ? 0 : quantile(offsets, q) - offsets[0]!);
    const seconds = (atMs.at(-1)! - atMs[0]!) / 1000;
    return {
      ticks: ticks.length,
      rate: ticks.length < 2 ? 0 : (ticks.length - 1) / seconds,
      latenessP50: late(0.5),
      latenessP99: late(0.99),
      latenessMax: late(1),
    };
  }
}
