/** A raw session of ours with documents on its channels. */
import { decodeDown, encodeUp, encodeVersions, type Joined } from 'ternion/crdt';
import { decodeFrame, encodeFrame, offerSubprotocols, PROTOCOL } from 'ternion/protocol';
import { Assembler, fragmentAt } from '../crdt/core/fragments.ts';
import { FRAGMENT_BYTES } from '../crdt/core/frame-limits.ts';
import { RawSocket } from './raw-socket.ts';

const LIMITS = { maxBytes: 64 << 20, maxStreams: 2 };
const NO_VERSIONS = encodeVersions(new Map());
const FRAGMENT_KIND = 0x18;
const WELCOME = '{"t":"welcome"';

export interface OpenDoc {
  readonly joined: Joined;
  /** In fragments when it must be. */
  push(n: number, bytes: Uint8Array): void;
  close(): void;
}

interface Place {
  /** The server's word about the channel. */
  told(text: string): void;
  frame(payload: Uint8Array): void;
}

export class DocSession {
  readonly #socket: RawSocket;
  readonly #places = new Map<number, Place>();
  #channels = 0;
  #streams = 0;

  private constructor(socket: RawSocket) {
    this.#socket = socket;
  }

  /** Resolves after `welcome`. */
  static connect(url: string, token: string): Promise<DocSession> {
    return new Promise((resolve, reject) => {
      let session: DocSession | undefined;
      const message = (data: Buffer, isBinary: boolean) => {
        if (isBinary) {
          if (session) session.#binary(data);
          return;
        }
        const head = data.toString('latin1', 0, 32);
        if (session && head.startsWith(WELCOME)) resolve(session);
        else if (session && (head.startsWith('{"t":"opened"') || head.startsWith('{"t":"closed"'))) {
          session.#told(data.toString());
        }
      };
      const closed = (reason: string) => reject(new Error(`closed: ${reason}`));
      const hello = { t: 'hello', protocol: PROTOCOL, client: 'load', schema: '', cursor: null };
      RawSocket.connect(`${url}/ws`, { message, closed }, offerSubprotocols(token)).then((socket) => {
        session = new DocSession(socket);
        socket.send(JSON.stringify(hello));
      }, reject);
    });
  }

  get bytesIn(): number {
    return this.#socket.bytesIn;
  }

  end(): void {
    this.#socket.end();
  }

  /** Resolves when joined. What comes then goes to `listener`, decoded no further; valid during the call only. */
  open(id: string, listener: (payload: Uint8Array) => void, lazy = false): Promise<OpenDoc> {
    const channel = ++this.#channels;
    const assembler = new Assembler(LIMITS);
    const send = (payload: Uint8Array) => this.#socket.send(encodeFrame(channel, payload));
    return new Promise((resolve, reject) => {
      let isJoined = false;
      const whole = (payload: Uint8Array) => {
        if (isJoined) return listener(payload);
        const frame = decodeDown(payload);
        if (frame.kind !== 'joined') return;
        isJoined = true;
        const joined = { ...frame, bytes: frame.bytes.slice(), tail: frame.tail.slice() };
        resolve({
          joined,
          push: (n, bytes) => this.#push(send, n, bytes),
          close: () => this.#close(channel),
        });
      };
      this.#places.set(channel, {
        told: (text) => {
          if (text.startsWith('{"t":"closed"')) return reject(new Error(text));
          const wants = { lazy, spare: false };
          send(encodeUp({ kind: 'join', lease: 0n, wants, epoch: '', vv: NO_VERSIONS }));
        },
        frame: (payload) => {
          if (payload[0] !== FRAGMENT_KIND) return whole(payload);
          const frame = decodeDown(payload);
          const assembled = frame.kind === 'fragment' ? assembler.add(frame) : null;
          if (assembled) whole(assembled);
        },
      });
      const params = { entity: 'Page', id };
      this.#socket.send(JSON.stringify({ t: 'open', ch: channel, kind: 'doc', params }));
    });
  }

  #push(send: (payload: Uint8Array) => void, n: number, bytes: Uint8Array): void {
    const frame = encodeUp({ kind: 'push', n, bytes });
    if (frame.length <= FRAGMENT_BYTES) return send(frame);
    const stream = ++this.#streams;
    for (let offset = 0; offset < frame.length; offset += FRAGMENT_BYTES) {
      send(encodeUp({ kind: 'fragment', ...fragmentAt(frame, stream, offset) }));
    }
  }

  #close(channel: number): void {
    this.#places.delete(channel);
    this.#socket.send(JSON.stringify({ t: 'close', ch: channel }));
  }

  #told(text: string): void {
    const { ch }: { ch: number } = JSON.parse(text);
    this.#places.get(ch)?.told(text);
  }

  #binary(data: Buffer): void {
    const { channel, payload } = decodeFrame(data);
    this.#places.get(channel)?.frame(payload);
  }
}
