/** Players of a shard. Says `begin` and `end` around the time that counts and prints what came in. */
import type { ArenaOptions } from '../arena.ts';
import { rest, startBots, sumOf } from '../bots.ts';
import { openPlayerSystem } from '../open-player-system.ts';
import { pin } from '../pin.ts';
import type { PlayerSystemName } from '../player-system.ts';

export interface PlayersOptions {
  readonly system: PlayerSystemName;
  readonly url: string;
  readonly arena: ArenaOptions;
  readonly seconds: number;
  /** How many decode. */
  readonly samples: number;
}

export interface PlayersResult {
  /** Frames per player and second. */
  readonly rate: number;
  /** Bytes per player and frame, heads of WebSocket frames included. */
  readonly bytes: number;
  /** Of those who decode: entities in sight, and bytes per entity and frame. */
  readonly visible: number;
  readonly bytesPerEntity: number;
  readonly duplicated: number;
  /** The load's own CPU, in percent of a core. */
  readonly loadCpu: number;
}

const SETTLE_MS = 1500;

pin('load');
const { system, url, arena, seconds, samples }: PlayersOptions = JSON.parse(process.argv[2] ?? '{}');
const bots = await startBots(await openPlayerSystem(system, url, arena), arena.players, samples);
await rest(SETTLE_MS);
process.send?.('begin');
for (const bot of bots) bot.reset();
const cpuBefore = process.cpuUsage();
const startMs = performance.now();
await rest(seconds * 1000);
const elapsedMs = performance.now() - startMs;
const cpu = process.cpuUsage(cpuBefore);
const frames = sumOf(bots, ({ seen }) => seen.frames);
const decoding = bots.filter(({ decodes }) => decodes);
const entities = sumOf(decoding, ({ seen }) => seen.entities);
const result: PlayersResult = {
  rate: (frames / bots.length / elapsedMs) * 1000,
  bytes: sumOf(bots, ({ bytes }) => bytes) / frames,
  visible: entities / sumOf(decoding, ({ seen }) => seen.frames),
  bytesPerEntity: sumOf(decoding, ({ bytes }) => bytes) / entities,
  duplicated: sumOf(decoding, ({ seen }) => seen.duplicated),
  loadCpu: ((cpu.user + cpu.system) / 1000 / elapsedMs) * 100,
};
process.send?.('end', () => {
  console.log(JSON.stringify(result));
  process.exit(0);
});
