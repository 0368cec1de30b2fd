import { expect, test } from 'vitest';
import { s, tagged } from '../base/shape.ts';
import { clientMessage } from './client-message.ts';
import { serverMessage } from './server-message.ts';
import { PROTOCOL, SUBPROTOCOL, WIRE_HASH, wireHash } from './version.ts';

test('the shapes on the wire are those of this protocol number', () => {
  expect(
    wireHash(),
    'The shape of a message changed. Raise PROTOCOL in src/protocol/version.ts, add a line to its history, ' +
      'write the change into docs/wire.md, and set WIRE_HASH to the received value.',
  ).toBe(WIRE_HASH);
});

test('the subprotocol names the number', () => {
  expect(SUBPROTOCOL).toBe(`ternion.${PROTOCOL}`);
});

test('the hash covers both directions', () => {
  expect(wireHash(clientMessage.json, null)).not.toBe(WIRE_HASH);
  expect(wireHash(null, serverMessage.json)).not.toBe(WIRE_HASH);
  expect(wireHash(serverMessage.json, clientMessage.json)).not.toBe(WIRE_HASH);
});

test.each([
  ['a field is added', tagged({ a: s.object({ id: s.int(), more: s.optional(s.bool()) }) })],
  ['a field is renamed', tagged({ a: s.object({ ident: s.int() }) })],
  ['a field may be absent', tagged({ a: s.object({ id: s.optional(s.int()) }) })],
  ['a field has another type', tagged({ a: s.object({ id: s.string() }) })],
  ['a field has another range', tagged({ a: s.object({ id: s.int(0) }) })],
  ['a message is renamed', tagged({ b: s.object({ id: s.int() }) })],
  ['a message is added', tagged({ a: s.object({ id: s.int() }), b: s.object({}) })],
])('the hash changes when %s', (_, changed) => {
  const before = tagged({ a: s.object({ id: s.int() }) });
  expect(wireHash(changed.json)).not.toBe(wireHash(before.json));
});
