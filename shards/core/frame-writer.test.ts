import fc from 'fast-check';
import { expect, test } from 'vitest';
import { contentOf, HEAD_ROOM, withRoom } from '../../src/base/parcel.ts';
import { Chunk } from './chunk.ts';
import { FrameBody } from './frame-body.ts';
import { FrameWriter } from './frame-writer.ts';
import { TextPool } from './text-pool.ts';

test('[T5] no frame is written to again, whatever is written into the room of the others', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 9000 }), { minLength: 2, maxLength: 30 }), (sizes) => {
      const writer = new FrameWriter(new TextPool(0), 1);
      const body = new FrameBody();
      const frames = sizes.map((size, i) => {
        body.clear();
        const chunk = new Chunk();
        chunk.bytes = new Uint8Array(size).fill(i);
        chunk.bitLength = size * 8;
        body.say(chunk);
        const head = { frame: i + 2, tick: i + 2, base: i + 1, baseTick: i + 1, newestInput: 0, waiting: 0 };
        const frame = { ...writer.write({ head, places: [], body }) };
        return { frame, copy: contentOf(frame).slice() };
      });
      for (const { frame } of frames) withRoom(frame).fill(0xff, 0, HEAD_ROOM);
      for (const { frame, copy } of frames) expect(contentOf(frame)).toEqual(copy);
    }),
  );
});
