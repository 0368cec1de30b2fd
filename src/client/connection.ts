/**
 * One connection after another to one server: handshake, heartbeat, backoff. It knows messages, not what
 * they mean. SyncEngine owns it; exactly one socket is open at any time.
 *
 *   idle --open()--> connecting --welcome--> ready --lost--> waiting --timer, nudge()--> connecting
 *                        '------failed--------------------->    ^
 *   any --close(), a close code that advises `never`--> closed (terminal)
 */
import { backoffMs } from '../base/backoff.ts';
import { CODES, codeOfClose } from '../base/codes.ts';
import type { Cancel, Env } from '../base/env.ts';
import { Fault, isFault, toFault } from '../base/fault.ts';
import type { ClientMessage, Hello } from '../protocol/client-message.ts';
import { offerSubprotocols } from '../protocol/handshake.ts';
import type { ServerMessage, Welcome } from '../protocol/server-message.ts';
import { PROTOCOL } from '../protocol/version.ts';
import { Listeners } from './listeners.ts';
import { Liveness } from './liveness.ts';
import { parseServerText } from './server-text.ts';
import type { Traffic } from './traffic.ts';
import type { ClientTransport, Connect } from './transport.ts';

/** From the first step of an attempt to `welcome`. */
const HANDSHAKE_MS = 15_000;
/** A connection that lived this long starts the backoff anew. */
const STABLE_MS = 5_000;

export type ConnectionState =
  | { readonly name: 'idle' }
  | { readonly name: 'connecting'; readonly attempt: number }
  | { readonly name: 'ready' }
  | { readonly name: 'waiting'; readonly attempt: number; readonly delayMs: number; readonly fault: Fault }
  | { readonly name: 'closed'; readonly fault: Fault | undefined };

/** One socket's life; events of a link that is not the current one any more are ignored. */
interface Link {
  socket: ClientTransport | undefined;
}

type State =
  | { name: 'idle' }
  | { name: 'connecting'; attempt: number; link: Link; timer: Cancel }
  | { name: 'ready'; attempt: number; link: Link; sinceMs: number; liveness: Liveness; moving: Cancel }
  | { name: 'waiting'; attempt: number; timer: Cancel; delayMs: number; fault: Fault }
  | { name: 'closed'; fault: Fault | undefined };

export type Handled = Exclude<ServerMessage, { t: 'welcome' | 'ping' | 'moving' }>;

export interface ConnectionHost {
  /** Asked at each attempt: who connects. The connection waits for it and offers the token. */
  prepare(): Promise<string | null>;
  hello(): Pick<Hello, 'client' | 'schema' | 'cursor'>;
  /** The server refused the token that `prepare` gave. */
  refused(): void;
  ready(welcome: Welcome): void;
  message(message: Handled): void;
  frame(bytes: Uint8Array): void;
  /** A ready connection is gone; `ready` follows after the reconnect, unless `ended` does. */
  lost(): void;
  /** No reconnect will follow. */
  ended(fault: Fault): void;
}

export interface ConnectionOptions {
  readonly connect: Connect;
  readonly reconnectDelayMs: number;
  readonly maxReconnectDelayMs: number;
  readonly traffic: Traffic;
}

const nothing = () => {};

export class Connection {
  readonly #env: Env;
  readonly #host: ConnectionHost;
  readonly #options: ConnectionOptions;
  readonly #changed: Listeners<[ConnectionState]>;
  #state: State = { name: 'idle' };
  #view: ConnectionState = { name: 'idle' };

  constructor(env: Env, host: ConnectionHost, options: ConnectionOptions) {
    this.#env = env;
    this.#changed = new Listeners(env.log);
    this.#host = host;
    this.#options = options;
  }

  /** The same object until the state changes. */
  get state(): ConnectionState {
    return this.#view;
  }

  subscribe(listener: (state: ConnectionState) => void): Cancel {
    return this.#changed.on(listener);
  }

