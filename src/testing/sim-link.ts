/**
 * One simulated connection: a client's pipe and a server's, with latency, a slow or paused reader, and a cut
 * at any moment. Messages arrive whole and in order, as over a WebSocket; what was under way at a cut is lost.
 */
import type { Clock } from '../base/env.ts';
import { contentOf } from '../base/parcel.ts';
import type { ClientTransport, ClientTransportEvents } from '../client/transport.ts';
import type { Transport, TransportEvents } from '../plugin/transport.ts';
import type { LinkLane } from './link-lane.ts';

type Message = string | Uint8Array;

/** 1006: the connection ended without a closing handshake (RFC 6455, section 7.1.5). */
const ABNORMAL = 1006;

export class SimLink {
  readonly client: ClientTransport;
  readonly server: Transport;
  readonly #clock: Clock;
  /** When so many bytes that are sent now arrive. */
  readonly #upMs: (bytes: number) => number;
  readonly #downMs: (bytes: number) => number;
  readonly #toClient: { message: Message; dueMs: number }[] = [];
  readonly #clientEvents: ClientTransportEvents;
  #serverEvents: TransportEvents | undefined;
  #lastToServerMs = 0;
  #bufferedBytes = 0;
  #paused = false;
  #pumping = false;
  #over = false;

  /** A function is asked for each message; a later one never overtakes. Lanes say it of both directions. */
  constructor(
    clock: Clock,
    delay: number | (() => number) | { readonly up: LinkLane; readonly down: LinkLane },
    clientEvents: ClientTransportEvents,
  ) {
    this.#clock = clock;
    if (typeof delay === 'object') {
      this.#upMs = (bytes) => delay.up.arrivalMs(bytes);
      this.#downMs = (bytes) => delay.down.arrivalMs(bytes);
    } else {
      this.#upMs = () => clock.monotonic() + (typeof delay === 'number' ? delay : delay());
      this.#downMs = this.#upMs;
    }
    this.#clientEvents = clientEvents;
    this.client = {
      send: (message) => this.#later(() => this.#serverEvents?.message(copy(message)), message.length),
      close: (code, reason) => this.#closing(code, reason),
    };
    const link = this;
    this.server = {
      get bufferedBytes() {
        return link.#bufferedBytes;
      },
      send: (message) => this.#sendToClient(message),
      sendParcel: (parcel) => this.#sendToClient(contentOf(parcel)),
      close: (code, reason) => this.#closing(code, reason),
      terminate: () => this.cut(),
      cork: () => {},
      uncork: () => {},
      listen: (events) => {
        this.#serverEvents = events;
      },
    };
  }

  get over(): boolean {
    return this.#over;
  }

  /** The client is told that its pipe is open. */
  opened(): void {
    this.#later(() => this.#clientEvents.open());
  }

  /** A paused reader takes nothing; what is sent waits in the server's buffer. */
  pause(paused: boolean): void {
    this.#paused = paused;
    this.#pump();
  }

  /** Both ends lose the connection now. */
  cut(): void {
    this.#end(ABNORMAL, 'cut');
  }

  #sendToClient(message: Message): void {
    if (this.#over) return;
    this.#bufferedBytes += message.length;
    this.#toClient.push({ message, dueMs: this.#downMs(message.length) });
    this.#pump();
  }

  #pump(): void {
    const next = this.#toClient[0];
    if (this.#paused || this.#pumping || this.#over || !next) return;
    this.#pumping = true;
    this.#clock.after(next.dueMs - this.#clock.monotonic(), () => {
      this.#pumping = false;
      if (this.#paused || this.#over) return;
      this.#toClient.shift();
      this.#bufferedBytes -= next.message.length;
      this.#clientEvents.message(copy(next.message));
      this.#serverEvents?.drain();
      this.#pump();
    });
  }

  #closing(code: number, reason: string): void {
    // What was sent before the close arrives before it.
    if (this.#toClient.length > 0 && !this.#paused)
      this.#clock.after(this.#downMs(0) - this.#clock.monotonic() + 1, () => this.#closing(code, reason));
    else this.#later(() => this.#end(code, reason));
  }

  #later(task: () => void, bytes = 0): void {
    this.#lastToServerMs = Math.max(this.#lastToServerMs, this.#upMs(bytes));
    this.#clock.after(this.#lastToServerMs - this.#clock.monotonic(), () => {
      if (!this.#over) task();
    });
  }

  #end(code: number, reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#toClient.length = 0;
    this.#serverEvents?.close(code, reason);
    this.#clientEvents.close(code, reason);
  }
}

/** The receiver's bytes are its own, as after a real socket. */
function copy(message: Message): Message {
  return typeof message === 'string' ? message : message.slice();
}
