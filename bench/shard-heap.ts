/**
 * What the hot path of a shard allocates, from V8's sampling heap profiler: bytes per player and tick in the turn of a
 * tick, and for each input. By itself, `node --conditions=ternion-source --no-turbo-inlining bench/shard-heap.ts
 * [players]` lists the functions that allocate most. Without that flag what is inlined is nobody's, and the sums miss it;
 * with it, objects that inlining would do without are counted too.
 */
import { execFile } from 'node:child_process';
import { type HeapProfiler, Session } from 'node:inspector/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
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
    const args = ['--conditions=ternion-source', '--no-turbo-inlining', fileURLToPath(import.meta.url)];
    const { stdout } = await promisify(execFile)(process.execPath, [...args, String(PLAYERS), '--json']);
    const { turn, input }: Allocations = JSON.parse(stdout);
    return { 'shards.allocated.turn': turn, 'shards.allocated.input': input };
  };
  return { units: { 'shards.allocated.turn': 'B/player/tick', 'shards.allocated.input': 'B/input' }, run };
}

export const heapWorkloads: Record<string, () => Workload> = { 'shards.allocated': heap };

if (import.meta.main) {
  const allocations = await profile(Number(process.argv[2] ?? PLAYERS));
  if (process.argv[3] === '--json') console.log(JSON.stringify(allocations));
  else list(allocations);
  process.exit(0);
}

function list({ turn, input, functions }: Allocations): void {
  console.log(`turn of a tick ${turn.toFixed(1)} B per player, an input ${input.toFixed(1)} B`);
  for (const [name, bytes] of functions.slice(0, 25)) console.log(`${bytes.toFixed(1).padStart(9)} ${name}`);
}
