/**
 * A bad link before a real server: a TCP proxy that holds bytes back as link-lane.ts says. For `ternion link` and for
 * tests with real sockets. What it holds is bounded: where a reader is slower than its sender, the sender feels it,
 * as over a real network.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Cancel, Env } from '../base/env.ts';
import { LinkLane, type LinkQuality } from './link-lane.ts';

export interface LinkProxyOptions {
  readonly quality: LinkQuality;
  /** Where the server listens. */
  readonly toPort: number;
  readonly toHost?: string;
  /** Bytes of one direction of one connection that are under way; default 256 KiB. A sender beyond waits. */
  readonly bufferBytes?: number;
}

const BUFFER_BYTES = 256 << 10;

export class LinkProxy {
  readonly #env: Env;
  readonly #options: LinkProxyOptions;
  readonly #server: Server;
  readonly #pipes = new Set<Pipe>();

  constructor(env: Env, options: LinkProxyOptions) {
    this.#env = env;
    this.#options = options;
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
  }

  /** Resolves with the port: a free one when asked for 0. */
  listen(port = 0, host = '127.0.0.1'): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        const address = this.#server.address();
        resolve(address === null || typeof address === 'string' ? port : address.port);
      });
    });
  }

  /** Bytes under way, of all connections and both directions. */
  get heldBytes(): number {
    let sum = 0;
    for (const pipe of this.#pipes) sum += pipe.heldBytes;
    return sum;
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const pipe of this.#pipes) pipe.end();
    await closed;
  }

  #accept(client: Socket): void {
    const { toPort, toHost = '127.0.0.1' } = this.#options;
    const server = connect({ port: toPort, host: toHost, allowHalfOpen: true });
    for (const socket of [client, server]) socket.setNoDelay(true);
    const pipes = [this.#pipe(client, server), this.#pipe(server, client)];
    // One end that is gone takes the other with it; what is a clean end comes through `pipe` in its time.
    for (const socket of [client, server]) {
      socket.on('error', () => socket.destroy());
      socket.on('close', (failed) => {
        if (failed || !socket.readableEnded) for (const pipe of pipes) pipe.end();
      });
    }
  }

  #pipe(from: Socket, to: Socket): Pipe {
    const { quality, bufferBytes = BUFFER_BYTES } = this.#options;
    const pipe = new Pipe(this.#env, { from, to }, { lane: new LinkLane(this.#env, quality), bufferBytes });
    this.#pipes.add(pipe);
    to.once('close', () => this.#pipes.delete(pipe));
    return pipe;
  }
}

/** One direction of one connection. */
class Pipe {
  readonly #env: Env;
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #lane: LinkLane;
  readonly #bufferBytes: number;
  /** An empty chunk is the end of the stream. */
  readonly #queue: { chunk: Buffer; dueMs: number }[] = [];
  #heldBytes = 0;
  #timer: Cancel | undefined;
  #full = false;

  constructor(
    env: Env,
    { from, to }: { from: Socket; to: Socket },
    { lane, bufferBytes }: { lane: LinkLane; bufferBytes: number },
  ) {
    this.#env = env;
    this.#from = from;
    this.#to = to;
    this.#lane = lane;
    this.#bufferBytes = bufferBytes;
    from.on('data', (chunk: Buffer) => this.#take(chunk));
    from.on('end', () => this.#take(Buffer.alloc(0)));
    to.on('drain', () => {
      this.#full = false;
      this.#deliver();
    });
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  end(): void {
    this.#timer?.();
    this.#queue.length = 0;
    // A reset, not an end: what was cut off must not look complete.
    this.#from.resetAndDestroy();
    this.#to.resetAndDestroy();
  }

  #take(chunk: Buffer): void {
    this.#queue.push({ chunk, dueMs: this.#lane.arrivalMs(chunk.length) });
    this.#heldBytes += chunk.length;
    if (this.#heldBytes >= this.#bufferBytes) this.#from.pause();
    this.#arm();
  }

  #arm(): void {
    const next = this.#queue[0];
    if (!next || this.#timer || this.#full) return;
    this.#timer = this.#env.clock.after(next.dueMs - this.#env.clock.monotonic(), () => {
      this.#timer = undefined;
      this.#deliver();
    });
  }

  #deliver(): void {
    const nowMs = this.#env.clock.monotonic();
    while (!this.#full && this.#queue[0] && this.#queue[0].dueMs <= nowMs) {
      const { chunk } = this.#queue.shift()!;
      if (chunk.length === 0) this.#to.end();
      else this.#full = !this.#to.write(chunk);
      this.#heldBytes -= chunk.length;
    }
    if (this.#heldBytes < this.#bufferBytes) this.#from.resume();
    this.#arm();
  }
}
