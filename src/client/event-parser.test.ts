import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EventParser } from './event-parser.ts';

const EVENTS =
  ': ping\n\ndata: {"t":1}\n\nevent: binary\ndata: AQID\nid: 7\n\nevent: close\r\ndata: a\r\ndata:b\r\n\r\ndata\rretry: 5\r\rdata: last\n\n';

test('[N1] events come the same however the text is cut', () => {
  const whole = new EventParser().push(EVENTS);
  expect(whole).toEqual([
    { name: 'message', data: '{"t":1}' },
    { name: 'binary', data: 'AQID' },
    { name: 'close', data: 'a\nb' },
    { name: 'message', data: '' },
    { name: 'message', data: 'last' },
  ]);
  fc.assert(
    fc.property(fc.array(fc.nat(EVENTS.length)), (cuts) => {
      const parser = new EventParser();
      const places = [0, ...cuts.sort((a, b) => a - b), EVENTS.length];
      const parts = places.slice(1).map((end, i) => EVENTS.slice(places[i], end));
      expect(parts.flatMap((part) => parser.push(part))).toEqual(whole);
    }),
  );
});

test('an event that does not end is not told', () => {
  const parser = new EventParser();
  expect(parser.push('data: x\n')).toEqual([]);
  expect(parser.push('\n')).toEqual([{ name: 'message', data: 'x' }]);
});
