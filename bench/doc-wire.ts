/** A document on a raw socket: joins, and hands on what comes. */
import { type DocDown, decodeDown, encodeUp, encodeVersions, NO_WANTS } from 'ternion/crdt';
import { decodeFrame } from 'ternion/protocol';
import { createGuest } from './client.ts';
import { WireClient } from './wire-client.ts';

const CHANNEL = 1;

export interface DocWire {
  push(n: number, bytes: Uint8Array): void;
  end(): void;
  /** The peer id under which this connection may edit. */
  readonly peer: bigint;
  readonly bytesIn: () => number;
}

/** Resolves when joined; later frames go to `listener`. */
export function joinDoc(url: string, params: object, listener: (frame: DocDown) => void): Promise<DocWire> {
  return new Promise((resolve, reject) => {
    let bytesIn = 0;
    const opened = (client: WireClient) => {
      client.say({ t: 'open', ch: CHANNEL, kind: 'doc', params });
      return client;
    };
    const ready = createGuest(url)
      .then((token) =>
        WireClient.connect(url, token, {
          frame: (data) => {
            bytesIn += data.length;
            const frame = decodeDown(decodeFrame(data).payload);
            if (frame.kind !== 'joined') return listener(frame);
            void ready.then((client) =>
              resolve({
                push: (n, bytes) => client.send(CHANNEL, encodeUp({ kind: 'push', n, bytes })),
                end: () => client.end(),
                peer: frame.peer,
                bytesIn: () => bytesIn,
              }),
            );
          },
          text: (text) => {
            if (text.startsWith('{"t":"closed"')) reject(new Error(text));
            if (!text.startsWith('{"t":"opened"')) return;
            const join = encodeUp({
              kind: 'join',
              lease: 0n,
              wants: NO_WANTS,
              epoch: '',
              vv: encodeVersions(new Map()),
            });
            void ready.then((client) => client.send(CHANNEL, join));
          },
        }),
      )
      .then(opened);
    ready.catch(reject);
  });
}
