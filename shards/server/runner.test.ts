import { expect, test } from 'vitest';
import { simEnv } from '../../src/testing/sim-env.ts';
import { c } from '../core/components.ts';
import { defineShard } from '../core/define-shard.ts';
import { DEFAULT_SHARDS_OPTIONS, threadOptions } from './options.ts';
import { Runner } from './runner.ts';
import { stateBytes } from './state-codec.ts';

const def = defineShard({
  name: 'counter',
  tickRate: 10,
  components: { n: c.uint({ max: 9 }) },
  input: c.struct({ add: c.bool() }),
  authorize: () => true,
  start: (world) => void world.spawn(),
  step() {},
});

test('[T3] [T7] a state that does not fit leaves no shard behind that ticks', () => {
  const env = simEnv();
  const runner = new Runner(env, threadOptions(DEFAULT_SHARDS_OPTIONS));
  const begin = { id: 'one', params: {}, seed: 'seed', pinned: true };
  let stopped = 0;
  const events = { stopped: () => void stopped++ };
  const shard = runner.begin(def, begin, events);
  const { world, ...state } = shard.state();
  shard.stop();
  const [component, column] = [world.components[0]!, world.columns[0]!];
  const odd = {
    ...world,
    components: [{ ...component, texts: [false, false] }],
    columns: [column, column],
  };
  const saved = stateBytes({ ...state, world: odd });
  expect(() => runner.begin(def, { ...begin, saved }, events)).toThrow();
  expect([runner.size, stopped]).toEqual([0, 2]);
});
