/**
 * A bounded, well-formed text with its UTF-8 bytes, so that no tick encodes the same name again; of a JSON component
 * the canonical text of its value, '' for null. Immutable.
 */
import { Fault } from '../../src/base/fault.ts';
import { canonicalJson, type Json, parseJson } from '../../src/base/json.ts';
import { isJson } from '../../src/base/shape.ts';
import { utf8Length, utf8Read, utf8Write } from '../../src/base/utf8.ts';

/** All that `isJson` lets through is parsed again. */
const JSON_LIMITS = { maxChars: 4096, maxDepth: 65 };

export class Text {
  static readonly EMPTY = new Text('', new Uint8Array(0));

  readonly value: string;
  readonly bytes: Uint8Array;
  /** Made when it is first asked for. */
  #parsed: Json | undefined;

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

  /** Throws Fault `invalid` for what is not JSON, `too_large` for more than `maxBytes`. */
  static ofJson(value: unknown, maxBytes: number): Text {
    if (value === null) return Text.EMPTY;
    if (!isJson(value)) throw new Fault('invalid', 'a JSON component holds JSON');
    const text = canonicalJson(value);
    const size = utf8Length(text);
    if (size > maxBytes) throw new Fault('too_large', `JSON of ${size} bytes, at most ${maxBytes} allowed`);
    const bytes = new Uint8Array(size);
    utf8Write(text, bytes, 0);
    return new Text(text, bytes);
  }

  /** Takes the bytes. Throws Fault `bad_message` when they are not UTF-8. */
  static decode(bytes: Uint8Array): Text {
    return bytes.length === 0 ? Text.EMPTY : new Text(utf8Read(bytes), bytes);
  }

  /** Throws Fault `bad_message` when it is not what `ofJson` makes. */
  check(): void {
    void this.parsed;
  }

  /** As JSON, frozen; always the same object. Throws Fault `bad_message` when it is none, or not canonical. */
  get parsed(): unknown {
    this.#parsed ??= this.value === '' ? null : frozen(parsedText(this.value));
    return this.#parsed;
  }
}

/** Equal values have one text, so that states compare by it. */
function parsedText(text: string): Json {
  const value = parseJson(text, JSON_LIMITS);
  if (value === null || canonicalJson(value) !== text)
    throw new Fault('bad_message', 'JSON is not canonical');
  return value;
}

function frozen(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value;
  for (const item of Object.values(value)) frozen(item);
  Object.freeze(value);
  return value;
}

function isLoneSurrogate(char: string): boolean {
  const code = char.codePointAt(0)!;
  return code >= 0xd800 && code <= 0xdfff;
}
