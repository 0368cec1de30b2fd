/** `createSyncEngine<App>(url, options)`: a SyncEngine with what browsers (and Node) offer. */
import type { Env } from '../base/env.ts';
import { Fault } from '../base/fault.ts';
import { PROTOCOL } from '../protocol/version.ts';
import type { AppShape } from '../schema/app-shape.ts';
import type { Schema } from '../schema/define-schema.ts';
import { browserEnv, defaultStorage, hasIndexedDb, onNetworkOnline } from './browser-env.ts';
import { browserTabs } from './browser-tabs.ts';
import { fetchSession } from './guest-session.ts';
import { IdbPersistence } from './idb-persistence.ts';
import { MemoryPersistence } from './memory-persistence.ts';
import type { Optimistic } from './optimistic.ts';
import { OwnedPersistence } from './owned-persistence.ts';
import { browserLocks } from './owner-locks.ts';
import type { Persistence } from './persistence.ts';
import { pollConnect } from './poll-transport.ts';
import { RowDrafts } from './row-drafts.ts';
import { sseConnect } from './sse-transport.ts';
import type { KeyValueStorage } from './storage.ts';
import { SyncEngine } from './sync-engine.ts';
import { TabConnect } from './tab-connect.ts';
import type { TokenOption } from './token-source.ts';
import type { Connect } from './transport.ts';
import { webSocketConnect } from './web-socket-transport.ts';

/** Well below what a server waits, and below its heartbeat. */
const MAX_POLL_MS = 10_000;

export interface EngineOptions<App extends AppShape = AppShape> {
  /** A token, none (anonymous), or a function that is asked for one and told which was refused. */
  readonly token?: TokenOption;
  /** Checks rows and fills defaults before they are sent; its hash is in the handshake. */
  readonly schema?: Schema;
  /** What calls of mutations show before the server has run them: `{ 'notes.create': (local, args) => ... }`. */
  readonly optimistic?: Optimistic<App>;
  /** Keep rows, unsent writes and document edits across reloads. Default true; Node has no place for them. */
  readonly persist?: boolean;
  /** Tabs of this origin share one socket, if `persist` is on too. Default true. */
  readonly tabs?: boolean;
  /** Names what is stored. */
  readonly appName?: string;
  /**
   * How frames travel: `websocket` (default), `sse` where proxies refuse upgrades, `poll` where they hold
   * streams back too. What an engine can do is the same over all three. [S9]
   */
  readonly transport?: 'websocket' | 'sse' | 'poll';
  /** With `poll`: how long a request waits when there is nothing to tell, 1 to 10,000 ms; 1000 by default. */
  readonly pollInterval?: number;
  /** Default: `/ws` on the server. */
  readonly wsUrl?: string;
  /** Base of the reconnect backoff in milliseconds, 1000 by default. */
  readonly reconnectDelay?: number;
  /** And its cap, 30,000 by default: a game that is to go on at once after a restart of its server wants less. */
  readonly maxReconnectDelay?: number;
  readonly storage?: KeyValueStorage;
  readonly env?: Env;
}

/** `url` is the origin of the server, such as `http://localhost:4321`. Call `start()` next. */
export function createSyncEngine<App extends AppShape>(
  url: string,
  options: EngineOptions<App> = {},
): SyncEngine<App> {
  const { persist = true, appName = 'default', token, schema, optimistic } = options;
  const { reconnectDelay, maxReconnectDelay } = options;
  const env = options.env ?? browserEnv();
  const connect = connectBy(url, env, options);
  const tabs = persist && options.tabs !== false ? browserTabs() : undefined;
  const common = JSON.stringify([options.wsUrl ?? url, appName, PROTOCOL, new RowDrafts(schema).hash]);
  const shared = tabs && new TabConnect({ env, tabs, connect, rows: () => engine.confirmed, common });
  const engine: SyncEngine<App> = new SyncEngine<App>(
    {
      env,
      connect: shared?.connect ?? connect,
      persistence: persist && hasIndexedDb() ? persistenceOf(appName) : new MemoryPersistence(),
      storage: options.storage ?? defaultStorage(),
      fetchSession: (presented) => fetchSession(url, presented),
    },
    { token, schema, appName, reconnectDelay, maxReconnectDelay, optimistic },
  );
  const unlisten = onNetworkOnline(() => engine.nudge());
  engine.connection.subscribe((state) => {
    if (state.name !== 'closed') return;
    unlisten();
    shared?.close();
  });
  return engine;
}

function persistenceOf(appName: string): Persistence {
  const disk = new IdbPersistence(appName);
  const locks = browserLocks(appName);
  return locks ? new OwnedPersistence(disk, locks) : disk;
}

function connectBy(url: string, env: Env, options: Omit<EngineOptions, 'optimistic'>): Connect {
  const { transport = 'websocket', pollInterval = 1000 } = options;
  const http = { env, url, fetch: (target: string, init: RequestInit) => fetch(target, init) };
  switch (transport) {
    case 'websocket':
      return webSocketConnect(options.wsUrl ?? new URL('/ws', url).href.replace(/^http/, 'ws'));
    case 'sse':
      return sseConnect(http);
    case 'poll':
      if (!(pollInterval >= 1 && pollInterval <= MAX_POLL_MS))
        throw new Fault('invalid', `pollInterval must be 1 to ${MAX_POLL_MS}`);
      return pollConnect({ ...http, intervalMs: Math.floor(pollInterval) });
  }
}
