/** Connects with the WebSocket of the platform: browsers, and Node since 22. */
import type { ClientTransport, Connect } from './transport.ts';

/** `url` begins with ws: or wss:. */
export function webSocketConnect(url: string): Connect {
  return (protocols, events): ClientTransport => {
    const socket = new WebSocket(url, protocols);
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('open', () => events.open());
    socket.addEventListener('message', ({ data }: MessageEvent<string | ArrayBuffer>) =>
      events.message(typeof data === 'string' ? data : new Uint8Array(data)),
    );
    // An `error` is always followed by a `close`, and says nothing more.
    socket.addEventListener('close', ({ code, reason }) => events.close(code, reason));
    return {
      send: (message) => {
        if (socket.readyState === WebSocket.OPEN) socket.send(message as string | Uint8Array<ArrayBuffer>);
      },
      close: (code, reason) => socket.close(code, reason),
    };
  };
}
