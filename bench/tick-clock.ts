/**
 * A clock of 1 kHz on this thread: how late each of its ticks comes, and how much this thread computed since the one
 * before. What is late without having been computed here is the work of other threads and processes on the machine.
 */
import { quantile } from './figure.ts';

const PERIOD_MS = 1;
const EDGES_MS = [1, 2, 5, 10, 20, 50, 100];

interface Tick {
  readonly lateMs: number;
  readonly cpuMs: number;
}

export interface Lateness {
  readonly p99: number;
  readonly max: number;
  /** The most that this thread computed between two ticks. */
  readonly cpu: number;
}

export class TickClock {
  readonly #ticks = new Map<string, Tick[]>();
  readonly #timer = setInterval(() => this.#tick(), PERIOD_MS);
  #part: string | undefined;
  #lastMs = performance.now();
  #cpu = process.threadCpuUsage();

  /** From now on ticks count as of this part; none do without one. */
  begin(part: string | undefined): void {
    this.#part = part;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  of(parts: readonly string[]): Lateness {
    const ticks = parts.flatMap((part) => this.#ticks.get(part) ?? []);
    const late = ticks.map(({ lateMs }) => lateMs).sort((a, b) => a - b);
    const cpu = ticks.reduce((most, { cpuMs }) => Math.max(most, cpuMs), 0);
    return { p99: quantile(late, 0.99), max: late.at(-1)!, cpu };
  }

  /** One line for each part, of how many of its ticks were how late. */
  histogram(): string {
    const heads = [...EDGES_MS.map((edge) => `<${edge} ms`), 'more'];
    const line = (head: string, cells: readonly unknown[]) =>
      head.padEnd(16) + cells.map((cell) => String(cell).padStart(9)).join('');
    const lines = [line('ticks late by', heads)];
    for (const [part, ticks] of this.#ticks) {
      const counts = new Array<number>(heads.length).fill(0);
      for (const { lateMs } of ticks) {
        const bucket = EDGES_MS.findIndex((edge) => lateMs < edge);
        counts[bucket === -1 ? EDGES_MS.length : bucket]!++;
      }
      lines.push(line(part, counts));
    }
    return lines.join('\n');
  }

  #tick(): void {
    const now = performance.now();
    const { user, system } = process.threadCpuUsage(this.#cpu);
    if (this.#part) {
      const ticks = this.#ticks.get(this.#part) ?? [];
      this.#ticks.set(this.#part, ticks);
      const lateMs = Math.max(0, now - this.#lastMs - PERIOD_MS);
      ticks.push({ lateMs, cpuMs: (user + system) / 1000 });
    }
    this.#lastMs = now;
    this.#cpu = process.threadCpuUsage();
  }
}
