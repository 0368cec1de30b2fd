/**
 * Small binary messages of a client, taken from the bytes of its socket before `ws` sees them: a player sends twenty a
 * second, and the general reader of frames makes six objects and a turn of its stream for each. All else goes to
 * `ws`: what is longer, text, frames that are not whole. From the first frame on that may end the connection, or is of
 * several parts, `ws` reads alone. Used by ws-transport.ts. Source: RFC 6455, section 5.2.
 */
const FINAL_TEXT = 0x81;
const FINAL_BINARY = 0x82;
const MASKED = 0x80;
const LENGTH_16 = 126;
/** Two bytes and the mask. */
const SMALL_HEAD = 6;

export interface FrameReader {
  /** A message; `payload` is valid during the call. */
  message(payload: Uint8Array): void;
  /** Bytes for `ws`, in order with the messages. */
  pass(bytes: Buffer): void;
  /** Also for `ws`, which is to read all that follows itself. */
  handOver(bytes: Buffer): void;
}

export class SmallFrames {
  readonly #to: FrameReader;
  /** Bytes of a frame that are still to come, and go where it began. */
  #owed = 0;

  constructor(to: FrameReader) {
    this.#to = to;
  }

  /** What the socket has read. Writes to it. */
  take(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#owed === 0 && isWholeAndSmall(chunk, at)) {
        const end = at + SMALL_HEAD + (chunk[at + 1]! - MASKED);
        unmask(chunk, at + 2, end);
        this.#to.message(chunk.subarray(at + SMALL_HEAD, end));
        at = end;
        continue;
      }
      if (this.#owed === 0) this.#owed = sizeAt(chunk, at);
      if (this.#owed === 0) return this.#to.handOver(chunk.subarray(at));
      const end = Math.min(chunk.length, at + this.#owed);
      this.#owed -= end - at;
      this.#to.pass(chunk.subarray(at, end));
      at = end;
    }
  }
}

function isWholeAndSmall(bytes: Buffer, at: number): boolean {
  const length = (bytes[at + 1] ?? 0) - MASKED;
  return (
    bytes[at] === FINAL_BINARY &&
    length >= 0 &&
    length < LENGTH_16 &&
    at + SMALL_HEAD + length <= bytes.length
  );
}

/** Of a message of one frame, its head included; 0 when it is none, or its head is not here yet. */
function sizeAt(bytes: Buffer, at: number): number {
  if (bytes[at] !== FINAL_TEXT && bytes[at] !== FINAL_BINARY) return 0;
  const length = (bytes[at + 1] ?? 0) - MASKED;
  if (length >= 0 && length < LENGTH_16) return SMALL_HEAD + length;
  return length === LENGTH_16 && at + 4 <= bytes.length ? SMALL_HEAD + 2 + bytes.readUInt16BE(at + 2) : 0;
}

/** The four bytes of the mask stand at `mask`, the masked ones behind them. */
function unmask(bytes: Buffer, mask: number, end: number): void {
  for (let i = 0; mask + 4 + i < end; i++) bytes[mask + 4 + i]! ^= bytes[mask + (i & 3)]!;
}