  open(): void {
    if (this.#state.name === 'idle') this.#connect(0);
  }

  /** The network may be back, or the token is another: do not wait any longer. */
  nudge(): void {
    if (this.#state.name === 'waiting') this.#connect(this.#state.attempt);
  }

  /** Ends what is there and connects anew at once, as after a change of token. */
  restart(): void {
    if (this.#state.name === 'idle' || this.#state.name === 'closed') return;
    const fault = new Fault('unavailable', 'connecting anew');
    this.#drop(1000, fault.message, () => this.#wait(0, 0, fault));
    this.nudge();
  }

  /** False: not ready, nothing was sent. */
  send(message: ClientMessage): boolean {
    return this.sendRaw(JSON.stringify(message));
  }

  /** Text that is a message already, or a binary frame. The bytes must never be written again. */
  sendRaw(data: string | Uint8Array): boolean {
    if (this.#state.name !== 'ready') return false;
    this.#write(this.#state.link, data);
    return true;
  }

  close(fault?: Fault): void {
    if (this.#state.name === 'closed') return;
    this.#end(fault, 1000);
  }

  #connect(attempt: number): void {
    this.#leave();
    const link: Link = { socket: undefined };
    const late = () => this.#fail(link, new Fault('timeout', 'no welcome in time'));
    this.#to({ name: 'connecting', attempt, link, timer: this.#env.clock.after(HANDSHAKE_MS, late) });
    this.#dial(link).catch((error: unknown) => {
      if (!isFault(error)) this.#env.log.error('client.connect', { error });
      this.#fail(link, toFault(error));
    });
  }

  async #dial(link: Link): Promise<void> {
    const token = await this.#host.prepare();
    if (!this.#isCurrent(link)) return;
    this.#options.traffic.socketsOpened++;
    link.socket = this.#options.connect(offerSubprotocols(token), {
      open: () => {
        if (!this.#isCurrent(link)) return;
        this.#write(link, JSON.stringify({ t: 'hello', protocol: PROTOCOL, ...this.#host.hello() }));
      },
      message: (data) => this.#receive(link, data),
      close: (code, reason) => this.#closedByPeer(link, code, reason),
    });
    this.#options.traffic.socketsOpen++;
  }

  #receive(link: Link, data: string | Uint8Array): void {
    const state = this.#state;
    if (!('link' in state) || state.link !== link) return;
    this.#options.traffic.received(data);
    if (state.name === 'ready') state.liveness.heard();
    try {
      if (typeof data !== 'string') {
        if (state.name !== 'ready') throw new Fault('bad_message', 'a binary frame before welcome');
        this.#host.frame(data);
      } else {
        this.#handle(link, parseServerText(data));
      }
    } catch (error) {
      this.#env.log.error('client.bad_message', { error });
      this.#fail(link, toFault(error), CODES.bad_message.close);
    }
  }

