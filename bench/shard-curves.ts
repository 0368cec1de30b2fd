/**
 * What a tick costs against the number of players and of entities, and the encoding for 5,000 players. Without sockets
 * and in one process (shard-rig.ts): what socket writes cost comes on top, as `shards.1000` and `shards.2000` show.
 */
import type { Sample, Workload } from './figure.ts';
import { ShardRig, type TickCost } from './shard-rig.ts';
import { worldOf } from './shard-world.ts';

const PLAYERS = [100, 300, 1000, 2000, 3000];
const ENTITIES = [1000, 3000, 10_000, 20_000, 50_000];
/** Players of the worlds of many entities. */
const WATCHERS = 100;
const MANY = 5000;
const WARM_UP = 60;
const TICKS = 100;

/** Means over some ticks: the system counts CPU in steps of milliseconds. */
async function costOf(players: number, walkers = 0): Promise<Omit<TickCost, 'bytes'>> {
  const rig = await ShardRig.open(worldOf(players, 'near', walkers));
  for (let i = 0; i < WARM_UP; i++) rig.tick();
  const costs = Array.from({ length: TICKS }, () => rig.tick());
  await rig.close();
  const mean = (value: (cost: TickCost) => number) =>
    costs.reduce((sum, cost) => sum + value(cost), 0) / TICKS;
  return {
    inputsMs: mean(({ inputsMs }) => inputsMs),
    simulateMs: mean(({ simulateMs }) => simulateMs),
    encodeMs: mean(({ encodeMs }) => encodeMs),
  };
}

function curve(name: string, sizes: readonly number[], players: (size: number) => number): Workload {
  const parts = ['inputs', 'simulate', 'encode'];
  const units = Object.fromEntries(
    sizes.flatMap((size) => parts.map((part) => [`${name}.${size}.${part}`, 'ms'])),
  );
  const run = async () => {
    const sample: Sample = {};
    for (const size of sizes) {
      const { inputsMs, simulateMs, encodeMs } = await costOf(players(size), size - players(size));
      sample[`${name}.${size}.inputs`] = inputsMs;
      sample[`${name}.${size}.simulate`] = simulateMs;
      sample[`${name}.${size}.encode`] = encodeMs;
    }
    return sample;
  };
  return { units, run };
}

function many(): Workload {
  const name = `shards.encode-${MANY}`;
  return { units: { [name]: 'ms' }, run: async () => ({ [name]: (await costOf(MANY)).encodeMs }) };
}

export const curveWorkloads: Record<string, () => Workload> = {
  [`shards.encode-${MANY}`]: many,
  'shards.curve.players': () => curve('shards.curve.players', PLAYERS, (size) => size),
  'shards.curve.entities': () => curve('shards.curve.entities', ENTITIES, () => WATCHERS),
};
