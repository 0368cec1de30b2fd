/** `createSyncEngine<App>(url, options)`: a SyncEngine with what browsers (and Node) offer. */
import type { Env } from '../base/env.ts';
import { PROTOCOL } from '../protocol/version.ts';
import type { AppShape } from '../schema/app-shape.ts';
import type { Schema } from '../schema/define-schema.ts';
import { browserEnv, defaultStorage, hasIndexedDb, onNetworkOnline } from './browser-env.ts';
import { browserTabs } from './browser-tabs.ts';
import { fetchSession } from './guest-session.ts';
import { IdbPersistence } from './idb-persistence.ts';
import { MemoryPersistence } from './memory-persistence.ts';
import { RowDrafts } from './row-drafts.ts';
import type { KeyValueStorage } from './storage.ts';
import { SyncEngine } from './sync-engine.ts';
import { TabConnect } from './tab-connect.ts';
import type { TokenOption } from './token-source.ts';
import { webSocketConnect } from './web-socket-transport.ts';

export interface EngineOptions {
  /** A token, none (anonymous), or a function that is asked for one and told which was refused. */
  readonly token?: TokenOption;
  /** Checks rows and fills defaults before they are sent; its hash is in the handshake. */
  readonly schema?: Schema;
  /** Keep rows, unsent writes and document edits across reloads. Default true; Node has no place for them. */
  readonly persist?: boolean;
  /** Tabs of this origin share one socket, if `persist` is on too. Default true. */
  readonly tabs?: boolean;
  /** Names what is stored. */
  readonly appName?: string;
  /** Default: `/ws` on the server. */
  readonly wsUrl?: string;
  /** Base of the reconnect backoff in milliseconds, 1000 by default. */
  readonly reconnectDelay?: number;
  readonly storage?: KeyValueStorage;
  readonly env?: Env;
}

/** `url` is the origin of the server, such as `http://localhost:4321`. Call `start()` next. */
export function createSyncEngine<App extends AppShape>(
  url: string,
  options: EngineOptions = {},
): SyncEngine<App> {
  const { persist = true, appName = 'default', token, schema, reconnectDelay } = options;
  const wsUrl = options.wsUrl ?? new URL('/ws', url).href.replace(/^http/, 'ws');
  const env = options.env ?? browserEnv();
  const socket = webSocketConnect(wsUrl);
  const tabs = persist && options.tabs !== false ? browserTabs() : undefined;
  const common = JSON.stringify([wsUrl, appName, PROTOCOL, new RowDrafts(schema).hash]);
  const shared = tabs && new TabConnect({ env, tabs, connect: socket, rows: () => engine.confirmed, common });
  const engine: SyncEngine<App> = new SyncEngine<App>(
    {
      env,
      connect: shared?.connect ?? socket,
      persistence: persist && hasIndexedDb() ? new IdbPersistence(appName) : new MemoryPersistence(),
      storage: options.storage ?? defaultStorage(),
      fetchSession: (presented) => fetchSession(url, presented),
    },
    { token, schema, appName, reconnectDelay },
  );
  const unlisten = onNetworkOnline(() => engine.nudge());
  engine.connection.subscribe((state) => {
    if (state.name !== 'closed') return;
    unlisten();
    shared?.close();
  });
  return engine;
}
