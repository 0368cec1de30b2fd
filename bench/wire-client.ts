/** A raw socket that has said hello: for loads that must cost less than what they measure. */

import { encodeFrame, offerSubprotocols, PROTOCOL } from 'ternion/protocol';
import { WebSocket } from 'ws';

export interface WireEvents {
  /** The kind of text message that `text` gets; others are not even decoded. All, without it. */
  readonly only?: string;
  text?(message: string): void;
  /** As `text`, for loads that look for a few bytes only. */
  raw?(message: Buffer): void;
  frame?(bytes: Buffer): void;
}

export class WireClient {
  readonly #socket: WebSocket;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /** Resolves after `welcome`. */
  static connect(url: string, token: string | null, events: WireEvents): Promise<WireClient> {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`, offerSubprotocols(token));
    const client = new WireClient(socket);
    return new Promise((resolve, reject) => {
      socket.on('error', reject);
      socket.on('open', () =>
        client.say({ t: 'hello', protocol: PROTOCOL, client: 'load', schema: '', cursor: null }),
      );
      socket.on('message', (data: Buffer, isBinary) => {
        if (isBinary) return events.frame?.(data);
        const head = data.toString('latin1', 0, 32);
        if (head.startsWith('{"t":"welcome"')) resolve(client);
        else if (!events.only || head.startsWith(`{"t":"${events.only}"`)) {
          events.raw?.(data);
          if (events.text) events.text(data.toString('utf8'));
        }
      });
    });
  }

  say(message: object): void {
    this.#socket.send(JSON.stringify(message));
  }

  send(channel: number, payload: Uint8Array): void {
    this.#socket.send(encodeFrame(channel, payload));
  }

  end(): void {
    this.#socket.terminate();
  }
}
