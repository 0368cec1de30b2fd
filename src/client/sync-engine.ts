/**
 * The client: one connection, the rows as the server sees them with the user's own writes over them, calls,
 * and channels for the other planes. This file only puts the parts together and routes messages; each part
 * says in its own header what it guarantees. Made by create-sync-engine.ts, or by simulations directly.
 */
import { deferred } from '../base/deferred.ts';
import type { Cancel, Env } from '../base/env.ts';
import { Fault } from '../base/fault.ts';
import { newId } from '../base/id.ts';
import type { Json, JsonObject } from '../base/json.ts';
import type { SessionInfo, Welcome } from '../protocol/server-message.ts';
import type { AppShape, FunctionRef } from '../schema/app-shape.ts';
import type { Schema } from '../schema/define-schema.ts';
import type { QuerySpec } from '../schema/query-spec.ts';
import type { EntityOf, InsertOf, PatchOf, RowOf } from './app-rows.ts';
import { type CallOptions, Calls, cancelled, unlessAborted } from './calls.ts';
import type { Channels, EngineHost } from './channel.ts';
import { Connection, type ConnectionState, type Handled } from './connection.ts';
import { type EngineStore, engineStore } from './engine-store.ts';
import { type FetchSession, Identity, type SessionChange } from './identity.ts';
import { type InfiniteOptions, InfiniteQuery } from './infinite-query.ts';
import { fingerprint, LastSession, ownerOf } from './last-session.ts';
import { Listeners } from './listeners.ts';
import { LiveQuery } from './live-query.ts';
import type { MutationQueue } from './mutation-queue.ts';
import { Mux } from './mux.ts';
import type { Optimistic } from './optimistic.ts';
import { type OptimisticFunctions, OptimisticRunner } from './optimistic-runner.ts';
import type { DocPersistence, Persistence } from './persistence.ts';
import { Replica } from './replica.ts';
import type { RoomView, TopicEvent } from './room-link.ts';
import { Rooms } from './rooms.ts';
import { RowDrafts } from './row-drafts.ts';
import type { RowGate } from './row-gate.ts';
import { parseServerData, type ServerData } from './server-data.ts';
import type { Chunk } from './server-text.ts';
import type { KeyValueStorage } from './storage.ts';
import { type TokenOption, TokenSource } from './token-source.ts';
import { type EngineStats, Traffic } from './traffic.ts';
import type { Connect } from './transport.ts';
import type { WatchState } from './watch-state.ts';
import { Watches } from './watches.ts';

export interface SyncEngineDeps {
  readonly env: Env;
  readonly connect: Connect;
  readonly persistence: Persistence;
  readonly storage: KeyValueStorage;
  readonly fetchSession: FetchSession;
}

export interface SyncEngineOptions<App extends AppShape = AppShape> {
  readonly token?: TokenOption | undefined;
  /** With it rows are checked and defaults filled before they are sent, and its hash is in the handshake. */
  readonly schema?: Schema | undefined;
  /** Names what is stored; two apps of one origin need two names. */
  readonly appName?: string | undefined;
  /** What calls show before the server has run them, by the names of the functions. */
  readonly optimistic?: Optimistic<App> | undefined;
  /** Base of the backoff, milliseconds. */
  readonly reconnectDelay?: number | undefined;
  /** Its cap. */
  readonly maxReconnectDelay?: number | undefined;
}

const CLOSED = new Fault('unavailable', 'the engine is closed');

export class SyncEngine<App extends AppShape = AppShape> implements EngineHost {
  readonly env: Env;
  readonly channels: Channels;
  readonly docs: DocPersistence;
  readonly store: EngineStore<App>;
  readonly mutations: Pick<MutationQueue, 'pending' | 'failed' | 'retry' | 'remove' | 'subscribe'>;
  readonly connection: {
    readonly state: ConnectionState;
    subscribe(listener: (state: ConnectionState) => void): Cancel;
  };
  readonly stats: EngineStats;

  readonly #clientId: string;
  readonly #drafts: RowDrafts;
  readonly #identity: Identity;
  readonly #connection: Connection;
  readonly #mux: Mux;
  readonly #calls: Calls;
  readonly #watches: Watches;
  readonly #replica: Replica;
  readonly #rooms: Rooms;
  readonly #runner: OptimisticRunner;
  readonly #over = deferred<Fault>();
  readonly #sessionChanged: Listeners<[SessionInfo | null]>;
  #started: Promise<void> | undefined;
  #closed: Promise<void> | undefined;
  #lastRequest = 0;

