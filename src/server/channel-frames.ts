/**
 * Payloads of channels in their envelope (protocol/frame.ts). One payload often goes to many connections, whose
 * channels have the same few numbers: the frames of the last payload are kept and shared.
 */
import { encodeFrame } from '../protocol/frame.ts';

/** Channel numbers of which the frame is kept. */
const MAX_KEPT = 16;

export class ChannelFrames {
  #payload: Uint8Array | undefined;
  readonly #frames = new Map<number, Uint8Array>();

  /** Not to be written to; neither is the payload. Payloads are the same when they are one object. */
  of(channel: number, payload: Uint8Array): Uint8Array {
    if (payload !== this.#payload) {
      this.#payload = payload;
      this.#frames.clear();
    }
    const known = this.#frames.get(channel);
    if (known) return known;
    const frame = encodeFrame(channel, payload);
    if (this.#frames.size < MAX_KEPT) this.#frames.set(channel, frame);
    return frame;
  }
}
