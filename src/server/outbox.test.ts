import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contentOf, type Parcel } from '../base/parcel.ts';
import type { Transport } from '../plugin/transport.ts';
import { SimClock } from '../testing/sim-clock.ts';
import { DEFAULT_OUTBOX, Flusher, type LaneName, Outbox, type OutboxLimits, Slot } from './outbox.ts';

/** A socket that takes what it is given and hands it on only when told to. */
class StuckTransport implements Transport {
  readonly sent: (string | Uint8Array)[] = [];
  readonly writes: number[] = [];
  bufferedBytes = 0;

  send(message: string | Uint8Array): void {
    this.sent.push(message);
    this.bufferedBytes += message.length;
  }
  sendParcel(parcel: Parcel): void {
    this.send(contentOf(parcel));
  }
  cork(): void {
    this.writes.push(this.sent.length);
  }
  uncork(): void {
    this.writes.push(this.sent.length - this.writes.pop()!);
  }
  close(): void {}
  terminate(): void {}
  listen(): void {}
}

function setUp(limits: Partial<OutboxLimits> = {}) {
  const clock = new SimClock();
  const transport = new StuckTransport();
  const events: string[] = [];
  const outbox = new Outbox(
    { clock, flusher: new Flusher(clock), transport },
    { ...DEFAULT_OUTBOX, ...limits },
    {
      room: (lane) => events.push(`room ${lane}`),
      overloaded: (reason) => events.push(`overloaded: ${reason}`),
    },
  );
  const taken = () => {
    transport.bufferedBytes = 0;
    outbox.progress();
  };
  return { clock, transport, outbox, events, taken };
}

/** What a channel does with its latest payload. */
function put(outbox: Outbox, { slot, tag }: { slot: Slot; tag: number }, bytes: Uint8Array): void {
  Object.assign(slot, { bytes, from: 0, to: bytes.length });
  outbox.put(slot, tag);
}

describe('the outbox', () => {
  test('sends control, then snapshots, then rows, then documents, in one cork', async () => {
    const { clock, transport, outbox } = setUp();
    const slot = new Slot();
    outbox.send('docs', 'doc');
    outbox.send('rows', 'row 1');
    put(outbox, { slot, tag: 7 }, new Uint8Array([1]));
    outbox.send('shard', 'event');
    outbox.send('control', 'welcome');
    outbox.send('rows', 'row 2');
    await clock.step();
    expect(transport.sent).toEqual(['welcome', new Uint8Array([1]), 'event', 'row 1', 'row 2', 'doc']);
    expect(transport.writes).toEqual([6]);
    expect(slot.sentTag).toBe(7);
  });

  test('[T5] an unsent snapshot is replaced, and only what the socket took counts as sent', async () => {
    const { clock, transport, outbox, taken } = setUp({ highWaterBytes: 10 });
    const slot = new Slot();
    put(outbox, { slot, tag: 1 }, new Uint8Array(10).fill(1));
    await clock.step();
    for (const tick of [2, 3, 4]) put(outbox, { slot, tag: tick }, new Uint8Array(10).fill(tick));
    await clock.step();
    expect(slot.sentTag).toBe(1);
    taken();
    expect(slot.sentTag).toBe(4);
    expect(transport.sent.map((frame) => frame[0])).toEqual([1, 4]);
  });

  test('a dropped slot sends nothing', async () => {
    const { clock, transport, outbox } = setUp();
    const slot = new Slot();
    put(outbox, { slot, tag: 1 }, new Uint8Array([1]));
    outbox.drop(slot);
    await clock.step();
    expect(transport.sent).toEqual([]);
  });

  test.each<[LaneName, keyof OutboxLimits]>([
    ['rows', 'rowsBytes'],
    ['docs', 'docsBytes'],
  ])('[S10] the %s lane refuses what is over its cap and says when there is room', async (lane, cap) => {
    const { clock, outbox, events, taken } = setUp({ [cap]: 10, highWaterBytes: 1 });
    outbox.send('control', 'x');
    await clock.step(); // the socket is full now
    expect(outbox.send(lane, '1234567890')).toBe(true);
    expect(outbox.send(lane, '1')).toBe(false);
    expect(outbox.bytes).toBe(10);
    await clock.step();
    expect(events).toEqual([]);
    taken();
    expect(events).toEqual([`room ${lane}`]);
    expect(outbox.send(lane, '1')).toBe(true);
  });

  test('a message larger than the whole lane passes when the lane is empty', () => {
    const { outbox } = setUp({ rowsBytes: 10 });
    expect(outbox.send('rows', 'x'.repeat(11))).toBe(true);
    expect(outbox.send('rows', 'x')).toBe(false);
  });

  test('a full control lane ends the connection', async () => {
    const { clock, outbox, events } = setUp({ controlBytes: 10, highWaterBytes: 1 });
    outbox.send('control', '1');
    await clock.step();
    outbox.send('control', '1234567890');
    expect(events).toEqual([]);
    outbox.send('control', '1');
    expect(events).toEqual(['overloaded: the control lane is full']);
  });

  test('a reader that takes nothing for stallMs is closed; any progress starts the count anew', async () => {
    const { clock, transport, outbox, events } = setUp({ stallMs: 1000, highWaterBytes: 4 });
    for (let i = 0; i < 4; i++) outbox.send('rows', '1234');
    await clock.advance(999);
    transport.bufferedBytes = 0;
    outbox.progress();
    await clock.advance(999);
    expect(events).toEqual([]);
    await clock.advance(1);
    expect(events).toEqual(['overloaded: took nothing for 1000 ms']);
  });

  test('a reader with nothing to read never stalls', async () => {
    const { clock, outbox, events } = setUp({ stallMs: 1000 });
    outbox.send('rows', 'x');
    await clock.advance(5000);
    expect(events).toEqual([]);
  });

  test('after close nothing is kept or sent', async () => {
    const { clock, transport, outbox } = setUp();
    outbox.send('rows', 'x');
    outbox.close();
    outbox.send('rows', 'y');
    put(outbox, { slot: new Slot(), tag: 1 }, new Uint8Array([1]));
    await clock.advance(100_000);
    expect([transport.sent, outbox.bytes]).toEqual([[], 0]);
  });

  test('[S10] whatever comes, memory is bounded and each lane keeps its order', async () => {
    const lane = fc.constantFrom<LaneName>('shard', 'rows', 'docs');
    const step = fc.oneof(
      fc.record({ kind: fc.constant('send' as const), lane, size: fc.integer({ min: 3, max: 40 }) }),
      fc.record({ kind: fc.constant('take' as const) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const caps = { shardBytes: 50, rowsBytes: 50, docsBytes: 50, highWaterBytes: 30 };
        const { clock, transport, outbox, taken } = setUp(caps);
        const accepted: Record<string, string[]> = { shard: [], rows: [], docs: [] };
        for (const [i, s] of steps.entries()) {
          if (s.kind === 'take') taken();
          else {
            const text = `${s.lane[0]}${i}`.padEnd(s.size, '.');
            if (outbox.send(s.lane, text)) accepted[s.lane]!.push(text);
          }
          expect(outbox.bytes).toBeLessThanOrEqual(150);
        }
        for (let i = 0; i < 30; i++) taken();
        await clock.advance(0);
        for (const [name, texts] of Object.entries(accepted)) {
          expect(transport.sent.filter((text) => text[0] === name[0])).toEqual(texts);
        }
      }),
    );
  });
});
