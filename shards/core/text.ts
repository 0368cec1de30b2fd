/** A bounded, well-formed text with its UTF-8 bytes, so that no tick encodes the same name again. Immutable. */
import { utf8Length, utf8Read, utf8Write } from '../../src/base/utf8.ts';

export class Text {
  static readonly EMPTY = new Text('', new Uint8Array(0));

  readonly value: string;
  readonly bytes: Uint8Array;

  private constructor(value: string, bytes: Uint8Array) {
    this.value = value;
    this.bytes = bytes;
  }

  /** Cuts behind the last whole character that fits; a lone surrogate becomes U+FFFD, as on the wire. */
  static of(value: string, maxBytes: number): Text {
    if (value === '') return Text.EMPTY;
    let kept = '';
    let length = 0;
    for (const char of value) {
      const size = utf8Length(char);
      if (length + size > maxBytes) break;
      length += size;
      kept += isLoneSurrogate(char) ? '\ufffd' : char;
    }
    const bytes = new Uint8Array(length);
    utf8Write(kept, bytes, 0);
    return new Text(kept, bytes);
  }

  /** Takes the bytes. Throws Fault `bad_message` when they are not UTF-8. */
  static decode(bytes: Uint8Array): Text {
    return bytes.length === 0 ? Text.EMPTY : new Text(utf8Read(bytes), bytes);
  }
}

function isLoneSurrogate(char: string): boolean {
  const code = char.codePointAt(0)!;
  return code >= 0xd800 && code <= 0xdfff;
}
