/**
 * One channel of a simulated connection, with a small model of the server's outbox: a latest slot and a
 * bounded lane, emptied at the end of each turn, and a kernel that takes a few payloads on behalf of a paused reader.
 * Checks that bytes handed over are never written again. [T5]
 */
import { Fault } from '../../src/base/fault.ts';
import type { Json } from '../../src/base/json.ts';
import { contentOf } from '../../src/base/parcel.ts';
import type { ChannelEvents, ClientChannel } from '../../src/client/channel.ts';
import type { Channel, ChannelHandler, ChannelHost, LatestSlot } from '../../src/plugin/channel.ts';
import type { Session } from '../../src/plugin/session.ts';
import type { Viewer } from '../../src/policy/viewer.ts';
import { LinkLane, type LinkQuality } from '../../src/testing/link-lane.ts';
import type { SimEnv } from '../../src/testing/sim-env.ts';

export interface LinkOptions extends Writable<LinkQuality> {
  readonly userId: string | null;
  readonly clientId?: string;
  /** Payloads of the shard lane that may wait while the reader is paused. */
  laneSize?: number;
  /** Payloads that the kernel takes from a paused reader's outbox before it fills. */
  kernelSize?: number;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** What a pipe sees of its client. */
export interface PipeEnd {
  readonly env: SimEnv;
  readonly link: Required<LinkOptions>;
  readonly viewer: Viewer;
  readonly viewerListeners: Set<() => void>;
  readonly online: boolean;
  readonly paused: boolean;
  readonly received: Uint8Array[];
  host(kind: string): ChannelHost;
  forget(pipe: SimPipe): void;
}

export interface Opening {
  readonly kind: string;
  readonly params: Json | (() => Json);
  readonly events: ChannelEvents;
}

interface Sent {
  readonly bytes: Uint8Array;
  readonly copy: Uint8Array;
  readonly tag: number;
}

/** One channel over one connection after another. */
export class SimPipe implements ClientChannel {
  readonly #client: PipeEnd;
  readonly #opening: Opening;
  /** Grows with every connection; what belongs to an older one is void. */
  #epoch = 0;
  #handler: ChannelHandler | undefined;
  #open = false;
  #ended = false;
  #lane: Sent[] = [];
  #latest: Sent | undefined;
  #kernel: Sent[] = [];
  #sentTag = -1;
  #full = false;
  #flushing = false;
  readonly #downLane: LinkLane;
  readonly #upLane: LinkLane;

  constructor(client: PipeEnd, opening: Opening) {
    this.#client = client;
    this.#downLane = new LinkLane(client.env, client.link);
    this.#upLane = new LinkLane(client.env, client.link);
    this.#opening = opening;
  }

  get waiting(): number {
    return this.#lane.length + this.#kernel.length + (this.#latest ? 1 : 0);
  }

