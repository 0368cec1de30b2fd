/** The arena, with a note of the state's hash at the end of every tick, and of what players decoded. */
import { CellReplica } from '../../shards/core/cell-replica.ts';
import { KIND } from '../../shards/core/frames.ts';
import { defineShard } from '../../shards/core/index.ts';
import { Snapshot } from '../../shards/core/snapshot.ts';
import { Reader } from '../../src/base/bytes.ts';
import { arena } from './arena.ts';

export function recordedArena() {
  /** By tick. */
  const hashes = new Map<number, string>();
  const def = defineShard({
    ...arena,
    tick(world, dtSeconds) {
      arena.tick?.(world, dtSeconds);
      hashes.set(world.tick, world.hash());
    },
  });
  return { def, hashes };
}

/** The tick and the hash of each state that was received, in order of arrival. */
export function decodedStates(
  received: readonly Uint8Array[],
  everyTicks = arena.snapshotEvery,
): { tick: number; hash: string }[] {
  const replica = new CellReplica(arena.layouts, {
    maxEntities: arena.limits.entities,
    everyTicks,
  });
  const snapshot = new Snapshot(arena.entityType);
  const states: { tick: number; hash: string }[] = [];
  for (const payload of received) {
    const reader = new Reader(payload);
    if (reader.u8() !== KIND.frame) continue;
    replica.apply(reader);
    replica.fill(snapshot);
    states.push({ tick: snapshot.tick, hash: snapshot.hash() });
  }
  return states;
}
