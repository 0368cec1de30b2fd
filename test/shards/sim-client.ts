/**
 * A client and his connection to the channel hosts of a server, in memory over a simulated clock: latency
 * both ways, a reader that can be paused, a connection that can be cut, an identity that can change.
 */
import { Fault } from '../../src/base/fault.ts';
import type { Channels, EngineHost } from '../../src/client/channel.ts';
import type { ChannelHost } from '../../src/plugin/channel.ts';
import type { Viewer } from '../../src/policy/viewer.ts';
import type { SessionInfo } from '../../src/protocol/server-message.ts';
import type { SimEnv } from '../../src/testing/sim-env.ts';
import { type LinkOptions, type PipeEnd, SimPipe } from './sim-pipe.ts';

export class SimClient implements EngineHost, PipeEnd {
  readonly env: SimEnv;
  /** Shards have no documents. */
  readonly docs = {} as EngineHost['docs'];
  readonly store = {} as EngineHost['store'];
  readonly channels: Channels;
  readonly link: Required<LinkOptions>;
  session: SessionInfo | null;
  viewer: Viewer;
  /** Bytes of all frames received, in order. */
  readonly received: Uint8Array[] = [];
  #hosts: Readonly<Record<string, ChannelHost>>;
  #pipes = new Set<SimPipe>();
  #sessionListeners = new Set<(session: SessionInfo) => void>();
  readonly viewerListeners = new Set<() => void>();
  online = true;
  paused = false;

  constructor(env: SimEnv, hosts: Readonly<Record<string, ChannelHost>>, link: LinkOptions) {
    this.env = env;
    this.#hosts = hosts;
    this.link = {
      clientId: `page-${link.userId}`,
      latencyMs: 20,
      jitterMs: 0,
      loss: 0,
      bytesPerSecond: Number.POSITIVE_INFINITY,
      laneSize: 64,
      kernelSize: 8,
      ...link,
    };
    this.viewer = viewerOf(link.userId);
    this.session = { ...this.viewer, roles: [...this.viewer.roles] };
    this.channels = {
      open: (kind, params, events) => {
        const pipe = new SimPipe(this, { kind, params, events });
        this.#pipes.add(pipe);
        if (this.online) pipe.connect();
        return pipe;
      },
    };
  }

  host(kind: string): ChannelHost {
    const host = this.#hosts[kind];
    if (!host) throw new Fault('not_found', `no channels of kind ${kind}`);
    return host;
  }

  onSession(listener: (session: SessionInfo) => void): () => void {
    this.#sessionListeners.add(listener);
    return () => this.#sessionListeners.delete(listener);
  }

  /** The identity changes in place, on both sides. */
  become(viewer: Partial<Viewer>): void {
    this.viewer = { ...this.viewer, ...viewer };
    for (const listener of [...this.viewerListeners]) listener();
    const session = { ...this.viewer, roles: [...this.viewer.roles] };
    this.env.clock.after(this.link.latencyMs, () => {
      this.session = session;
      for (const listener of [...this.#sessionListeners]) listener(session);
    });
  }

  /** The connection is gone, at once on both sides. */
  cut(): void {
    this.online = false;
    for (const pipe of this.#pipes) pipe.lose();
  }

  /** A new connection, perhaps to another server. */
  connect(hosts?: Readonly<Record<string, ChannelHost>>): void {
    if (hosts) this.#hosts = hosts;
    this.online = true;
    for (const pipe of this.#pipes) pipe.connect();
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    for (const pipe of this.#pipes) pipe.flush();
  }

  /** Payloads that wait for a paused reader, kernel and outbox together. */
  get waiting(): number {
    let sum = 0;
    for (const pipe of this.#pipes) sum += pipe.waiting;
    return sum;
  }

  forget(pipe: SimPipe): void {
    this.#pipes.delete(pipe);
  }
}

export function viewerOf(userId: string | null, roles: string[] = []): Viewer {
  return { userId, kind: userId === null ? 'anonymous' : 'guest', roles, name: userId };
}
