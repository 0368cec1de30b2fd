import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isJson } from '../../src/base/shape.ts';
import { MAX_TICKET_DATA_BYTES, readTicket, signTicket, type TicketClaims } from './ticket.ts';

const key = new Uint8Array(32).fill(7);
const claims: TicketClaims = { id: 't', shard: 'arena', at: 'plaza', user: 'ann', role: 'player', exp: 1000 };

test('[T10] a ticket says what its maker said, whatever that was', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.option(fc.string({ maxLength: 64 })), (data, user) => {
      fc.pre(
        isJson(data) && JSON.stringify(data).length < 1000 && !JSON.stringify(data).includes('__proto__'),
      );
      const made = { ...claims, user, data: JSON.parse(JSON.stringify(data)) };
      expect(readTicket(signTicket(made, key), key)).toEqual(made);
    }),
  );
});

test('[P5] any changed character makes it none', () => {
  const ticket = signTicket({ ...claims, data: { team: 1 } }, key);
  for (let i = 0; i < ticket.length; i++) {
    const changed = `${ticket.slice(0, i)}${ticket[i] === 'A' ? 'B' : 'A'}${ticket.slice(i + 1)}`;
    expect(readTicket(changed, key)).toBeUndefined();
  }
  expect(readTicket(ticket, new Uint8Array(32))).toBeUndefined();
});

test.each(['', '.', 's1.', 's1..', 'x'.repeat(5000)])('[P5] %j is none', (text) => {
  expect(readTicket(text, key)).toBeUndefined();
});

test('[N3] data of the largest size travels, one byte more does not', () => {
  const data = 'x'.repeat(MAX_TICKET_DATA_BYTES - 2);
  expect(readTicket(signTicket({ ...claims, data }, key), key)?.data).toBe(data);
  expect(() => signTicket({ ...claims, data: `${data}x` }, key)).toThrow('more than 2048 bytes');
});
