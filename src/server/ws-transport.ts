/** Transport over a `ws` socket, and the door that upgrades requests to it. */
import type { Server as HttpServer } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Env } from '../base/env.ts';
import { isFault, toFault } from '../base/fault.ts';
import type { Parcel } from '../base/parcel.ts';
import type { Transport, TransportEvents } from '../plugin/transport.ts';
import { readSubprotocols } from '../protocol/handshake.ts';
import { SUBPROTOCOL } from '../protocol/version.ts';
import { originAllowed } from './origin.ts';
import { SmallFrames } from './small-frames.ts';
import { frameInPlace, SocketFrames } from './socket-frames.ts';

export interface WsDoorOptions {
  /** Bytes of one message; `ws` closes with 1009 before it reads more. */
  maxPayload: number;
  /** Origins, besides the server's own, whose pages may connect. [P6] */
  origins: readonly string[];
  accept(transport: Transport, token: string | null): void;
}

/** Answers `GET /ws`. Everything else that wants an upgrade is refused. */
export function attachWebSockets(server: HttpServer, env: Env, options: WsDoorOptions): () => void {
  const frames = new SocketFrames();
  const door = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: options.maxPayload,
    handleProtocols: () => SUBPROTOCOL,
  });
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    if (request.url?.split('?')[0] !== '/ws') return refuse(socket, 404, 'Not Found');
    if (!originAllowed(request.headers, options.origins)) {
      env.log.warn('ws.origin_refused', { origin: request.headers.origin });
      return refuse(socket, 403, 'Forbidden');
    }
    let token: string | null;
    try {
      token = readSubprotocols(
        String(request.headers['sec-websocket-protocol'] ?? '').split(/\s*,\s*/),
      ).token;
    } catch (error) {
      return refuse(
        socket,
        toFault(error).http,
        isFault(error, 'unsupported') ? 'Upgrade Required' : 'Bad Request',
      );
    }
    door.handleUpgrade(request, socket, head, (ws) =>
      options.accept(new WsTransport(ws, socket, frames), token),
    );
  });
  return () => door.close();
}

function refuse(socket: Duplex, status: number, reason: string): void {
  socket.end(`HTTP/1.1 ${status} ${reason}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

export class WsTransport implements Transport {
  readonly #ws: WebSocket;
  readonly #socket: Duplex;
  readonly #frames: SocketFrames;

  /** `frames` is shared by sockets that get the same messages. */
  constructor(ws: WebSocket, socket: Duplex, frames: SocketFrames) {
    this.#ws = ws;
    this.#socket = socket;
    this.#frames = frames;
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength; // `ws` itself keeps nothing back without compression
  }

  send(message: string | Uint8Array): void {
    if (this.#ws.readyState !== this.#ws.OPEN) return;
    // `ws` would make a frame for each socket. Without compression it holds nothing back, so the order is kept.
    this.#socket.write(this.#frames.of(message));
  }

  sendParcel(parcel: Parcel): void {
    if (this.#ws.readyState === this.#ws.OPEN) this.#socket.write(frameInPlace(parcel));
  }

  close(code: number, reason: string): void {
    this.#ws.close(code, reason);
  }

  terminate(): void {
    this.#ws.terminate();
  }

  cork(): void {
    this.#socket.cork();
  }

  uncork(): void {
    this.#socket.uncork();
  }

  listen(events: TransportEvents): void {
    const ws = this.#ws;
    this.#takeSmallFrames(events);
    ws.on('message', (data: Buffer, isBinary) => events.message(isBinary ? data : data.toString('utf8')));
    ws.on('close', (code, reason) => events.close(code, reason.toString('utf8')));
    ws.on('error', () => ws.terminate()); // `close` follows
    this.#socket.on('drain', () => events.drain());
  }
  /** Reads the socket in place of `ws`, until there is something that only `ws` can answer. */
  #takeSmallFrames(events: TransportEvents): void {
    const socket = this.#socket;
    const [toWs, ...others] = socket.listeners('data') as ((chunk: Buffer) => void)[];
    if (!toWs || others.length > 0) return; // another `ws` than the one we know
    const small = new SmallFrames({
      message: (payload) => events.message(payload),
      pass: (bytes) => toWs.call(socket, bytes),
      handOver(bytes) {
        socket.on('data', toWs);
        socket.off('data', take);
        toWs.call(socket, bytes);
      },
    });
    const take = (chunk: Buffer) => small.take(chunk);
    socket.on('data', take);
    socket.off('data', toWs);
  }
}
