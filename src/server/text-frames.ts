/**
 * Text messages as WebSocket frames of a server (RFC 6455, section 5.2: final, unmasked). A batch goes to many
 * sockets one after another, so the last frame is kept: its bytes are made once and shared.
 */
const FINAL_TEXT = 0x81;
const LENGTH_16 = 126;
const LENGTH_64 = 127;

export class TextFrames {
  #text = '';
  #frame: Buffer = encode('');

  /** Not to be written to. */
  of(text: string): Buffer {
    if (text !== this.#text) {
      this.#frame = encode(text);
      this.#text = text;
    }
    return this.#frame;
  }
}

function encode(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const header = length < LENGTH_16 ? 2 : length < 1 << 16 ? 4 : 10;
  const frame = Buffer.allocUnsafe(header + length);
  frame[0] = FINAL_TEXT;
  if (header === 2) frame[1] = length;
  else if (header === 4) {
    frame[1] = LENGTH_16;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = LENGTH_64;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.write(text, header);
  return frame;
}
