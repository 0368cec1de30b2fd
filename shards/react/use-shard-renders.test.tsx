// @vitest-environment happy-dom
import { act } from 'react';
import { createRoot } from 'react-dom/client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { arena } from '../../test/shards/arena.ts';
import { SimShards } from '../../test/shards/sim-shards.ts';
import { useShard } from './use-shard.ts';

beforeEach(() => vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true));
afterEach(() => vi.unstubAllGlobals());

test('a component renders again when what it has selected changes, and not with every frame', async () => {
  const start = [{ shard: 'arena', id: 'plaza', params: { bots: 3 } }];
  const sim = new SimShards({ arena }, { start });
  await sim.instance.start?.();
  const { handle } = await sim.join(arena, { userId: 'ann' }, { id: 'plaza' });
  const { world } = sim.directory.find(arena, 'plaza')!;
  const seen: { count: number; health: number | undefined }[] = [];
  const Score = () => {
    const picked = useShard(handle, ({ entities, me }) => ({ count: entities.length, health: me?.health }));
    if (picked) seen.push(picked);
    return null;
  };
  const root = createRoot(document.createElement('div'));
  await act(() => root.render(<Score />));
  const advance = (ms: number) => act(() => sim.env.clock.advance(ms));
  await advance(1000);
  const settled = seen.length;
  const { frames } = handle.stats;
  await advance(3000);
  expect(handle.stats.frames - frames).toBeGreaterThan(50);
  expect(seen.length).toBe(settled);
  world.get(handle.me!.id)!.health = 40;
  await advance(500);
  world.spawn({ kind: 'shot' });
  await advance(500);
  expect(seen.slice(settled)).toEqual([
    { count: 4, health: 40 },
    { count: 5, health: 40 },
  ]);
  await act(() => root.unmount());
  handle.leave();
});
