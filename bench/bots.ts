/**
 * Bots that play: each follows its script, 20 inputs a second, spread over the tick as those of real people are. A
 * few of them decode what they get. Made by the loads of the shard benchmarks.
 */
import { BotScript } from './bot-script.ts';
import type { PlayerConnection, PlayerSystem, Sight } from './player-system.ts';

const TICK_MS = 50;
/** Parts of a tick in which inputs leave. */
const SLICES = 10;
/** Joins under way at once. */
const JOINS = 50;

/** What was seen since the last `reset`. */
interface Seen {
  frames: number;
  entities: number;
  torn: number;
  duplicated: number;
}

export class Bot {
  readonly script: BotScript;
  readonly decodes: boolean;
  connection: PlayerConnection | undefined;
  seen: Seen = { frames: 0, entities: 0, torn: 0, duplicated: 0 };
  #bytesBefore = 0;
  #tick = 0;

  constructor(n: number, decodes: boolean) {
    this.script = new BotScript(n);
    this.decodes = decodes;
  }

  async join(players: PlayerSystem): Promise<void> {
    const frame = () => {
      this.seen.frames++;
    };
    const sight = (seen: Sight) => this.#saw(seen);
    this.connection = await players.join(this.decodes ? { frame, sight } : { frame });
  }

  /** Bytes that came in since the last `reset`. */
  get bytes(): number {
    return this.connection!.bytesIn - this.#bytesBefore;
  }

  reset(): void {
    this.seen = { frames: 0, entities: 0, torn: 0, duplicated: 0 };
    this.#bytesBefore = this.connection!.bytesIn;
  }

  #saw({ tick, entities, torn }: Sight): void {
    this.seen.entities += entities;
    this.seen.torn += torn;
    if (tick <= this.#tick) this.seen.duplicated++;
    this.#tick = tick;
  }
}

/** Joins so many, `decoding` of them evenly among them, and lets them play until the process ends. */
export async function startBots(players: PlayerSystem, count: number, decoding: number): Promise<Bot[]> {
  const every = decoding === 0 ? Number.POSITIVE_INFINITY : Math.max(1, Math.floor(count / decoding));
  const bots = Array.from({ length: count }, (_, n) => new Bot(n, n % every === every - 1));
  for (let i = 0; i < count; i += JOINS) {
    await Promise.all(bots.slice(i, i + JOINS).map((bot) => bot.join(players)));
  }
  const beginMs = performance.now();
  let slices = 0;
  setInterval(() => {
    const due = Math.floor(((performance.now() - beginMs) * SLICES) / TICK_MS);
    // What was missed while the process was busy is not sent all at once.
    slices = Math.max(slices, due - SLICES);
    for (; slices < due; slices++) {
      for (let i = slices % SLICES; i < count; i += SLICES) {
        const { script, connection } = bots[i]!;
        script.next();
        connection!.input(script);
      }
    }
  }, TICK_MS / SLICES);
  return bots;
}

export function sumOf(bots: readonly Bot[], value: (bot: Bot) => number): number {
  return bots.reduce((sum, bot) => sum + value(bot), 0);
}

export function rest(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
