/**
 * One client's connection, from its first frame to its end. It parses, keeps the heartbeat, and hands
 * each message to its room: calls to Requests, channels to Mux, rows to Replica, watched queries to WatchSession.
 *
 *   greeting --hello--> signing in --welcome--> ready --close or fault--> closed (terminal)
 *       '----- silent too long, bad message, refused ------------------------^
 */
import { CODES } from '../base/codes.ts';
import { Emitter } from '../base/emitter.ts';
import type { Cancel, Env } from '../base/env.ts';
import { Fault, toFault } from '../base/fault.ts';
import { newId } from '../base/id.ts';
import { parseJson } from '../base/json.ts';
import { parseShape } from '../base/shape.ts';
import type { Functions } from '../functions/call.ts';
import type { Authenticator } from '../plugin/authenticator.ts';
import type { ChannelHost } from '../plugin/channel.ts';
import { type Session, sessionInfoOf } from '../plugin/session.ts';
import type { Transport } from '../plugin/transport.ts';
import { ANONYMOUS, sameViewer, type Viewer } from '../policy/viewer.ts';
import { type ClientMessage, clientMessage, type Hello } from '../protocol/client-message.ts';
import type { Limits } from '../protocol/limits.ts';
import { readCursor } from '../protocol/row-batch.ts';
import type { ServerMessage } from '../protocol/server-message.ts';
import { PROTOCOL } from '../protocol/version.ts';
import type { Store } from '../store/store.ts';
import type { QueryWatch } from '../sync/query-watch.ts';
import { Replica, type ReplicaDeps } from '../sync/replica.ts';
import { WatchSession } from '../sync/watch-session.ts';
import type { ChannelFrames } from './channel-frames.ts';
import { Mux } from './mux.ts';
import { type Flusher, type LaneName, Outbox, type OutboxLimits } from './outbox.ts';
import { Requests } from './requests.ts';

/** What connections share. */
export interface ConnectionDeps {
  readonly env: Env;
  readonly store: Store;
  readonly schemaHash: string;
  readonly functions: Functions;
  readonly authenticator: Authenticator;
  readonly channelHosts: ReadonlyMap<string, ChannelHost>;
  readonly replica: ReplicaDeps;
  readonly watches: QueryWatch;
  readonly flusher: Flusher;
  readonly frames: ChannelFrames;
  readonly limits: Limits;
  /** Entities whose rows come by subscription. */
  readonly queried: string[];
  readonly outboxLimits: OutboxLimits;
}

/** A client that says nothing for this long after connecting is closed. */
export const GREETING_MS = 10_000;

/** A client that was sent so many pings and said nothing is closed when the next one is due. */
const MAX_UNANSWERED = 2;

type State =
  | { name: 'greeting' }
  | { name: 'signing_in' }
  | { name: 'ready'; mux: Mux; requests: Requests; replica: Replica; watches: WatchSession }
  | { name: 'closed' };

export class Connection implements Session {
  readonly id: string;
  readonly #deps: ConnectionDeps;
  readonly #transport: Transport;
  readonly #outbox: Outbox;
  readonly #onViewer = new Emitter<[]>();
  readonly #token: string | null;
  readonly #onClose: () => void;
  #state: State = { name: 'greeting' };
  #clientId = '';
  #viewer: Viewer = ANONYMOUS;
  #timer: Cancel;
  /** Pings since the client was last heard. */
  #unanswered = 0;

