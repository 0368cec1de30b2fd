import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeLobby, encodeLobby, type LobbyNews } from '../../shards/core/lobby-frame.ts';
import { decodeNews, encodeNews, type MatchNews } from '../../shards/core/match-frame.ts';
import { Fault } from '../../src/base/fault.ts';
import { lobby, news } from './match.vectors.ts';

test.each(news)('from servers: $name', ({ text, value }) => {
  expect(Buffer.from(encodeNews(value)).toString()).toBe(text);
  expect(decodeNews(new Uint8Array(Buffer.from(text)))).toEqual(value);
});

test.each(lobby)('of the lobby: $name', ({ text, value }) => {
  expect(Buffer.from(encodeLobby(value)).toString()).toBe(text);
  expect(decodeLobby(new Uint8Array(Buffer.from(text)))).toEqual(value);
});

test('every kind has a vector', () => {
  const kinds: Record<MatchNews['t'], true> = { gathering: true, matched: true, waiting: true };
  expect(news.map(({ value }) => value.t).toSorted()).toEqual(Object.keys(kinds));
  const lobbyKinds: Record<LobbyNews['t'], true> = { delta: true, list: true };
  expect([...new Set(lobby.map(({ value }) => value.t))].toSorted()).toEqual(Object.keys(lobbyKinds));
});

test('[N1] any other bytes are a fault', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      expect(() => decodeNews(bytes)).toThrow(Fault);
      expect(() => decodeLobby(bytes)).toThrow(Fault);
    }),
  );
});
