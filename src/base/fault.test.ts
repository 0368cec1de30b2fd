import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CODES, type Code, codeOfClose, isCode } from './codes.ts';
import { Fault, isFault, toFault } from './fault.ts';

const codes = Object.keys(CODES) as Code[];

test.each(codes)('the row of %s is in range', (code) => {
  const { http, close, retry } = CODES[code];
  expect(http).toBeGreaterThanOrEqual(400);
  expect(http).toBeLessThan(600);
  if (close !== null) {
    expect(close).toBeGreaterThanOrEqual(4000);
    expect(close).toBeLessThan(5000);
    expect(codeOfClose(close)).toBe(code);
  }
  expect(['never', 'now', 'after_auth', 'backoff']).toContain(retry);
});

test('only the codes of the table are codes', () => {
  expect(codes.every(isCode)).toBe(true);
  for (const value of ['', 'toString', '__proto__', 'hasOwnProperty', 4400, null])
    expect(isCode(value)).toBe(false);
  expect(codeOfClose(1006)).toBeUndefined();
});

test('a fault survives JSON', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...codes),
      fc.string(),
      fc.option(fc.jsonValue(), { nil: undefined }),
      (code, message, data) => {
        const json = JSON.stringify(new Fault(code, message, data as undefined));
        const back = Fault.fromJSON(JSON.parse(json));
        expect(isFault(back, code)).toBe(true);
        expect(JSON.stringify(back)).toBe(json);
      },
    ),
  );
});

test('a code that this side does not know is internal', () => {
  expect(Fault.fromJSON({ code: 'from_the_future', message: 'm' }).code).toBe('internal');
  expect(Fault.fromJSON({ code: 'constructor', message: 'm' }).code).toBe('internal');
});

test('what is no fault becomes a bare internal one: its message is not for a peer', () => {
  const cause = new Error('password=hunter2');
  const fault = toFault(cause);
  expect(fault.toJSON()).toEqual({ code: 'internal', message: 'internal error' });
  expect(fault.cause).toBe(cause);
  expect(toFault('a string, as Loro throws them').code).toBe('internal');
  const mine = new Fault('not_found', 'no note n1', { id: 'n1' });
  expect(toFault(mine)).toBe(mine);
  expect(mine.http).toBe(404);
});

test('isFault looks at the code, and only at faults', () => {
  expect(isFault(new Fault('conflict', 'x'))).toBe(true);
  expect(isFault(new Fault('conflict', 'x'), 'invalid')).toBe(false);
  expect(isFault({ code: 'conflict', message: 'x' })).toBe(false);
});
