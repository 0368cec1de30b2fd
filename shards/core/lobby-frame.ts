/** What travels in a channel of kind `lobby`: JSON in UTF-8, from the server alone. Normative: docs/wire.md. */
import { Fault } from '../../src/base/fault.ts';
import { isJsonObject, parseJson } from '../../src/base/json.ts';
import type { Infer } from '../../src/base/shape.ts';
import { miss, parseShape, type Shape, s, shape, tagged } from '../../src/base/shape.ts';
import { utf8Length, utf8Read, utf8Write } from '../../src/base/utf8.ts';

/** The `kind` of an `open` message for the lobby. */
export const LOBBY_CHANNEL = 'lobby';
const MAX_PAYLOAD_CHARS = 4 << 20;
const MAX_DEPTH = 64;

const place = { shard: s.string(64), id: s.string(64) };
const entry = s.object({ ...place, players: s.int(0), seats: s.int(1), summary: s.json() });
const numbers = {
  /** By the names of definitions. */
  kinds: recordOf(s.object({ shards: s.int(0), players: s.int(0) })),
  /** Players who search, by the names of matchmakers. */
  queues: recordOf(s.int(0)),
};

const news = tagged({
  /** All, in place of what was known. */
  list: s.object({ ...numbers, shards: s.array(entry) }),
  delta: s.object({ ...numbers, put: s.array(entry), gone: s.array(s.object(place)) }),
});

/** A shard that the lobby shows. */
export type LobbyEntry = Infer<typeof entry>;
export type LobbyNews = Infer<typeof news>;

export function encodeLobby(message: LobbyNews): Uint8Array {
  const text = JSON.stringify(message);
  const bytes = new Uint8Array(utf8Length(text));
  utf8Write(text, bytes, 0);
  return bytes;
}

/** Throws Fault `bad_message` or `too_large`. */
export function decodeLobby(payload: Uint8Array): LobbyNews {
  if (payload.length > MAX_PAYLOAD_CHARS) throw new Fault('too_large', 'a lobby that is too long');
  const json = parseJson(utf8Read(payload), { maxChars: MAX_PAYLOAD_CHARS, maxDepth: MAX_DEPTH });
  return parseShape(news, json, 'payload', 'bad_message');
}

function recordOf<T>(value: Shape<T>): Shape<Record<string, T>> {
  return shape({ record: value.json }, (given) => {
    if (!isJsonObject(given)) return miss('an object');
    return Object.fromEntries(Object.entries(given).map(([key, each]) => [key, value.parse(each)]));
  });
}
