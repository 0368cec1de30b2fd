/**
 * A pipe of whole messages in order: a WebSocket (server/ws-transport.ts) or a simulated link
 * (testing/sim-link.ts). Bytes given to it must never be written again by the caller. [T5]
 */
import type { Parcel } from '../base/parcel.ts';

export interface Transport {
  /** Bytes accepted but not yet handed to the system; the measure of a slow reader. */
  readonly bufferedBytes: number;
  send(message: string | Uint8Array): void;
  /** Sends bytes that have room before them; it may write there. */
  sendParcel(parcel: Parcel): void;
  /** Ends the pipe, now or after what was sent. `onClose` follows. */
  close(code: number, reason: string): void;
  /** Ends the pipe at once, without a closing handshake. */
  terminate(): void;
  /** What is sent between `cork` and `uncork` leaves as one write. */
  cork(): void;
  uncork(): void;
  listen(events: TransportEvents): void;
}

export interface TransportEvents {
  message(data: string | Uint8Array): void;
  /** `bufferedBytes` fell; there may be room again. */
  drain(): void;
  /** Exactly once. */
  close(code: number, reason: string): void;
}