  #handle(link: Link, message: ServerMessage): void {
    const state = this.#state;
    if (state.name === 'connecting') {
      if (message.t === 'welcome') return this.#welcomed(state, message);
      if (message.t !== 'fault') throw new Fault('bad_message', `${message.t} before welcome`);
      this.#env.log.warn('client.fault', { code: message.code, message: message.message });
    } else if (state.name === 'ready') {
      if (message.t === 'welcome') throw new Fault('bad_message', 'a second welcome');
      if (message.t === 'ping') return this.#write(link, JSON.stringify({ t: 'pong', time: message.time }));
      if (message.t === 'moving') return this.#move(state, message.after_ms);
      this.#host.message(message);
    }
  }

  #welcomed(from: State & { name: 'connecting' }, welcome: Welcome): void {
    from.timer();
    const { attempt, link } = from;
    const { clock } = this.#env;
    const silent = () =>
      this.#fail(link, new Fault('timeout', 'the server fell silent'), CODES.timeout.close);
    const liveness = new Liveness(clock, 2 * welcome.limits.pingMs, silent);
    // Features learn of the identity before anybody sees `ready`. [S8]
    this.#to({ name: 'ready', attempt, link, sinceMs: clock.monotonic(), liveness, moving: nothing }, () =>
      this.#host.ready(welcome),
    );
  }

  /** The server is about to end: all its clients come back at different moments of `afterMs`. */
  #move(state: State & { name: 'ready' }, afterMs: number): void {
    state.moving();
    state.moving = this.#env.clock.after(this.#env.random.next() * afterMs, () => this.restart());
  }

  #closedByPeer(link: Link, code: number, reason: string): void {
    if (!this.#isCurrent(link)) return;
    this.#hangUp(link);
    const known = codeOfClose(code);
    const fault = new Fault(known ?? 'unavailable', reason || `connection closed (${code})`);
    if (known === 'unauthorized') this.#host.refused();
    if (known && CODES[known].retry === 'never') this.#end(fault);
    else this.#fail(link, fault);
  }

  /** This attempt or connection is over; another follows after a while. */
  #fail(link: Link, fault: Fault, closeCode = 1000): void {
    const state = this.#state;
    if (!('link' in state) || state.link !== link) return;
    const stable = state.name === 'ready' && this.#env.clock.monotonic() - state.sinceMs >= STABLE_MS;
    const attempt = stable ? 0 : state.attempt;
    const delayMs = backoffMs(attempt, this.#env.random, {
      baseMs: this.#options.reconnectDelayMs,
      capMs: this.#options.maxReconnectDelayMs,
    });
    this.#drop(closeCode, fault.message, () => this.#wait(attempt + 1, delayMs, fault));
  }

  #wait(attempt: number, delayMs: number, fault: Fault): void {
    const timer = this.#env.clock.after(delayMs, () => this.#connect(attempt));
    this.#to({ name: 'waiting', attempt, timer, delayMs, fault });
  }

  #end(fault: Fault | undefined, closeCode = 1000): void {
    this.#drop(closeCode, fault?.message ?? '', () => this.#to({ name: 'closed', fault }));
    this.#host.ended(fault ?? new Fault('unavailable', 'the engine is closed'));
  }

  /** Leaves the present state, enters the next, then tells the host if a ready connection was lost. */
  #drop(code: number, reason: string, enter: () => void): void {
    const state = this.#state;
    this.#leave();
    enter();
    if ('link' in state) this.#hangUp(state.link, code, reason);
    if (state.name === 'ready') this.#host.lost();
  }

  #hangUp(link: Link, code = 1000, reason = ''): void {
    if (!link.socket) return;
    const { socket } = link;
    link.socket = undefined;
    this.#options.traffic.socketsOpen--;
    socket.close(code, reason.slice(0, 40)); // at most 123 bytes of UTF-8 (RFC 6455 section 5.5)
  }

  #leave(): void {
    const state = this.#state;
    if (state.name === 'connecting' || state.name === 'waiting') state.timer();
    if (state.name === 'ready') {
      state.liveness.close();
      state.moving();
    }
  }

  #isCurrent(link: Link): boolean {
    return 'link' in this.#state && this.#state.link === link;
  }

  #write(link: Link, data: string | Uint8Array): void {
    if (!link.socket) return;
    this.#options.traffic.sent(data);
    link.socket.send(data);
  }

  #to(next: State, enter: () => void = nothing): void {
    this.#state = next;
    this.#view = describe(next);
    enter();
    if (this.#state === next) this.#changed.emit(this.#view);
  }
}

function describe(state: State): ConnectionState {
  switch (state.name) {
    case 'connecting':
      return { name: 'connecting', attempt: state.attempt };
    case 'waiting':
      return { name: 'waiting', attempt: state.attempt, delayMs: state.delayMs, fault: state.fault };
    case 'closed':
      return { name: 'closed', fault: state.fault };
    default:
      return { name: state.name };
  }
}
