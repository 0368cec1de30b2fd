/** The arena, with a note of the state's hash at the end of every tick, and of what players decoded. */

import { decodeKeyChunk } from '../../shards/core/cell-codec.ts';
import { decodeFrame, KIND } from '../../shards/core/frames.ts';
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
export function decodedStates(received: readonly Uint8Array[]): { tick: number; hash: string }[] {
  const snapshot = new Snapshot(arena.entityType);
  const states: { tick: number; hash: string }[] = [];
  for (const payload of received) {
    const reader = new Reader(payload);
    if (reader.u8() !== KIND.frame) continue;
    const frame = decodeFrame(reader);
    decodeKeyChunk(frame.cells[0]!.chunk, snapshot, arena.limits.entities);
    snapshot.tick = frame.tick;
    states.push({ tick: frame.tick, hash: snapshot.hash() });
  }
  return states;
}
