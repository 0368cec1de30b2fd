/** What the main thread and a worker say to each other beside payloads and frames, as JSON. */
import type { FaultJson } from '../../src/base/fault.ts';
import type { Json } from '../../src/base/json.ts';
import type { Viewer } from '../../src/policy/viewer.ts';

/** `shard`, `channel` and `question` are numbers that the main thread chooses and never uses twice. */
export type ToThread =
  /** With `saved`, its state stands in a record before. */
  | {
      t: 'begin';
      shard: number;
      name: string;
      id: string;
      params: Json;
      seed: string;
      pinned: boolean;
      saved: boolean;
    }
  | { t: 'stop'; shard: number; fault: FaultJson }
  | { t: 'wake'; shard: number }
  | { t: 'save'; shard: number; question: number }
  | { t: 'log'; shard: number; hashTicks: number }
  | { t: 'ask'; shard: number; question: number; json: Json }
  | {
      t: 'join';
      shard: number;
      channel: number;
      clientId: string;
      viewer: ViewerJson;
      returning: boolean;
      spectates: boolean;
      ticket?: Json;
    }
  | { t: 'opened'; channel: number }
  | { t: 'closed'; channel: number }
  | { t: 'identify'; channel: number; viewer: ViewerJson }
  | { t: 'evict'; channel: number };

export type FromThread =
  /** The module is loaded; the hashes of its definitions by name. */
  | { t: 'ready'; defs: { [name: string]: string } }
  | { t: 'answer'; shard: number; question: number; json: Json; fault: FaultJson | null }
  /** Its state stands in a record before, when there is no fault. */
  | { t: 'saved'; shard: number; question: number; tick: number; batch: number; fault: FaultJson | null }
  | { t: 'stopped'; shard: number; fault: FaultJson | null }
  | { t: 'joined'; channel: number; info: Json; entity: number }
  | { t: 'refused'; channel: number; fault: FaultJson }
  | { t: 'close'; channel: number; fault: FaultJson }
  /** A seat was taken, or who sits there has changed. Seats are numbered within a thread. */
  | { t: 'came'; shard: number; seat: number; player: PlayerJson }
  | { t: 'went'; shard: number; seat: number }
  | { t: 'counts'; counts: CountsJson }
  | { t: 'log'; level: 'debug' | 'info' | 'warn' | 'error'; event: string; fields: { [name: string]: Json } };

export type ViewerJson = {
  userId: string | null;
  kind: Viewer['kind'];
  roles: string[];
  name: string | null;
};
export type PlayerJson = {
  userId: string | null;
  name: string | null;
  roles: string[];
  entityId: number;
  ticket?: Json;
};
export type CountsJson = {
  ticks: { ticks: number; caughtUp: number; dropped: number };
  shards: { [name: string]: number };
  lateness: number[];
};

/** The ports of a thread: how a buffer gets there, and how it ends. */
export interface ThreadPort {
  /** The buffer is handed over: it may not be used afterwards. */
  post(buffer: ArrayBuffer): void;
  end(): Promise<void>;
}

export interface PortEvents {
  message(buffer: ArrayBuffer): void;
  /** The thread is no more, and nobody has ended it. */
  died(reason: string): void;
}

/** Begins a thread. */
export type SpawnThread = (events: PortEvents) => ThreadPort;

export function viewerJson({ userId, kind, roles, name }: Viewer): ViewerJson {
  return { userId, kind, roles: [...roles], name };
}
