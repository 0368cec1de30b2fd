/**
 * One direction of a link that is not perfect: when bytes that are sent now arrive at the other end. For simulated
 * links (sim-link.ts) and for real ones (link-proxy.ts). As over TCP, nothing is lost and nothing overtakes: a lost
 * packet is a stall of all that comes behind it.
 */
import type { Clock, Random } from '../base/env.ts';

/** The same both ways. Left out: 0, or without limit. */
export interface LinkQuality {
  /** One way. */
  readonly latencyMs?: number;
  /** Up to so much longer, evenly distributed. */
  readonly jitterMs?: number;
  /** The share of packets, of 1,400 bytes each, that must be sent again: 0 to 1. */
  readonly loss?: number;
  readonly bytesPerSecond?: number;
}

const PACKET_BYTES = 1400;
/** Before a sender takes a packet for lost, it waits at least so long. Source: Linux, TCP_RTO_MIN. */
const MIN_RETRANSMIT_MS = 200;

export class LinkLane {
  /** May change while bytes are under way. */
  quality: LinkQuality;
  readonly #clock: Clock;
  readonly #random: Random;
  /** When the wire has taken all bytes so far, and when the last of them arrives. */
  #freeMs = 0;
  #arrivalMs = 0;

  constructor(env: { readonly clock: Clock; readonly random: Random }, quality: LinkQuality) {
    this.#clock = env.clock;
    this.#random = env.random;
    this.quality = quality;
  }

  /** The time on the monotonic clock at which so many bytes have arrived. Later bytes never arrive sooner. */
  arrivalMs(sizeBytes: number): number {
    const { latencyMs = 0, jitterMs = 0, loss = 0, bytesPerSecond = Number.POSITIVE_INFINITY } = this.quality;
    this.#freeMs = Math.max(this.#freeMs, this.#clock.monotonic()) + (sizeBytes / bytesPerSecond) * 1000;
    let delayMs = latencyMs + this.#random.next() * jitterMs;
    if (loss > 0) {
      for (let sent = 0; sent < sizeBytes; sent += PACKET_BYTES) {
        if (this.#random.next() < loss) delayMs += Math.max(MIN_RETRANSMIT_MS, 2 * latencyMs);
      }
    }
    this.#arrivalMs = Math.max(this.#arrivalMs, this.#freeMs + delayMs);
    return this.#arrivalMs;
  }
}
