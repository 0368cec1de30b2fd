/**
 * The server without a network: store, functions, plugins and connections. create-server.ts puts HTTP and
 * WebSockets before it; testing/world.ts puts simulated links. A loop over plugins, and nothing else.
 */
import type { Env } from '../base/env.ts';
import { Fault } from '../base/fault.ts';
import { type FunctionLimits, Functions } from '../functions/call.ts';
import { JOB_TABLES } from '../functions/job-table.ts';
import { LEDGER_TABLES } from '../functions/ledger.ts';
import { PluginContext } from '../functions/plugin-context.ts';
import { Registry } from '../functions/registry.ts';
import { RowReads } from '../functions/row-reads.ts';
import { WatchedQueries } from '../functions/watched-queries.ts';
import type { Authenticator } from '../plugin/authenticator.ts';
import type { ChannelHost } from '../plugin/channel.ts';
import type { App } from '../plugin/define-app.ts';
import type { Gauge, PluginInstance } from '../plugin/plugin.ts';
import type { Route } from '../plugin/route.ts';
import type { Services } from '../plugin/services.ts';
import type { Transport } from '../plugin/transport.ts';
import { Access } from '../policy/access.ts';
import { ANONYMOUS, type Viewer } from '../policy/viewer.ts';
import { DEFAULT_LIMITS, type Limits } from '../protocol/limits.ts';
import type { Schema } from '../schema/define-schema.ts';
import { buildManifest } from '../schema/manifest.ts';
import { type Drivers, Store, type StoreOptions } from '../store/store.ts';
import { FanOut } from '../sync/fan-out.ts';
import {
  DEFAULT_LIVE,
  DEFAULT_SURVEY,
  DEFAULT_WATCH,
  type LiveLimits,
  type SurveyLimits,
  type WatchLimits,
} from '../sync/limits.ts';
import { LiveRows } from '../sync/live-rows.ts';
import { LogReader } from '../sync/log-reader.ts';
import { QueryWatch } from '../sync/query-watch.ts';
import { Surveyor } from '../sync/survey.ts';
import { Visibility } from '../sync/visibility.ts';
import { ChannelFrames } from './channel-frames.ts';
import { Connection, type ConnectionDeps } from './connection.ts';
import { entityRoutes } from './entity-routes.ts';
import { appRoute, assertDistinct, functionRoute } from './function-routes.ts';
import { DEFAULT_HTTP, type HttpLimits } from './http-limits.ts';
import { HttpSessions } from './http-sessions.ts';
import { DEFAULT_OUTBOX, Flusher, type OutboxLimits } from './outbox.ts';
import { syncRoutes } from './sync-routes.ts';

export interface HostOptions {
  limits?: Partial<Limits>;
  outbox?: Partial<OutboxLimits>;
  store?: Partial<StoreOptions>;
  functions?: Partial<FunctionLimits>;
  survey?: Partial<SurveyLimits>;
  watch?: Partial<WatchLimits>;
  live?: Partial<LiveLimits>;
  /** What sync over HTTP may take. */
  httpSync?: Partial<HttpLimits>;
  /** Connections at once; one more is refused as `overloaded`. */
  maxConnections?: number;
  /** Longest wait for calls in flight when draining. */
  drainMs?: number;
}

const DEFAULT_MAX_CONNECTIONS = 10_000;
const DEFAULT_DRAIN_MS = 5000;
/** How long clients have to come back after a drain; each picks a random part of it. */
const MOVING_MS = 2000;

/** Without an auth plugin nobody is anybody. */
const anonymousOnly: Authenticator = {
  authenticate: async (token): Promise<Viewer> => {
    if (token === null) return ANONYMOUS;
    throw new Fault('unauthorized', 'this server knows no tokens');
  },
};

export class Host {
  readonly env: Env;
  readonly store: Store;
  readonly access: Access;
  readonly functions: Functions;
  /** Those of functions, of plugins and of the app. */
  readonly routes: readonly Route[];
  readonly #plugins: readonly PluginInstance[];
  readonly #tables: readonly string[];
  readonly #options: HostOptions;
  readonly #schemaHash: string;
  readonly #schema: Schema;
  readonly #visibility: Visibility;
  readonly #surveyor: Surveyor;
  readonly #queries: WatchedQueries;
  readonly #httpSessions: HttpSessions;
  readonly #connections = new Set<Connection>();
  #deps: ConnectionDeps | undefined;
  #draining = false;

