/** `ternion replay <app> <recording>`: what replay-recording.ts finds, in words. Part of plugin.ts. */
import type { PluginCommand } from '../../src/plugin/plugin.ts';
import type { AnyShardDef } from '../core/define-shard.ts';
import { replayRecording } from './replay-recording.ts';

/** `defs` by their names. */
export function replayCommand(defs: ReadonlyMap<string, AnyShardDef>): PluginCommand {
  return async (path) => {
    const report = await replayRecording(path, defs);
    const { shard, id, firstTick, lastTick, hashes, states, gaps, cut, divergence, verifiedTick } = report;
    const lines = [
      `${shard}/${id}, ticks ${firstTick} to ${lastTick}: ${hashes} hashes and ${states} states are equal`,
    ];
    if (cut) lines.push('the file has no end: the process was killed, or records still');
    if (gaps > 0)
      lines.push(`${gaps} gaps, where the process was too slow to record; after each it begins anew`);
    if (!divergence) return { ok: true, lines };
    lines.push(
      `DIFFERS at tick ${divergence.tick}: ${divergence.reason}; up to ${verifiedTick} all is equal`,
      ...report.differences,
    );
    return { ok: false, lines };
  };
}
