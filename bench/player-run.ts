/** One run of players on one server: what the load saw, and what the server used meanwhile. */
import type { ArenaOptions } from './arena.ts';
import type { ChildServer } from './child-server.ts';
import { runLoad } from './load.ts';
import type { PlayersOptions, PlayersResult } from './loads/players.ts';
import type { PlayerSystemName } from './player-system.ts';
import type { Usage } from './serve.ts';

export interface PlayerRun extends PlayersResult {
  /** Ticks of the server in a second. */
  readonly ticksPerSecond: number;
  readonly latenessP99: number;
  /** CPU of the server's whole process per tick, in microseconds. */
  readonly cpuPerTick: number;
  readonly rssMb: number;
}

const SAMPLES = 24;

export async function runPlayers(
  server: ChildServer,
  system: PlayerSystemName,
  run: { readonly arena: ArenaOptions; readonly seconds: number },
): Promise<PlayerRun> {
  const usages: Promise<Usage>[] = [];
  const options: PlayersOptions = { system, url: server.url, samples: SAMPLES, ...run };
  const seen = await runLoad<PlayersResult>('players', options, () => usages.push(server.usage()));
  const [before, after] = await Promise.all(usages);
  const { ticks, rate, latenessP99 } = after!.more;
  return {
    ...seen,
    ticksPerSecond: rate!,
    latenessP99: latenessP99!,
    cpuPerTick: (after!.cpuUs - before!.cpuUs) / ticks!,
    rssMb: after!.rss / (1 << 20),
  };
}