  constructor(app: App, env: Env, deps: { drivers: Drivers; options?: HostOptions }) {
    const { schema } = app;
    this.env = env;
    this.#options = deps.options ?? {};
    this.store = new Store(env, { schema, drivers: deps.drivers }, this.#options.store);
    this.access = new Access(schema, () => env.clock.now());
    const registry = new Registry(app.functions, app.http);
    const services: Services = { env, schema, store: this.store, access: this.access };
    this.#plugins = app.plugins.map((plugin) => plugin.create(services));
    const extras = new PluginContext(this.#plugins.map(({ context }) => context ?? {}));
    const functionDeps = { schema, store: this.store, access: this.access, registry, extras };
    this.functions = new Functions(env, functionDeps, this.#options.functions);
    this.#queries = new WatchedQueries(env, { schema, access: this.access, registry });
    this.#tables = [
      ...LEDGER_TABLES,
      ...JOB_TABLES,
      ...this.#plugins.flatMap((plugin) => plugin.tables ?? []),
    ];
    this.#schemaHash = buildManifest(schema).hash;
    this.#schema = schema;
    this.#visibility = new Visibility(schema, this.access);
    this.#surveyor = new Surveyor(
      { schema, access: this.access },
      { ...DEFAULT_SURVEY, ...this.#options.survey },
    );
    const limits = { ...DEFAULT_LIMITS, ...this.#options.limits };
    const http = { ...DEFAULT_HTTP, ...this.#options.httpSync };
    this.#httpSessions = new HttpSessions(env, http, (transport, token) => this.accept(transport, token));
    const { store, access } = this;
    const log = new LogReader({ store, access, visibility: this.#visibility, surveyor: this.#surveyor });
    const reads = new RowReads({ schema, store: this.store, access: this.access });
    this.routes = [
      functionRoute(env, this.functions, {
        limits,
        streamBytes: { ...DEFAULT_OUTBOX, ...this.#options.outbox }.streamBytes,
      }),
      ...entityRoutes({ functions: this.functions, reads, limits }),
      ...syncRoutes({
        sessions: this.#httpSessions,
        pull: { log, entities: this.#visibility.entities, seq: () => store.seq },
        push: { env, functions: this.functions, maxPushOps: limits.pushOps },
        limits,
        http,
      }),
      ...this.#plugins.flatMap((plugin) => plugin.routes ?? []),
      ...registry.routes.map((route) => appRoute(this.functions, route)),
    ];
    assertDistinct(this.routes);
  }

  get gauges(): Gauge[] {
    const own: Gauge[] = [
      { name: 'ternion_connections', help: 'Open connections', read: () => this.#connections.size },
      { name: 'ternion_seq', help: 'Sequence number of the last transaction', read: () => this.store.seq },
      {
        name: 'ternion_writes_waiting',
        help: 'Writes that wait for the writer',
        read: () => this.store.waiting,
      },
      {
        name: 'ternion_watches',
        help: 'Watched queries that have a run of their own',
        read: () => this.#deps?.watches.size ?? 0,
      },
      {
        name: 'ternion_outbox_bytes',
        help: 'Bytes that wait for slow readers',
        read: () => [...this.#connections].reduce((sum, { queuedBytes }) => sum + queuedBytes, 0),
      },
    ];
    return [...own, ...this.#plugins.flatMap((plugin) => plugin.gauges ?? [])];
  }

  get authenticator(): Authenticator {
    return this.#plugins.find((plugin) => plugin.authenticator)?.authenticator ?? anonymousOnly;
  }

  /** What `open` may name: the kinds of channel of all plugins. */
  get channelKinds(): string[] {
    return this.#plugins.flatMap((plugin) => Object.keys(plugin.channels ?? {}));
  }

  /** True while new sessions are taken. */
  get ready(): boolean {
    return this.#deps !== undefined && !this.#draining;
  }

  async start(): Promise<void> {
    const { env, store, access } = this;
    await store.open(this.#tables);
    const visibility = this.#visibility;
    const surveyor = this.#surveyor;
    const live = this.#liveRows();
    const fanOut = new FanOut({ access, visibility, surveyor, live }, store.seq);
    store.surveyWith((tx, commit) => fanOut.survey(tx, commit));
    store.onCommit((commits) => fanOut.commit(commits));
    const watches = new QueryWatch(
      { env, store, queries: this.#queries },
      { ...DEFAULT_WATCH, ...this.#options.watch },
    );
    store.onCommit((commits) => watches.commit(commits));
    for (const plugin of this.#plugins) await plugin.start?.();
    await this.functions.jobs.start();
    const limits = { ...DEFAULT_LIMITS, ...this.#options.limits };
    const hosts = this.#plugins.flatMap((plugin) => Object.entries(plugin.channels ?? {}));
    this.#deps = {
      env,
      store,
      schemaHash: this.#schemaHash,
      functions: this.functions,
      authenticator: this.authenticator,
      channelHosts: new Map<string, ChannelHost>(hosts),
      replica: { env, store, fanOut, visibility, surveyor, live, maxSubscriptions: limits.subscriptions },
      watches,
      flusher: new Flusher(env.clock),
      frames: new ChannelFrames(),
      limits,
      queried: this.#schema.entities.filter(({ sync }) => sync === 'query').map(({ name }) => name),
      outboxLimits: { ...DEFAULT_OUTBOX, ...this.#options.outbox },
    };
  }

  #liveRows(): LiveRows {
    const { env, store, access } = this;
    const schema = this.#schema;
    const surveyor = new Surveyor(
      { schema, access, sync: 'query' },
      { ...DEFAULT_SURVEY, ...this.#options.survey },
    );
    const deps = { env, schema, store, access, visibility: this.#visibility, surveyor };
    return new LiveRows(deps, { ...DEFAULT_LIVE, ...this.#options.live });
  }

  /** Takes over a pipe whose other end is about to say hello. */
  accept(transport: Transport, token: string | null): Connection {
    if (!this.#deps) throw new Fault('unavailable', 'the server has not started');
    const onClose = () => this.#connections.delete(connection);
    const connection: Connection = new Connection(this.#deps, transport, { token, onClose });
    this.#connections.add(connection);
    const max = this.#options.maxConnections ?? DEFAULT_MAX_CONNECTIONS;
    if (this.#draining) connection.fail(new Fault('unavailable', 'the server is going down'));
    else if (this.#connections.size > max)
      connection.fail(new Fault('overloaded', `more than ${max} connections`));
    return connection;
  }

  /**
   * Takes no new sessions, lets calls finish, sends everybody away, lets plugins flush. [N2] Clients are told
   * to move only when their calls are answered: a client that moves leaves what is under way behind.
   */
  async drain(): Promise<void> {
    if (this.#draining) return;
    this.#draining = true;
    const { clock, log } = this.env;
    log.info('server.drain', { connections: this.#connections.size });
    const endMs = clock.monotonic() + (this.#options.drainMs ?? DEFAULT_DRAIN_MS);
    this.functions.jobs.stop();
    const busy = () =>
      this.functions.jobs.size > 0 ||
      this.functions.actionsInFlight > 0 ||
      [...this.#connections].some((c) => c.callsInFlight > 0);
    while (busy() && clock.monotonic() < endMs) {
      await new Promise<void>((resolve) => clock.after(10, resolve));
    }
    this.functions.close();
    for (const connection of this.#connections) connection.moving(MOVING_MS);
    for (const plugin of this.#plugins) await plugin.drain?.();
    await new Promise<void>((resolve) => clock.soon(resolve)); // the last frames leave
    for (const connection of [...this.#connections])
      connection.fail(new Fault('unavailable', 'the server is going down'));
  }

  /** Drains if that was not done yet, and lets go of everything. */
  async close(): Promise<void> {
    await this.drain();
    this.#httpSessions.close();
    for (const plugin of this.#plugins) await plugin.close?.();
    await this.store.close();
  }
}
