/**
 * Named vectors: a value and its exact form on the wire. Encoder, decoder and docs/wire.md share them.
 * A plane adds a file `<plane>.vectors.ts` that exports its vectors and a test that calls `binarySuite`;
 * docs-page.test.ts finds the file by its name.
 */
import { describe, expect, test } from 'vitest';
import { isFault } from '../../src/base/fault.ts';
import { parseJson } from '../../src/base/json.ts';
import { parseShape, type Shape } from '../../src/base/shape.ts';
import { DEFAULT_LIMITS } from '../../src/protocol/limits.ts';

export interface TextVector<T> {
  readonly name: string;
  readonly value: T;
  /** What `JSON.stringify` makes of the value, and what docs/wire.md shows. */
  readonly text: string;
}

export interface BinaryVector<T> {
  /** Says what the value is; docs/wire.md has a row of name and bytes. */
  readonly name: string;
  readonly value: T;
  /** Two digits a byte; spaces show where fields end. */
  readonly hex: string;
}

export const unhex = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const LIMITS = { maxChars: DEFAULT_LIMITS.textBytes, maxDepth: DEFAULT_LIMITS.jsonDepth };

/** Both directions of every vector, and that each type of the union has one. */
export function textSuite<T>(title: string, shape: Shape<T>, vectors: readonly TextVector<T>[]): void {
  const parse = (text: string) => parseShape(shape, parseJson(text, LIMITS), 'message', 'bad_message');

  describe(title, () => {
    test('every type has a vector, and every vector a name of its own', () => {
      const types = vectors.map(({ text }) => String(JSON.parse(text).t));
      expect([...new Set(types)].sort()).toEqual(typesOf(shape).sort());
      expect(new Set(vectors.map(({ name }) => name)).size).toBe(vectors.length);
    });

    test.each(vectors)('$name', ({ value, text }) => {
      expect(JSON.stringify(value)).toBe(text);
      expect(parse(text)).toEqual(value);
    });

    test.each(vectors)('[N1] $name, cut anywhere, ends in a typed fault', ({ text }) => {
      for (let length = 0; length < text.length; length++) {
        expect(outcome(() => parse(text.slice(0, length)))).toBe('bad_message');
      }
    });

    test.each(vectors)('[N1] $name, with any bit flipped, is a message or a typed fault', ({ text }) => {
      for (const flipped of bitFlips(new TextEncoder().encode(text))) {
        const changed = decodeUtf8(flipped);
        if (changed === undefined) continue; // the socket refuses it before us
        let message: T;
        try {
          message = parse(changed);
        } catch (error) {
          expect(isFault(error), String(error)).toBe(true);
          continue;
        }
        expect(parse(JSON.stringify(message))).toEqual(message);
      }
    });

    test.each(vectors)('[N1] $name, with a key too many or too long, is refused', ({ text }) => {
      expect(outcome(() => parse(`{"extra":1,${text.slice(1)}`))).toBe('bad_message');
      expect(outcome(() => parse(`{"__proto__":{"ok":true},${text.slice(1)}`))).toBe('bad_message');
      expect(outcome(() => parse(`{"t":"fault",${text.slice(1)}`))).toBe('bad_message');
      expect(outcome(() => parse(text + ' '.repeat(DEFAULT_LIMITS.textBytes)))).toBe('too_large');
    });
  });
}

export interface Codec<T> {
  encode(value: T): Uint8Array;
  decode(bytes: Uint8Array): T;
  /** Whether other bytes may stand for this value too, as MessagePack has several forms of a number. Default: no. */
  manyForms?(value: T): boolean;
}

/** The bytes are pinned here and nowhere else: a change of a binary layout fails in `binarySuite` with this. */
const OTHER_BYTES =
  'The layout of a frame changed. Raise PROTOCOL in src/protocol/version.ts, add a line to its history, ' +
  'and write the change into docs/wire.md and this vector.';

/** Both directions of every vector, and damage of every kind. */
export function binarySuite<T>(title: string, codec: Codec<T>, vectors: readonly BinaryVector<T>[]): void {
  describe(title, () => {
    test('every vector has a name and bytes of its own', () => {
      expect(new Set(vectors.map(({ name }) => name)).size).toBe(vectors.length);
      expect(new Set(vectors.map(({ hex }) => toHex(unhex(hex)))).size).toBe(vectors.length);
    });

    test.each(vectors)('$name', ({ value, hex }) => {
      expect(toHex(codec.encode(value)), OTHER_BYTES).toBe(hex.replaceAll(' ', ''));
      expect(codec.decode(unhex(hex)), OTHER_BYTES).toEqual(value);
    });

    test.each(vectors)('[N1] $name, cut anywhere, is a value or a typed fault', ({ hex }) => {
      const bytes = unhex(hex);
      for (let length = 0; length < bytes.length; length++) settles(codec, bytes.subarray(0, length));
    });

    test.each(vectors)('[N1] $name, with any bit flipped, is a value or a typed fault', ({ hex }) => {
      for (const flipped of bitFlips(unhex(hex))) settles(codec, flipped);
    });
  });
}

/** What was accepted can be said again: in the same bytes, where a value has one form. */
function settles<T>(codec: Codec<T>, bytes: Uint8Array): void {
  let value: T;
  try {
    value = codec.decode(bytes);
  } catch (error) {
    expect(isFault(error), `${toHex(bytes)}: ${error}`).toBe(true);
    return;
  }
  const again = codec.encode(value);
  if (codec.manyForms?.(value)) expect(codec.decode(again), toHex(bytes)).toEqual(value);
  else expect(toHex(again)).toBe(toHex(bytes));
}

/** The first byte of each kind, as the vectors have it. */
export function kindsOf<T extends { kind: string }>(
  vectors: readonly BinaryVector<T>[],
): Record<string, number> {
  return Object.fromEntries(vectors.map(({ value, hex }) => [value.kind, unhex(hex)[0]!]));
}

/** A kind that no vector has is none: its byte is refused, whatever follows. */
export function noOtherKinds<T>(codec: Codec<T>, vectors: readonly BinaryVector<T>[]): void {
  const payloads = vectors.map(({ hex }) => unhex(hex));
  const known = new Set(payloads.map(([kind]) => kind));
  const bodies = [...payloads.map((payload) => payload.subarray(1)), ...[...Array(41).keys()].map(zeros)];
  const read: string[] = [];
  for (let kind = 0; kind < 256; kind++) {
    if (known.has(kind)) continue;
    for (const body of bodies) {
      const bytes = Uint8Array.of(kind, ...body);
      if (outcome(() => codec.decode(bytes)) !== 'bad_message') read.push(toHex(bytes));
    }
  }
  expect(read, 'these bytes begin with a kind that has no vector').toEqual([]);
}

const zeros = (length: number) => new Uint8Array(length);

function* bitFlips(bytes: Uint8Array): Generator<Uint8Array> {
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = bytes.slice();
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    yield flipped;
  }
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function outcome(run: () => unknown): string {
  try {
    run();
    return 'accepted';
  } catch (error) {
    return isFault(error) ? error.code : String(error);
  }
}

/** The names of a `tagged` shape. */
function typesOf(shape: Shape<unknown>): string[] {
  const { json } = shape;
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return [];
  return Object.keys(json.tagged ?? {});
}
