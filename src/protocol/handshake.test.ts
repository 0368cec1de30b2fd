import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isFault } from '../base/fault.ts';
import { offerSubprotocols, readSubprotocols } from './handshake.ts';

/** The characters of a subprotocol name: RFC 6455 section 4.1, RFC 9110 section 5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

const codeOf = (offered: string[]) => {
  try {
    readSubprotocols(offered);
    return 'ok';
  } catch (error) {
    return isFault(error) ? error.code : String(error);
  }
};

test('an offer with and without a token', () => {
  expect(offerSubprotocols(null)).toEqual(['ternion.6']);
  expect(offerSubprotocols('a b/c')).toEqual(['ternion.6', 'bearer.a%20b%2Fc']);
  expect(readSubprotocols(['ternion.6'])).toEqual({ token: null });
  expect(readSubprotocols(['bearer.a%20b%2Fc', 'ternion.6'])).toEqual({ token: 'a b/c' });
});

test('any token arrives as it was, in names that a WebSocket accepts', () => {
  const unit = fc.oneof(
    fc.constantFrom('(', ')', "'", '*', '!', '~', '%', '.', ' ', ','),
    fc.string({ unit: 'grapheme' }),
  );
  fc.assert(
    fc.property(fc.array(unit), (parts) => {
      const token = parts.join('');
      const offered = offerSubprotocols(token);
      for (const name of offered) expect(name).toMatch(TOKEN);
      expect(readSubprotocols(offered)).toEqual({ token });
    }),
  );
});

test.each([
  ['nothing', [], 'unsupported'],
  ['another number', ['ternion.1'], 'unsupported'],
  ['a longer name', ['ternion.60'], 'unsupported'],
  ['a token alone', ['bearer.abc'], 'unsupported'],
  ['a number among others', ['graphql-ws', 'ternion.6'], 'ok'],
  ['a token that is no percent-encoding', ['ternion.6', 'bearer.%'], 'unauthorized'],
  ['a token that is no UTF-8', ['ternion.6', 'bearer.%ff'], 'unauthorized'],
])('[N1] an offer of %s: %s', (_, offered, code) => {
  expect(codeOf(offered)).toBe(code);
});

test('[N1] any offer ends in a token or a typed fault', () => {
  const name = fc.oneof(
    fc.constant('ternion.6'),
    fc.string().map((text) => `bearer.${text}`),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(name), (offered) => {
      expect(['ok', 'unsupported', 'unauthorized']).toContain(codeOf(offered));
    }),
  );
});
