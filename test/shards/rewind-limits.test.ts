/** What a client may say of what its player saw. */
import { expect, test } from 'vitest';
import { InputEncoder } from '../../shards/core/input-codec.ts';
import { LAG_PARTS } from '../../shards/core/rewind-plan.ts';
import { range } from './range.ts';
import { SimShards } from './sim-shards.ts';

const start = [{ shard: 'range', id: 'one' }];

/** A client that writes its own inputs. */
async function hostile() {
  const sim = new SimShards({ range }, { start });
  await sim.instance.start?.();
  const { world } = sim.directory.find(range, 'one')!;
  const eve = sim.client({ userId: 'eve', latencyMs: 1 });
  let closed = '';
  const channel = eve.channels.open(
    'shard',
    { shard: 'range', id: 'one' },
    {
      opened: () => {},
      frame: () => {},
      lost: () => {},
      closed: (fault) => {
        closed = fault.code;
      },
    },
  );
  await sim.env.clock.advance(2500);
  const table = range.inputType.table(1);
  const { values } = table.columns[table.lanes.length - 1]!;
  const me = world.entities.findLast((each) => !each.target)!.id;
  /** Tells `lag` with an input for the next tick but one; says what moment the server took. */
  const tell = async (lag: number) => {
    values[0] = lag;
    const tick = world.tick + 2;
    const header = { ackTick: 0, firstTick: tick, count: 1 };
    channel.send(new InputEncoder().encode(header, table, () => 0));
    await sim.env.clock.until(() => world.tick >= tick || closed !== '');
    return { seen: world.rewind(me).tick, tick };
  };
  return { tell, me, closedWith: () => closed, sim };
}

test('[T13] [N3] a liar sees the past no longer ago than the limit, never the future, and never an earlier moment again', async () => {
  const { tell } = await hostile();
  const { maxLag } = range.rewindPlan!;
  const oldest = await tell(maxLag);
  expect(oldest.seen).toBe(oldest.tick - 1 - 30);
  const newest = await tell(1);
  expect(newest.seen).toBe(newest.tick - 1 - 1 / LAG_PARTS);
  // One tick goes by without an input, which counts as made like the last. What he says then would be before that.
  const again = await tell(maxLag);
  expect(again.seen).toBe(newest.seen + 1);
  const silent = await tell(0);
  expect(silent.seen).toBe(again.seen);
});

test('[N1] a moment that no client can say closes the channel', async () => {
  const { tell, closedWith } = await hostile();
  await tell(range.rewindPlan!.maxLag + 1);
  expect(closedWith()).toBe('bad_message');
});

test('who has no seat, or has not said what he sees, sees the newest frame', async () => {
  const { sim, me } = await hostile();
  const { world } = sim.directory.find(range, 'one')!;
  expect(world.rewind(me).tick).toBe(world.tick);
  expect(world.rewind(world.entities[0]!.id).tick).toBe(world.tick);
  expect(world.rewind({ userId: null, name: null, roles: [], entityId: 0 }).tick).toBe(world.tick);
});
