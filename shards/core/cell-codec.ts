/**
 * Chunks: the entities of one cell, built at most once per tick and shared by all who see the cell. So far
 * the whole world is cell 0 and every chunk a key chunk:
 *
 *   count | id, then differences of ids (varuints) | records as bits, zero bits to the next byte
 *
 * [T2] What is decoded equals the state to the last quantum; the only writer is WorldColumns.
 */
import { BitReader, BitWriter } from '../../src/base/bits.ts';
import { Reader, Writer } from '../../src/base/bytes.ts';
import { Fault } from '../../src/base/fault.ts';
import type { Components } from './component.ts';
import { readRecord, writeRecord } from './record-codec.ts';
import type { Snapshot } from './snapshot.ts';
import type { Events } from './world.ts';
import type { WorldColumns } from './world-columns.ts';

/** The only cell while a world has no grid. */
export const WHOLE_WORLD = 0;

const MAX_ID = 2 ** 31 - 1;

/** Keeps its buffers from tick to tick; the chunks it returns are new. */
export class KeyChunkEncoder {
  readonly #writer = new Writer(1024);
  readonly #bits = new BitWriter(4096);

  encode<C extends Components, E extends Events>(world: WorldColumns<C, E>): Uint8Array {
    const { entities, table } = world;
    this.#writer.clear().varuint(entities.length);
    this.#bits.clear();
    let before = 0;
    for (let i = 0; i < entities.length; i++) {
      const { id } = entities[i]!;
      this.#writer.varuint(id - before);
      before = id;
      writeRecord(this.#bits, table, world.rowOf(id));
    }
    return this.#writer.bytes(this.#bits.finish()).finish();
  }
}

/** Fills `snapshot` with the chunk's entities. Throws Fault `bad_message`; the snapshot is then of no use. */
export function decodeKeyChunk<C extends Components>(
  chunk: Uint8Array,
  snapshot: Snapshot<C>,
  maxEntities: number,
): void {
  const reader = new Reader(chunk);
  const count = reader.varuint();
  // Each entity takes a byte at least, so `count` cannot make us allocate more than was sent.
  if (count > maxEntities || count > reader.left) throw new Fault('bad_message', 'too many entities');
  const { table } = snapshot;
  table.reserve(count);
  snapshot.count = 0;
  let id = 0;
  for (let row = 0; row < count; row++) {
    const difference = reader.varuint();
    id += difference;
    if (difference === 0 || id > MAX_ID) throw new Fault('bad_message', 'ids out of order');
    table.ids[row] = id;
  }
  const bits = new BitReader(reader.rest());
  for (let row = 0; row < count; row++) readRecord(bits, table, row);
  bits.end();
  snapshot.count = count;
}
