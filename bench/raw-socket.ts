/**
 * A WebSocket on a bare TCP socket, which costs a load as little as Node allows: one read buffer for all of them,
 * no streams, a mask of zeros. Servers of benchmarks only: it trusts what they answer.
 */
import { connect, type Socket } from 'node:net';

const BUFFER = Buffer.alloc(64 << 10);
const [TEXT, BINARY, CLOSE, PING, PONG] = [0x1, 0x2, 0x8, 0x9, 0xa];
const EMPTY = Buffer.alloc(0);

export interface RawEvents {
  /** `data` is valid during the call only. The first may come before `connect` resolves. */
  message(data: Buffer, isBinary: boolean, socket: RawSocket): void;
  closed?(reason: string): void;
}

export class RawSocket {
  readonly #events: RawEvents;
  readonly #socket: Socket;
  #rest = EMPTY;
  #opened: (() => void) | undefined;
  #bytesIn = 0;

  private constructor(url: string, events: RawEvents, protocols: readonly string[]) {
    const { hostname, port, pathname, search, host } = new URL(url);
    this.#events = events;
    const callback = (length: number, buffer: Uint8Array) => {
      this.#take(Buffer.from(buffer.buffer, buffer.byteOffset, length));
      return true;
    };
    this.#socket = connect({ host: hostname, port: Number(port), onread: { buffer: BUFFER, callback } });
    this.#socket.setNoDelay(true);
    const head = [
      `GET ${pathname}${search} HTTP/1.1`,
      `Host: ${host}`,
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      ...(protocols.length > 0 ? [`Sec-WebSocket-Protocol: ${protocols.join(', ')}`] : []),
    ];
    this.#socket.write(`${head.join('\r\n')}\r\n\r\n`);
  }

  /** Resolves when the server has agreed. */
  static connect(url: string, events: RawEvents, protocols: readonly string[] = []): Promise<RawSocket> {
    const socket = new RawSocket(url.replace('http', 'ws'), events, protocols);
    return new Promise((resolve, reject) => {
      socket.#opened = () => resolve(socket);
      socket.#socket.on('error', reject);
      socket.#socket.on('close', () => {
        reject(new Error('closed before it was open'));
        events.closed?.('the connection ended');
      });
    });
  }

  /** Bytes of WebSocket frames that came in, their heads included. */
  get bytesIn(): number {
    return this.#bytesIn;
  }

  send(data: string | Uint8Array): void {
    const isText = typeof data === 'string';
    this.#write(isText ? TEXT : BINARY, isText ? Buffer.from(data) : data);
  }

  /** Whether what comes is left in the kernel. */
  pause(paused: boolean): void {
    if (paused) this.#socket.pause();
    else this.#socket.resume();
  }

  end(): void {
    this.#socket.removeAllListeners('close');
    this.#socket.destroy();
  }

  #write(opcode: number, data: Uint8Array): void {
    const { length } = data;
    const extra = length < 126 ? 0 : length < 65536 ? 2 : 8;
    const frame = Buffer.alloc(6 + extra + length); // four bytes of it are the mask
    frame[0] = 0x80 | opcode;
    frame[1] = 0x80 | (extra === 0 ? length : extra === 2 ? 126 : 127);
    if (extra === 2) frame.writeUInt16BE(length, 2);
    if (extra === 8) frame.writeBigUInt64BE(BigInt(length), 2);
    frame.set(data, 6 + extra);
    this.#socket.write(frame);
  }

  #take(chunk: Buffer): void {
    let data = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    if (this.#opened) {
      const end = data.indexOf('\r\n\r\n');
      if (end >= 0 && !data.subarray(0, 12).equals(Buffer.from('HTTP/1.1 101'))) {
        throw new Error(`no WebSocket: ${data.toString('latin1', 0, 200)}`);
      }
      if (end >= 0) {
        this.#opened();
        this.#opened = undefined;
        data = data.subarray(end + 4);
      }
    }
    let at = 0;
    while (!this.#opened && data.length - at >= 2) {
      const size = data[at + 1]! & 0x7f;
      const head = size === 127 ? 10 : size === 126 ? 4 : 2;
      if (data.length - at < head) break;
      const length =
        head === 2 ? size : head === 4 ? data.readUInt16BE(at + 2) : Number(data.readBigUInt64BE(at + 2));
      if (data.length - at < head + length) break;
      this.#bytesIn += head + length;
      this.#frame(data[at]!, data.subarray(at + head, at + head + length));
      at += head + length;
    }
    // What is kept must not lie in the buffer that all sockets share.
    this.#rest = at < data.length ? Buffer.from(data.subarray(at)) : EMPTY;
  }

  #frame(first: number, payload: Buffer): void {
    const opcode = first & 0x0f;
    if (first < 0x80) throw new Error('a message in fragments'); // no server here sends one
    if (opcode === PING) this.#write(PONG, payload);
    else if (opcode === CLOSE) this.#events.closed?.(payload.toString('utf8', 2));
    else if (opcode !== PONG) this.#events.message(payload, opcode === BINARY, this);
  }
}