  connect(): void {
    const epoch = ++this.#epoch;
    const { kind, params } = this.#opening;
    const asked: Json = structuredClone(typeof params === 'function' ? params() : params);
    this.#lane = [];
    this.#kernel = [];
    this.#latest = undefined;
    this.#sentTag = -1;
    this.#up(epoch, () => {
      const channel = this.#serverChannel(epoch);
      Promise.resolve()
        .then(() => this.#client.host(kind)(channel, asked))
        .then(
          (handler) => {
            if (epoch !== this.#epoch || this.#ended) return handler.closed();
            this.#handler = handler;
            const info = structuredClone(handler.info);
            this.#down(epoch, () => {
              this.#open = true;
              this.#opening.events.opened(info);
            });
            handler.opened?.();
          },
          (error) => this.#refuse(epoch, error),
        );
    });
  }

  lose(): void {
    this.#epoch++;
    this.#lane = [];
    this.#kernel = [];
    this.#latest = undefined;
    this.#endHandler();
    if (this.#open) {
      this.#open = false;
      this.#opening.events.lost();
    }
  }

  send(payload: Uint8Array): boolean {
    if (!this.#open || this.#ended) return false;
    const copy = payload.slice();
    this.#up(
      this.#epoch,
      () => {
        if (!same(payload, copy)) throw new Error('a client wrote to bytes that it had sent');
        try {
          this.#handler?.frame(copy.slice());
        } catch (error) {
          if (!(error instanceof Fault)) throw error;
          this.#serverClose(this.#epoch, error);
        }
      },
      payload.length,
    );
    return true;
  }

  close(): void {
    if (this.#ended) return;
    const epoch = this.#epoch;
    this.#ended = true;
    this.#open = false;
    this.#client.forget(this);
    if (this.#client.online) this.#up(epoch, () => this.#endHandler());
  }

  flush(): void {
    this.#flushing = false;
    const { kernelSize } = this.#client.link;
    while (!this.#client.paused && this.#kernel.length > 0) this.#deliver(this.#kernel.shift()!);
    const room = () => !this.#client.paused || this.#kernel.length < kernelSize;
    while (this.#lane.length > 0 && room()) this.#toKernel(this.#lane.shift()!);
    if (this.#latest && room()) {
      this.#sentTag = this.#latest.tag;
      this.#toKernel(this.#latest);
      this.#latest = undefined;
    }
    if (this.#full && this.#lane.length === 0) {
      this.#full = false;
      this.#handler?.drained?.();
    }
  }

  #toKernel(sent: Sent): void {
    if (this.#client.paused) this.#kernel.push(sent);
    else this.#deliver(sent);
  }

  #deliver(sent: Sent): void {
    this.#down(
      this.#epoch,
      () => {
        if (!same(sent.bytes, sent.copy))
          throw new Error('the server wrote to bytes that it had handed over');
        this.#client.received.push(sent.copy);
        if (!this.#ended) this.#opening.events.frame(sent.copy.slice());
      },
      sent.bytes.length,
    );
  }

  #serverChannel(epoch: number): Channel {
    const pipe = this;
    const client = this.#client;
    const session: Session = {
      id: `${client.link.clientId}/${epoch}`,
      clientId: client.link.clientId,
      get viewer() {
        return client.viewer;
      },
      onViewer(listener) {
        client.viewerListeners.add(listener);
        return () => client.viewerListeners.delete(listener);
      },
    };
    const latest: LatestSlot = {
      put(frame, tag) {
        if (epoch !== pipe.#epoch) return;
        const bytes = contentOf(frame);
        pipe.#latest = { bytes, copy: bytes.slice(), tag };
        pipe.#flushSoon();
      },
      get sentTag() {
        return pipe.#sentTag;
      },
    };
    return {
      session,
      latest,
      send(payload) {
        if (epoch !== pipe.#epoch) return true;
        if (pipe.#lane.length >= client.link.laneSize) {
          pipe.#full = true;
          return false;
        }
        pipe.#lane.push({ bytes: payload, copy: payload.slice(), tag: -1 });
        pipe.#flushSoon();
        return true;
      },
      close: (fault) => pipe.#serverClose(epoch, fault),
    };
  }

  #serverClose(epoch: number, fault: Fault): void {
    if (epoch !== this.#epoch || this.#ended) return;
    this.#endHandler();
    this.#refuse(epoch, fault);
  }

  #refuse(epoch: number, error: unknown): void {
    const fault = error instanceof Fault ? error : new Fault('internal', String(error));
    this.#down(epoch, () => {
      if (this.#ended) return;
      this.#ended = true;
      this.#open = false;
      this.#client.forget(this);
      this.#opening.events.closed(fault);
    });
  }

  #endHandler(): void {
    const handler = this.#handler;
    this.#handler = undefined;
    handler?.closed();
  }

  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    this.#client.env.clock.soon(() => this.flush());
  }

  #up(epoch: number, run: () => void, bytes = 0): void {
    this.#later(this.#upLane.arrivalMs(bytes), epoch, run);
  }

  #down(epoch: number, run: () => void, bytes = 0): void {
    this.#later(this.#downLane.arrivalMs(bytes), epoch, run);
  }

  #later(atMs: number, epoch: number, run: () => void): void {
    const { clock } = this.#client.env;
    clock.after(atMs - clock.monotonic(), () => {
      if (epoch === this.#epoch) run();
    });
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
