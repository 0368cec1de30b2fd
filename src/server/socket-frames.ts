/**
 * Messages as WebSocket frames of a server (RFC 6455, section 5.2: final, unmasked). A batch or an update goes to
 * many sockets one after another, so the last frame is kept: its bytes are made once and shared.
 */
const FINAL_TEXT = 0x81;
const FINAL_BINARY = 0x82;
const LENGTH_16 = 126;
const LENGTH_64 = 127;
const MAX_HEADER = 10;

export class SocketFrames {
  #message: string | Uint8Array = '';
  #frame: Buffer = encodeText('');

  /** Not to be written to; neither are bytes that were given. Bytes are the same when they are one object. */
  of(message: string | Uint8Array): Buffer {
    if (message !== this.#message) {
      this.#frame = typeof message === 'string' ? encodeText(message) : encodeBytes(message);
      this.#message = message;
    }
    return this.#frame;
  }
}

function encodeText(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafe(headerBytes(length) + length);
  frame.write(text, writeHeader(frame, FINAL_TEXT, length));
  return frame;
}

function encodeBytes(bytes: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(headerBytes(bytes.length) + bytes.length);
  frame.set(bytes, writeHeader(frame, FINAL_BINARY, bytes.length));
  return frame;
}

function headerBytes(length: number): number {
  return length < LENGTH_16 ? 2 : length < 1 << 16 ? 4 : MAX_HEADER;
}

/** Returns its size. */
function writeHeader(frame: Buffer, first: number, length: number): number {
  const header = headerBytes(length);
  frame[0] = first;
  if (header === 2) frame[1] = length;
  else if (header === 4) {
    frame[1] = LENGTH_16;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = LENGTH_64;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  return header;
}