  constructor(
    deps: ConnectionDeps,
    transport: Transport,
    options: { token: string | null; onClose: () => void },
  ) {
    const { env } = deps;
    this.id = newId(env);
    this.#deps = deps;
    this.#transport = transport;
    this.#token = options.token;
    this.#onClose = options.onClose;
    this.#outbox = new Outbox({ clock: env.clock, flusher: deps.flusher, transport }, deps.outboxLimits, {
      room: (lane) => this.#room(lane),
      overloaded: (reason) => this.fail(new Fault('overloaded', reason)),
    });
    this.#timer = env.clock.after(GREETING_MS, () => this.fail(new Fault('timeout', 'no hello')));
    transport.listen({
      message: (data) => this.#message(data),
      drain: () => this.#outbox.progress(),
      close: () => this.#end(),
    });
  }

  get clientId(): string {
    return this.#clientId;
  }

  get viewer(): Viewer {
    return this.#viewer;
  }

  /** Bytes that wait in the outbox. */
  get queuedBytes(): number {
    return this.#outbox.bytes;
  }

  onViewer(listener: () => void): Cancel {
    return this.#onViewer.on(listener);
  }

  /** Calls under way; a drain waits for them. */
  get callsInFlight(): number {
    return this.#state.name === 'ready' ? this.#state.requests.size : 0;
  }

  /** The server is about to end; the client should come back within `afterMs`. */
  moving(afterMs: number): void {
    this.#send({ t: 'moving', after_ms: afterMs });
  }

  /** Tells the client why, and closes. */
  fail(fault: Fault): void {
    if (this.#state.name === 'closed') return;
    this.#deps.env.log.info('session.fault', { session: this.id, code: fault.code, message: fault.message });
    this.#transport.send(JSON.stringify({ t: 'fault', ...fault.toJSON() } satisfies ServerMessage));
    this.#transport.close(CODES[fault.code].close ?? CODES.internal.close, fault.code);
    this.#end();
  }

  #message(data: string | Uint8Array): void {
    this.#unanswered = 0;
    try {
      if (typeof data === 'string') this.#text(data);
      else this.#binary(data);
    } catch (error) {
      if (!(error instanceof Fault))
        this.#deps.env.log.error('session.failed', { session: this.id, error: String(error) });
      this.fail(toFault(error));
    }
  }

  #binary(bytes: Uint8Array): void {
    const { binaryBytes } = this.#deps.limits;
    if (bytes.length > binaryBytes) throw new Fault('too_large', `a frame of more than ${binaryBytes} bytes`);
    if (this.#state.name !== 'ready') throw new Fault('bad_message', 'a frame before welcome');
    this.#state.mux.frame(bytes);
  }

  #text(text: string): void {
    const { textBytes, jsonDepth } = this.#deps.limits;
    const json = parseJson(text, { maxChars: textBytes, maxDepth: jsonDepth });
    const message = parseShape(clientMessage, json, 'message', 'bad_message');
    switch (this.#state.name) {
      case 'greeting':
        if (message.t !== 'hello') throw new Fault('bad_message', 'the first message must be hello');
        return this.#hello(message);
      case 'signing_in':
        throw new Fault('bad_message', 'a message before welcome');
      case 'ready':
        return this.#dispatch(message, this.#state);
      case 'closed':
        return;
    }
  }

  #hello(hello: Hello): void {
    if (hello.protocol !== PROTOCOL)
      throw new Fault('unsupported', `this server speaks protocol ${PROTOCOL}`);
    if (hello.schema !== '' && hello.schema !== this.#deps.schemaHash)
      throw new Fault('unsupported', 'the schema has changed: reload');
    this.#state = { name: 'signing_in' };
    this.#clientId = hello.client;
    this.#deps.authenticator.authenticate(this.#token).then(
      (viewer) => this.#welcome(viewer, hello),
      (error) => this.fail(toFault(error)),
    );
  }

  #welcome(viewer: Viewer, hello: Hello): void {
    if (this.#state.name !== 'signing_in') return;
    const { env, limits, store, functions, channelHosts } = this.#deps;
    this.#viewer = viewer;
    const send = (message: ServerMessage) => this.#send(message);
    const rows = { send: (text: string) => this.#outbox.send('rows', text) };
    const dropped = (id: number, fault: Fault) => send({ t: 'dropped', id, error: fault.toJSON() });
    const replica = new Replica(this.#deps.replica, { ...rows, dropped }, viewer);
    const watches = new WatchSession(this.#deps.watches, { rows, send }, viewer);
    const requests = new Requests({
      env,
      functions,
      send,
      sendStreamed: (text) => this.#outbox.send('stream', text),
      wrote: (seq) => replica.ensure(seq),
      maxInFlight: limits.callsInFlight,
      maxPushOps: limits.pushOps,
    });
    const mux = new Mux({
      env,
      session: this,
      outbox: this.#outbox,
      frames: this.#deps.frames,
      hosts: channelHosts,
      maxChannels: limits.channels,
      send,
    });
    this.#state = { name: 'ready', mux, requests, replica, watches };
    send({
      t: 'welcome',
      session: sessionInfoOf(viewer),
      epoch: replica.epoch,
      seq: store.seq,
      limits,
      queried: this.#deps.queried,
      time: env.clock.now(),
    });
    env.log.info('session.open', { session: this.id, user: viewer.userId });
    replica.start(readCursor(hello.cursor));
    this.#timer();
    this.#timer = env.clock.after(limits.pingMs, () => this.#beat());
  }

  #dispatch(message: ClientMessage, state: Extract<State, { name: 'ready' }>): void {
    const { mux, requests, replica, watches } = state;
    switch (message.t) {
      case 'hello':
        throw new Fault('bad_message', 'hello was said already');
      case 'auth':
        return this.#signIn(message.token);
      case 'call':
        return requests.call(message, this.#viewer);
      case 'cancel':
        return requests.cancel(message.id);
      case 'push':
        return requests.push(message, this.#viewer);
      case 'watch':
        return watches.watch(message.id, message.fn, message.args);
      case 'catchup':
        return replica.start(readCursor(message.cursor));
      case 'subscribe':
        return replica.subscribe(message.id, message.query);
      case 'unsubscribe':
        watches.unsubscribe(message.id);
        return replica.unsubscribe(message.id);
      case 'open':
        return mux.open(message.ch, message.kind, message.params);
      case 'close':
        return mux.close(message.ch);
      case 'pong':
        return;
    }
  }

  #signIn(token: string | null): void {
    this.#deps.authenticator.authenticate(token).then(
      (viewer) => {
        if (this.#state.name !== 'ready') return;
        const other = !sameViewer(viewer, this.#viewer);
        this.#viewer = viewer;
        // `session` travels in a faster lane: rows of the old identity must not arrive behind it. [S8]
        if (other) this.#outbox.clear('rows');
        this.#send({ t: 'session', session: sessionInfoOf(viewer) });
        if (!other) return;
        this.#state.replica.setViewer(viewer);
        this.#state.watches.setViewer(viewer);
        this.#onViewer.emit();
      },
      (error) => this.fail(toFault(error)),
    );
  }

  #beat(): void {
    const { clock } = this.#deps.env;
    const { pingMs } = this.#deps.limits;
    if (this.#unanswered++ === MAX_UNANSWERED) return this.fail(new Fault('timeout', 'nothing heard'));
    this.#send({ t: 'ping', time: clock.now() });
    this.#timer = clock.after(pingMs, () => this.#beat());
  }

  #send(message: ServerMessage): void {
    this.#outbox.send('control', JSON.stringify(message));
  }

  #room(lane: LaneName): void {
    if (this.#state.name !== 'ready') return;
    if (lane === 'stream') this.#state.requests.room();
    if (lane === 'rows') {
      this.#state.replica.drained();
      this.#state.watches.drained();
    }
    if (lane === 'docs') this.#state.mux.drained();
  }

  #end(): void {
    const state = this.#state;
    if (state.name === 'closed') return;
    this.#state = { name: 'closed' };
    this.#timer();
    if (state.name === 'ready') {
      state.replica.close();
      state.watches.close();
      state.requests.close();
      state.mux.end();
    }
    this.#outbox.close();
    this.#onViewer.clear();
    this.#deps.env.log.info('session.close', { session: this.id });
    this.#onClose();
  }
}
