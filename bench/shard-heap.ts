/**
 * What the hot path of a shard allocates, from V8's sampling heap profiler: bytes per player and tick in the turn of a
 * tick, and for each input. By itself, `node --conditions=ternion-source bench/shard-heap.ts [players]` lists the
 * functions that allocate most.
 */
import { type HeapProfiler, Session } from 'node:inspector/promises';
import type { Workload } from './figure.ts';
import { ShardRig } from './shard-rig.ts';
import { worldOf } from './shard-world.ts';

const PLAYERS = 1000;
const WARM_UP = 100;
const TICKS = 200;
/** A sample for each so many bytes, on average. */
const INTERVAL_BYTES = 4096;

type Node = HeapProfiler.SamplingHeapProfileNode;

interface Allocations {
  /** Bytes per player and tick. */
  readonly turn: number;
  /** Bytes per input. */
  readonly input: number;
  /** By function, the largest first, in bytes per player and tick. */
  readonly functions: readonly (readonly [name: string, bytes: number])[];
}

async function profile(players: number): Promise<Allocations> {
  const rig = await ShardRig.open(worldOf(players));
  for (let i = 0; i < WARM_UP; i++) rig.tick();
  const session = new Session();
  session.connect();
  await session.post('HeapProfiler.startSampling', {
    samplingInterval: INTERVAL_BYTES,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  });
  for (let i = 0; i < TICKS; i++) rig.tick();
  const { profile } = await session.post('HeapProfiler.stopSampling');
  session.disconnect();
  await rig.close();
  const functions = new Map<string, number>();
  const per = (bytes: number) => bytes / players / TICKS;
  const below = (node: Node, counted: boolean): number => {
    const { functionName, url, lineNumber } = node.callFrame;
    const name = `${functionName || '(anonymous)'} ${url.split('/').slice(-3).join('/')}:${lineNumber + 1}`;
    if (counted) functions.set(name, (functions.get(name) ?? 0) + per(node.selfSize));
    return node.children.reduce((sum, child) => sum + below(child, counted), node.selfSize);
  };
  /** All below the functions of this name and file, wherever they are called. */
  const sumOf = (name: string, file: string, counted = false, node: Node = profile.head): number => {
    const { functionName, url } = node.callFrame;
    if (functionName === name && url.endsWith(file)) return below(node, counted);
    return node.children.reduce((sum, child) => sum + sumOf(name, file, counted, child), 0);
  };
  const turn = per(sumOf('turn', 'shard-rig.ts', true));
  const input = per(sumOf('#takeIn', 'shard-rig.ts'));
  return { turn, input, functions: [...functions].sort((a, b) => b[1] - a[1]) };
}

function heap(): Workload {
  const run = async () => {
    const { turn, input } = await profile(PLAYERS);
    return { 'shards.allocated.turn': turn, 'shards.allocated.input': input };
  };
  return { units: { 'shards.allocated.turn': 'B/player/tick', 'shards.allocated.input': 'B/input' }, run };
}

export const heapWorkloads: Record<string, () => Workload> = { 'shards.allocated': heap };

if (import.meta.main) {
  const { turn, input, functions } = await profile(Number(process.argv[2] ?? PLAYERS));
  console.log(`turn of a tick ${turn.toFixed(1)} B per player, an input ${input.toFixed(1)} B`);
  for (const [name, bytes] of functions.slice(0, 25)) console.log(`${bytes.toFixed(1).padStart(9)} ${name}`);
  process.exit(0);
}
