/**
 * What is tested of shards on the main thread, once more with shards in worker threads: the same tests, the
 * same answers. What only threads do is in shard-threads.test.ts.
 */
import '../shards/determinism.test.ts';
import '../shards/event-driven.test.ts';
import '../shards/frames.test.ts';
import '../shards/lasting.test.ts';
import '../shards/life.test.ts';
import '../shards/limits.test.ts';
import '../shards/lobby.test.ts';
import '../shards/matchmaking.test.ts';
import '../shards/prediction.test.ts';
import '../shards/rewind.test.ts';
import '../shards/seats.test.ts';
import '../shards/spectators.test.ts';
import '../shards/tickets.test.ts';
import '../shards/traffic.test.ts';
import '../shards/transfer.test.ts';
import { beforeAll } from 'vitest';
import { hosting } from '../shards/sim-shards.ts';

beforeAll(() => {
  hosting.threads = 1;
});
