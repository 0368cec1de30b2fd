/**
 * Shards: players on raw sockets in a second process, the server on the other core. CPU is that of the server's whole
 * process, bytes are those of WebSocket frames.
 */
import { join } from 'node:path';
import type { ArenaOptions } from './arena.ts';
import { ChildServer } from './child-server.ts';
import type { Sample, Workload } from './figure.ts';
import { runLoad } from './load.ts';
import type { PausedOptions, PausedResult } from './loads/paused-reader.ts';
import { colyseusInstalled, colyseusServerFile } from './open-player-system.ts';
import { type PlayerRun, runPlayers } from './player-run.ts';
import type { PlayerSystemName } from './player-system.ts';
import type { Usage } from './serve.ts';
import { worldOf } from './shard-world.ts';

const SECONDS = 5;
const SERVER = join(import.meta.dirname, 'shards-server.ts');
/** As docs/guides/running-shards.md recommends; the peer gets it too. */
const NODE_ARGS = ['--max-semi-space-size=16'];

/** A new server for each run. */
async function withServer<T>(
  { file, arena, nodeArgs = NODE_ARGS }: { file: string; arena: ArenaOptions; nodeArgs?: readonly string[] },
  run: (server: ChildServer) => Promise<T>,
): Promise<T> {
  const server = await ChildServer.start(file, arena, nodeArgs);
  try {
    return await run(server);
  } finally {
    await server.close();
  }
}

export function playOnce(system: PlayerSystemName, arena: ArenaOptions, seconds: number): Promise<PlayerRun> {
  const file = system === 'ternion' ? SERVER : colyseusServerFile;
  return withServer({ file, arena }, (server) => runPlayers(server, system, { arena, seconds }));
}

const UNITS = {
  rate: 'Hz',
  'lateness-p99': 'ms',
  'bytes-per-entity': 'B/tick',
  'bytes-per-player': 'B/tick',
  visible: 'entities',
  'cpu-per-player': 'us/tick',
  rss: 'MB',
  'load-cpu': '% of a core',
};

function figuresOf(name: string, run: PlayerRun, players: number): Sample {
  return {
    [`${name}.rate`]: run.rate,
    [`${name}.lateness-p99`]: run.latenessP99,
    [`${name}.bytes-per-entity`]: run.bytesPerEntity,
    [`${name}.bytes-per-player`]: run.bytes,
    [`${name}.visible`]: run.visible,
    [`${name}.cpu-per-player`]: run.cpuPerTick / players,
    [`${name}.rss`]: run.rssMb,
    [`${name}.load-cpu`]: run.loadCpu,
  };
}

function unitsOf(name: string): Record<string, string> {
  return Object.fromEntries(Object.entries(UNITS).map(([what, unit]) => [`${name}.${what}`, unit]));
}

function players(name: string, arena: ArenaOptions): Workload {
  const run = async () => figuresOf(name, await playOnce('ternion', arena, SECONDS), arena.players);
  return { units: unitsOf(name), run };
}

/** The same world with 1,000 players, on ours and on Colyseus in turns, where that is installed. */
function beside(): Workload {
  const name = 'shards.1000';
  const arena = worldOf(1000);
  const peer = `${name}.colyseus`;
  const hasPeer = colyseusInstalled();
  const units = { ...unitsOf(name) };
  if (hasPeer) {
    Object.assign(units, unitsOf(peer), { 'shards.cpu.vs-colyseus': 'x', 'shards.bytes.vs-colyseus': 'x' });
  }
  const run = async () => {
    const ours = await playOnce('ternion', arena, SECONDS);
    const sample = figuresOf(name, ours, arena.players);
    if (!hasPeer) return sample;
    const theirs = await playOnce('colyseus', arena, SECONDS);
    return {
      ...sample,
      ...figuresOf(peer, theirs, arena.players),
      'shards.cpu.vs-colyseus': theirs.cpuPerTick / ours.cpuPerTick,
      'shards.bytes.vs-colyseus': theirs.bytesPerEntity / ours.bytesPerEntity,
    };
  };
  return { units, run };
}

function pausedReader(): Workload {
  const name = 'shards.paused-reader';
  const arena = { ...worldOf(200), sealed: true };
  // So that what it holds can be told from what it has dropped.
  const nodeArgs = [...NODE_ARGS, '--expose-gc'];
  const run = () =>
    withServer({ file: SERVER, arena, nodeArgs }, async (server) => {
      const usages: Promise<Usage>[] = [];
      const options: PausedOptions = { url: server.url, arena, paused: 20, pauseMs: 5000 };
      const seen = await runLoad<PausedResult>('paused-reader', options, () => usages.push(server.usage()));
      const [before, after] = await Promise.all(usages);
      return {
        [`${name}.torn`]: seen.torn,
        [`${name}.duplicated`]: seen.duplicated,
        [`${name}.frames-after`]: seen.framesAfter,
        [`${name}.waited`]: seen.waited / 1024,
        [`${name}.memory`]: (after!.more.heldBytes! - before!.more.heldBytes!) / 1024 / options.paused,
      };
    });
  const units = {
    [`${name}.torn`]: 'entities',
    [`${name}.duplicated`]: 'frames',
    [`${name}.frames-after`]: 'frames in 3.2 s',
    [`${name}.waited`]: 'KB/reader',
    [`${name}.memory`]: 'KB/reader',
  };
  return { units, run };
}

export const shardsWorkloads: Record<string, () => Workload> = {
  'shards.1000': beside,
  'shards.2000': () => players('shards.2000', worldOf(2000)),
  'shards.2000-rings': () => players('shards.2000-rings', { ...worldOf(2000), rings: true }),
  'shards.3000': () => players('shards.3000', worldOf(3000)),
  'shards.all-visible-300': () => players('shards.all-visible-300', worldOf(300, 'all')),
  'shards.paused-reader': pausedReader,
};
