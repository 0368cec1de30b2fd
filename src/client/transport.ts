/** A client's pipe of whole messages: web-socket-transport.ts in browsers and Node, testing/sim-link.ts in simulations. */
export interface ClientTransportEvents {
  open(): void;
  message(data: string | Uint8Array): void;
  /** Exactly once, also when the pipe never opened. */
  close(code: number, reason: string): void;
}

export interface ClientTransport {
  /** Bytes given to `send` must never be written again. */
  send(message: string | Uint8Array): void;
  close(code: number, reason: string): void;
}

/** Starts to connect; `protocols` are the WebSocket subprotocols to offer. */
export type Connect = (protocols: string[], events: ClientTransportEvents) => ClientTransport;
