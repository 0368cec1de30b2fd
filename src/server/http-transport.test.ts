import { expect, test } from 'vitest';
import { SimClock } from '../testing/sim-clock.ts';
import { HttpTransport } from './http-transport.ts';

test('[S10] what is not acknowledged counts as buffered, and an acknowledgement makes room', async () => {
  const transport = new HttpTransport(new SimClock());
  const heard: string[] = [];
  transport.listen({
    message: (data) => heard.push(String(data)),
    drain: () => heard.push('drain'),
    close: (code) => heard.push(`close ${code}`),
  });
  transport.send('abc');
  transport.send(Uint8Array.of(1, 2));
  expect((await transport.fetch(0, 0)).to).toBe(2);
  expect(transport.bufferedBytes).toBe(5);
  expect((await transport.fetch(1, 0)).frames).toEqual([Uint8Array.of(1, 2)]);
  expect(transport.bufferedBytes).toBe(2);
  transport.close(4501, 'unavailable');
  transport.terminate();
  expect(heard).toEqual(['drain', 'close 4501']);
});

test('a fetch waits for news, and a later one takes its place', async () => {
  const clock = new SimClock();
  const transport = new HttpTransport(clock);
  const first = transport.fetch(0, 1000);
  const second = transport.fetch(0, 1000);
  expect((await first).frames).toEqual([]);
  transport.send('x');
  expect((await second).frames).toEqual(['x']);
  expect((await clock.run(transport.fetch(1, 1000))).frames).toEqual([]);
});
