/**
 * Players of a sealed world, some of whom stop reading for a while, the server being asked what it holds before
 * (`begin`) and at the end of the pause (`end`). Prints what those saw who had stopped, from before the pause to
 * seconds after it.
 */
import type { ArenaOptions } from '../arena.ts';
import { rest, startBots, sumOf } from '../bots.ts';
import { openPlayerSystem } from '../open-player-system.ts';
import { pin } from '../pin.ts';

export interface PausedOptions {
  readonly url: string;
  readonly arena: ArenaOptions;
  /** How many stop reading. */
  readonly paused: number;
  readonly pauseMs: number;
}

export interface PausedResult {
  readonly torn: number;
  readonly duplicated: number;
  /** Frames per reader after the pause. */
  readonly framesAfter: number;
  /** Bytes per reader that had waited and came at once. */
  readonly waited: number;
}

const SETTLE_MS = 1500;
const AT_ONCE_MS = 200;
const AFTER_MS = 3000;

pin('load');
const { url, arena, paused, pauseMs }: PausedOptions = JSON.parse(process.argv[2] ?? '{}');
const bots = await startBots(await openPlayerSystem('ternion', url, arena), arena.players, paused);
const readers = bots.filter(({ decodes }) => decodes);
for (const bot of readers) bot.reset();
await rest(SETTLE_MS);
process.send?.('begin');
for (const { connection } of readers) connection!.pause(true);
await rest(pauseMs);
process.send?.('end');
const bytesBefore = sumOf(readers, ({ bytes }) => bytes);
const framesBefore = sumOf(readers, ({ seen }) => seen.frames);
for (const { connection } of readers) connection!.pause(false);
await rest(AT_ONCE_MS);
const waited = sumOf(readers, ({ bytes }) => bytes) - bytesBefore;
await rest(AFTER_MS);
const result: PausedResult = {
  torn: sumOf(readers, ({ seen }) => seen.torn),
  duplicated: sumOf(readers, ({ seen }) => seen.duplicated),
  framesAfter: (sumOf(readers, ({ seen }) => seen.frames) - framesBefore) / readers.length,
  waited: waited / readers.length,
};
console.log(JSON.stringify(result));
process.exit(0);
