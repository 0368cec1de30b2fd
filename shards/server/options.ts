/** Settings of the shards plugin that only the server knows. What both sides keep to is in core/limits.ts. [N3] */
import { assert } from '../../src/base/assert.ts';
import type { Json } from '../../src/base/json.ts';
import type { CheckpointOptions } from './checkpoint-options.ts';
import type { LadderOptions } from './ladder.ts';
import type { LobbyOptions } from './lobby-options.ts';
import type { Matchmaker } from './matchmaker.ts';
import type { RecordOptions } from './recorder.ts';

/** A shard that exists from the start, never stops for being empty, and begins anew after a failure. */
export interface PinnedShard {
  /** The key of the definition in `shards({ arena })`. */
  readonly shard: string;
  readonly id: string;
  readonly params?: Json;
}

export interface ShardsOptions extends LadderOptions {
  readonly start: readonly PinnedShard[];
  /** Whether a join may create the shard it names, with the params it brings. */
  readonly createOnJoin: boolean;
  /** Shards at once in this process. */
  readonly maxShards: number;
  /** How long the seat of a player with a user id is kept after his connection was lost. */
  readonly graceMs: number;
  /** How long an empty shard lives on, unless it is pinned. */
  readonly idleMs: number;
  /** Ticks that a late shard makes up for in one turn; the time beyond is dropped. [T9] */
  readonly maxCatchUpTicks: number;
  /** How long a ticket is good unless its maker says, and the longest that he may say. */
  readonly ticketMs: number;
  readonly maxTicketMs: number;
  /** Used tickets that are remembered until they are over; one more is refused as `overloaded`. */
  readonly maxUsedTickets: number;
  /** How long a player who is sent on to another shard may take; then he stays. */
  readonly transferMs: number;
  /** Signs tickets; at least 32 characters. Default: made at the first start and kept in the database. */
  readonly ticketSecret: string | undefined;
  /** Queues in which players find others to play with. */
  readonly matchmakers: readonly Matchmaker[];
  /** How often those who wait are looked over, and how long at a stretch: ticks come between two. */
  readonly matchEveryMs: number;
  readonly matchSliceMs: number;
  /** A search over HTTP that nobody asks about for so long is over. */
  readonly matchIdleMs: number;
  /** What the lobby shows, and to whom; left out, there is none. [P1] */
  readonly lobby: LobbyOptions | undefined;
  /** Worker threads that shards run in; 0: on the main thread, beside everything else. */
  readonly threads: number;
  /**
   * With threads, the module that exports the definitions: functions cannot be sent, so each thread imports
   * it. It must do nothing else when it is loaded.
   */
  readonly module: URL | undefined;
  /** How long a thread may take to load the module. */
  readonly threadStartMs: number;
  /** A thread that says nothing for so long is ended, and its shards with it. */
  readonly threadTimeoutMs: number;
  /** Bytes under way to or from a thread; above it inputs and events are dropped, and counted. */
  readonly threadBytes: number;
  /** Shards outlive the process; see lasting-shards.md. Left out, they do not. */
  readonly checkpoint: Partial<CheckpointOptions> | undefined;
  /** All shards are recorded, each into files of its own. Left out, they are not. */
  readonly record: (Partial<RecordOptions> & Pick<RecordOptions, 'folder'>) | undefined;
}

/** What a worker thread is told. */
export type ThreadOptions = Omit<
  ShardsOptions,
  'start' | 'module' | 'ticketSecret' | 'checkpoint' | 'record' | 'matchmakers' | 'lobby'
>;

export function threadOptions({
  start: _,
  module: __,
  ticketSecret: ___,
  checkpoint: ____,
  record: _____,
  matchmakers: ______,
  lobby: _______,
  ...rest
}: ShardsOptions): ThreadOptions {
  return rest;
}

export const DEFAULT_SHARDS_OPTIONS: ShardsOptions = {
  start: [],
  createOnJoin: false,
  maxShards: 256,
  graceMs: 15_000,
  idleMs: 30_000,
  coarserAfterMs: 600,
  nearerAfterMs: 800,
  ackWindowMs: 1000,
  closeAfterMs: 30_000,
  calmMs: 1000,
  maxCatchUpTicks: 3,
  ticketMs: 60_000,
  maxTicketMs: 24 * 3600 * 1000,
  maxUsedTickets: 100_000,
  transferMs: 10_000,
  ticketSecret: undefined,
  matchmakers: [],
  matchEveryMs: 250,
  matchSliceMs: 2,
  matchIdleMs: 30_000,
  lobby: undefined,
  threads: 0,
  module: undefined,
  threadStartMs: 30_000,
  threadTimeoutMs: 10_000,
  threadBytes: 16 << 20,
  checkpoint: undefined,
  record: undefined,
};

const MIN_SECRET_CHARS = 32;

export function resolveOptions(given: Partial<ShardsOptions>): ShardsOptions {
  const options = { ...DEFAULT_SHARDS_OPTIONS, ...given };
  for (const name of [
    'maxShards',
    'coarserAfterMs',
    'nearerAfterMs',
    'ackWindowMs',
    'closeAfterMs',
    'maxCatchUpTicks',
    'ticketMs',
    'maxTicketMs',
    'maxUsedTickets',
    'transferMs',
    'matchEveryMs',
    'matchSliceMs',
    'matchIdleMs',
    'threadStartMs',
    'threadTimeoutMs',
    'threadBytes',
  ] as const) {
    assert(options[name] > 0, `shards option ${name} is ${options[name]}`);
  }
  for (const name of ['graceMs', 'idleMs', 'calmMs', 'threads'] as const) {
    assert(options[name] >= 0, `shards option ${name} is ${options[name]}`);
  }
  for (const name of ['threads', 'maxCatchUpTicks'] as const) {
    assert(Number.isInteger(options[name]), `shards option ${name} is ${options[name]}`);
  }
  assert(options.threads === 0 || options.module, 'shards in threads need the option module');
  for (const name of ['ticketMs', 'transferMs'] as const)
    assert(options[name] <= options.maxTicketMs, `shards option ${name} is above maxTicketMs`);
  for (const { name, joinMs } of options.matchmakers)
    assert(joinMs <= options.maxTicketMs, `${name}: joinMs is above maxTicketMs`);
  const { ticketSecret } = options;
  assert(
    ticketSecret === undefined || ticketSecret.length >= MIN_SECRET_CHARS,
    `shards option ticketSecret has fewer than ${MIN_SECRET_CHARS} characters`,
  );
  return options;
}
