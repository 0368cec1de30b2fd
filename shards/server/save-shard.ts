/** A shard's state as bytes: copied at once, between two ticks, and written over as many turns as it takes. [T3] */
import type { Clock } from '../../src/base/env.ts';
import { Fault } from '../../src/base/fault.ts';
import type { Shard } from './shard.ts';
import type { SavedShard } from './shard-host.ts';
import { encodeState } from './state-codec.ts';

/** Rejects with Fault `unavailable` when the shard has stopped. */
export async function saveShard(clock: Clock, shard: Shard): Promise<SavedShard> {
  if (!shard.running) throw new Fault('unavailable', 'the shard has stopped');
  const state = shard.state();
  const slices = encodeState(state);
  for (;;) {
    const { done, value } = slices.next();
    if (done) return { bytes: value, tick: state.world.tick, batch: state.batch };
    await new Promise<void>((resolve) => clock.soon(resolve));
  }
}