  constructor(deps: SyncEngineDeps, options: SyncEngineOptions<App> = {}) {
    const { env, storage } = deps;
    const traffic = new Traffic();
    this.env = env;
    this.#sessionChanged = new Listeners(env.log);
    this.stats = traffic;
    this.#clientId = newId(env);
    this.#drafts = new RowDrafts(options.schema);
    this.#identity = new Identity(
      {
        tokens: new TokenSource(options.token ?? null),
        last: new LastSession(storage, options.appName ?? 'default'),
        fetchSession: deps.fetchSession,
      },
      {
        adopted: (session, change) => this.#adopted(session, change),
        forgotten: () => this.#forgotten(),
      },
    );
    this.#connection = new Connection(
      env,
      {
        prepare: () => this.#identity.prepare(),
        hello: () => ({
          client: this.#clientId,
          schema: this.#drafts.hash,
          cursor: this.#replica.rows.cursor,
        }),
        refused: () => this.#identity.refused(),
        ready: (welcome) => this.#ready(welcome),
        message: (message) => this.#message(message),
        frame: (bytes) => this.#mux.frame(bytes),
        lost: () => this.#lost(),
        ended: (fault) => this.#ended(fault),
      },
      {
        connect: deps.connect,
        reconnectDelayMs: options.reconnectDelay ?? 1000,
        maxReconnectDelayMs: options.maxReconnectDelay ?? 30_000,
        traffic,
      },
    );
    this.connection = this.#connection;
    this.#mux = new Mux(env, this.#connection, traffic);
    this.channels = this.#mux;
    const nextId = () => ++this.#lastRequest;
    const sendRaw = (text: string) => this.#connection.sendRaw(text);
    this.#runner = new OptimisticRunner({
      // The one door between parts as the app types them and parts that take JSON.
      functions: (options.optimistic ?? {}) as unknown as OptimisticFunctions,
      drafts: this.#drafts,
      log: env.log,
      auth: () => this.session,
    });
    const replica = new Replica(env, deps.persistence, {
      nextId,
      sendRaw,
      catchUp: (cursor) => this.#connection.send({ t: 'catchup', cursor }),
      projected: (entity) => this.#drafts.projected(entity),
      queried: this.#drafts.queried,
      runner: this.#runner,
    });
    this.#replica = replica;
    this.docs = replica.journal;
    this.store = engineStore<App>(replica.view);
    this.mutations = replica.queue;
    const whenCovered = (seq: number, done: () => void) => replica.rows.whenCovered(seq, done);
    this.#calls = new Calls({ nextId, sendRaw, whenCovered });
    this.#watches = new Watches(env, { nextId, sendRaw });
    this.#rooms = new Rooms(this);
  }

  /**
   * Loads what is stored, finds out who this is, and connects. Resolves when the stored rows are in the store,
   * or, if nobody can say who this is, when the first attempt has failed; `connection` goes on trying.
   */
  start(): Promise<void> {
    if (this.#closed) return Promise.reject(CLOSED);
    this.#started ??= new Promise((resolve) => {
      const done = this.#connection.subscribe((state) => {
        if (state.name === 'connecting' && !this.session) return;
        done();
        resolve();
      });
      const known = this.onSession(() => {
        known();
        done();
        resolve();
      });
      this.#connection.open();
    });
    return this.#started;
  }

  /**
   * Rows that `getServerData` read for this page, before `start()`: they are shown at once when they were read
   * with this engine's token, else as soon as the server says that this is the same user. Throws `invalid`.
   */
  hydrate(data: ServerData): void {
    if (this.#started) throw new Fault('invalid', 'hydrate before start()');
    const given = parseServerData(data);
    const { token } = this.#identity;
    this.#replica.give(
      ownerOf(given.session),
      given,
      token !== undefined && fingerprint(token) === given.token,
    );
  }

  /** Who this is, once somebody knows. Rejects when the engine ends before that. */
  resolvedSession(): Promise<SessionInfo> {
    if (this.session) return Promise.resolve(this.session);
    return new Promise((resolve, reject) => {
      const cancel = this.onSession((session) => {
        cancel();
        resolve(session);
      });
      void this.#over.promise.then((fault) => {
        cancel();
        reject(fault);
      });
    });
  }

  /** Forgets the rows, here and on disk, and makes a new copy; unsent writes stay. Resolves when it is there. */
  resetReplica(): Promise<void> {
    if (this.#closed) return Promise.reject(CLOSED);
    this.#replica.forgetGiven();
    this.#replica.rows.discard();
    return this.synced();
  }

  /** What the server has confirmed: a leading tab serves its followers from it. */
  get confirmed(): RowGate {
    return this.#replica.gate;
  }

  /** Who this is; null while nobody knows. */
  get session(): SessionInfo | null {
    return this.#identity.session;
  }

  onSession(listener: (session: SessionInfo) => void): Cancel {
    return this.#sessionChanged.on((session) => session && listener(session));
  }

  /** As `onSession`, but also told null when the identity is not known any more. */
  onIdentity(listener: (session: SessionInfo | null) => void): Cancel {
    return this.#sessionChanged.on(listener);
  }

  /** Becomes another user, signs out (null), or renews a token. */
  setToken(token: TokenOption): void {
    const online = this.#connection.state.name === 'ready';
    if (!this.#identity.setToken(token, online)) return;
    if (!this.session) this.#replica.forgetGiven();
    if (online) this.#renew();
    else this.#connection.restart();
  }

  /** The session of the same token, or what the token function gives, has changed: tell the server. */
  notifySessionChanged(): void {
    if (this.#connection.state.name === 'ready') this.#renew();
    else this.#connection.nudge();
  }

  /** The network may be back: connects now instead of waiting. */
  nudge(): void {
    this.#connection.nudge();
  }

  /** Visible at once; sent when possible. Returns the row's id. Throws `invalid`, `overloaded`, `unavailable`. */
  insert<E extends EntityOf<App>>(entity: E, data: InsertOf<App, E>): string {
    const id = newId(this.env);
    this.#write({
      entity,
      row_id: id,
      kind: 'insert',
      data: this.#drafts.insert(entity, id, data as JsonObject),
    });
    return id;
  }

  update<E extends EntityOf<App>>(entity: E, id: string, patch: PatchOf<App, E>): void {
    this.#write({
      entity,
      row_id: id,
      kind: 'update',
      data: this.#drafts.update(entity, patch as JsonObject),
    });
  }

  delete(entity: EntityOf<App>, id: string): void {
    this.#write({ entity, row_id: id, kind: 'delete' });
  }

  /**
   * Runs a mutation, exactly once, or an action, at most once. Its effects are in `store` when this resolves. With
   * an optimistic part they are shown at once, and the call is kept until it is answered, as a row write is.
   */
  call<Args, Result>(fn: FunctionRef<Args, Result>, args: Args, options?: CallOptions): Promise<Result> {
    if (this.#runner.has(fn.name) && this.session && !this.#closed) {
      return this.#queued(fn.name, (args ?? {}) as Json, options?.signal) as Promise<Result>;
    }
    return this.#call({ fn: fn.name, args: (args ?? {}) as Json, op: newId(this.env) }, options);
  }

  query<Args, Result>(fn: FunctionRef<Args, Result>, args: Args, options?: CallOptions): Promise<Result> {
    return this.#call({ fn: fn.name, args: (args ?? {}) as Json }, options);
  }

  /**
   * Runs a query on the server, and again whenever what it read changes. `listener` is told the state at once and
   * with each change; all watched queries are of one moment whenever it is called. [Q2] Equal calls share one.
   */
  watch<Args, Result>(
    fn: FunctionRef<Args, Result>,
    args: Args,
    listener: (state: WatchState<Result>) => void,
  ): Cancel {
    return this.#watches.watch(fn.name, (args ?? {}) as Json, (state) =>
      listener(state as WatchState<Result>),
    );
  }

  /** What this page shows in every room that it is in, until it says otherwise or becomes another user. */
  setPresence(state: Json): void {
    this.#rooms.setPresence(state);
  }

  /** Is in the room until cancelled. `listener` is told at once who else is there, and with each change. */
  onPresence(room: string, listener: (view: RoomView) => void): Cancel {
    return this.#rooms.onPresence(room, listener);
  }

  /** To all others in the room; not stored. False: this page is not in it now. Throws `too_large`. */
  publishTopic(topic: string, data: Json): boolean {
    return this.#rooms.publishTopic(topic, data);
  }

  /** Is in the room of this name until cancelled, and hears what the others there publish, in order. */
  onTopic(topic: string, listener: (event: TopicEvent) => void): Cancel {
    return this.#rooms.onTopic(topic, listener);
  }

  liveQuery<E extends EntityOf<App>>(spec: QuerySpec & { entity: E }): LiveQuery<RowOf<App, E>> {
    return new LiveQuery(this.#replica, this.#drafts.typed(spec), this.env.log);
  }

  /** As `liveQuery`, but a page of it, and more on demand. Throws `invalid` for a bad page size. */
  createInfiniteQuery<E extends EntityOf<App>>(
    entity: E,
    { pageSize, ...rest }: InfiniteOptions,
  ): InfiniteQuery<RowOf<App, E>> {
    const open = (limit: number) => this.liveQuery({ ...rest, entity, limit });
    return new InfiniteQuery(this.env.log, open, pageSize);
  }

  /** Resolves when the server has confirmed the rows: `store.knowledge` is `complete`. */
  synced(): Promise<void> {
    return this.#replica.synced(this.#over.promise);
  }

  /** Ends the connection and everything on it. Resolves when what is to be stored is stored. */
  close(): Promise<void> {
    this.#closed ??= this.#replica.close();
    this.#connection.close();
    return this.#closed;
  }

  async #call<Result>(
    request: { fn: string; args: Json; op?: string },
    options?: CallOptions,
  ): Promise<Result> {
    return (await this.#calls.call(request, options)) as Result;
  }

  async #queued(fn: string, args: Json, signal: AbortSignal | undefined): Promise<Json> {
    if (signal?.aborted) throw cancelled(signal);
    return unlessAborted(this.#replica.queue.call(fn, args), signal);
  }

  #write(change: Parameters<MutationQueue['add']>[0]): void {
    if (this.#closed) throw CLOSED;
    if (!this.session) throw new Fault('unavailable', 'nobody knows yet who this is: await start()');
    this.#replica.queue.add(change);
  }

  #renew(): void {
    this.#replica.hold();
    this.#calls.hold();
    this.#watches.hold();
    this.#identity.renew().then(
      (token) => this.#connection.send({ t: 'auth', token }),
      (error: unknown) => {
        if (error instanceof Fault && error.code === 'cancelled') return; // a newer token is on its way
        this.env.log.warn('client.token', { error });
        this.#connection.restart();
      },
    );
  }

  /** The parts that hold something of an owner let go of it. [S8] */
  #empty(fault: Fault): void {
    if (!this.#calls.held) this.#calls.hold();
    this.#replica.empty();
    this.#calls.rejectFormer(fault);
    this.#watches.empty();
    this.#mux.closeAll(fault);
  }

  #forgotten(): void {
    this.#empty(new Fault('unauthorized', 'the token was changed'));
    this.#sessionChanged.emit(null);
  }

  async #adopted(session: SessionInfo, change: SessionChange): Promise<void> {
    if (change === 'other') this.#empty(new Fault('unauthorized', 'the identity changed'));
    if (change === 'first' || change === 'other') {
      await this.#replica.open(ownerOf(session), change === 'first');
      if (this.session !== session) return;
    }
    this.#replica.release();
    this.#calls.release();
    this.#watches.release();
    if (change !== 'same') this.#sessionChanged.emit(session);
  }

  #ready(welcome: Welcome): void {
    const before = this.session;
    this.#replica.connected({ epoch: welcome.epoch, seq: welcome.seq }, welcome);
    void this.#identity.confirm(welcome.session);
    // The cursor in `hello` was that of another identity: start over.
    if (before && ownerOf(before) !== ownerOf(welcome.session)) this.#replica.rows.catchUp();
    this.#calls.connected(welcome.limits);
    this.#watches.connected(welcome.limits);
    this.#mux.connected(welcome.limits.binaryBytes);
  }

  #message(message: Handled): void {
    switch (message.t) {
      case 'batch':
        return this.#replica.gate.take(() => this.#replica.rows.batch(message));
      case 'page':
        return this.#replica.gate.take(() => this.#replica.rows.page(message));
      case 'reset':
        return this.#replica.gate.take(() => this.#replica.rows.reset(message.cursor));
      case 'result':
        if (!this.#replica.result(message)) this.#calls.result(message);
        return;
      case 'stream':
        return this.#chunk(message);
      case 'answer':
        return this.#watches.answer(message);
      case 'dropped':
        this.#replica.subscriptions.dropped(message.id, Fault.fromJSON(message.error));
        return this.#watches.dropped(message);
      case 'opened':
        return this.#mux.opened(message.ch, message.info);
      case 'closed':
        return this.#mux.closed(message.ch, Fault.fromJSON(message));
      case 'session':
        void this.#identity.confirm(message.session);
        if (this.session !== message.session) this.#watches.ignore(); // a newer token is on its way
        return;
      case 'fault':
        this.env.log.warn('client.fault', { code: message.code, message: message.message });
    }
  }

  #chunk(message: Chunk): void {
    try {
      this.#calls.chunk(message);
    } catch (error) {
      this.env.log.error('client.listener', { error });
    }
  }

  #lost(): void {
    this.#calls.lost();
    this.#watches.lost();
    this.#replica.lost();
    this.#mux.lost();
    this.#identity.lost();
  }

  #ended(fault: Fault): void {
    this.#calls.close(fault);
    this.#replica.queue.close(fault);
    this.#watches.close(fault);
    this.#over.resolve(fault);
    this.#rooms.close(fault);
    this.#mux.close(fault);
  }
}
