/** The frames of test/wire/shards.vectors.ts, one after another: the server's side makes the bytes, the client's reads them. */
import { expect, test } from 'vitest';
import { CellReplica } from '../../shards/core/cell-replica.ts';
import type { CellState } from '../../shards/core/cell-state.ts';
import { CellStream } from '../../shards/core/cell-stream.ts';
import { ChunkEncoder } from '../../shards/core/chunk-encoder.ts';
import { chunkLayouts } from '../../shards/core/chunk-layout.ts';
import { FrameBody } from '../../shards/core/frame-body.ts';
import { FrameWriter, type TailState } from '../../shards/core/frame-writer.ts';
import { KnownTexts } from '../../shards/core/known-texts.ts';
import { Snapshot } from '../../shards/core/snapshot.ts';
import { TextPool } from '../../shards/core/text-pool.ts';
import { Reader } from '../../src/base/bytes.ts';
import { isFault } from '../../src/base/fault.ts';
import { contentOf } from '../../src/base/parcel.ts';
import { entityType, frames, type ShardEntity, type ShardFrame } from './shards.vectors.ts';
import { toHex, unhex } from './vector.ts';

const MAX_ENTITIES = 16;
const layouts = chunkLayouts(entityType.fields, MAX_ENTITIES);

/** Makes the frames of one player. */
class Server {
  readonly #table = entityType.table(400);
  readonly #texts = new TextPool(layouts.all.placeBits);
  readonly #known = new KnownTexts(this.#texts);
  readonly #writer = new FrameWriter(this.#texts, 1);
  readonly #living = new Set<number>();
  readonly #deps = { texts: this.#texts, lives: (id: number) => this.#living.has(id) };
  readonly #encoder = new ChunkEncoder(layouts.all, this.#deps);
  readonly #own = new CellStream(new ChunkEncoder(layouts.owner, this.#deps), { cell: 0, level: 0 });
  readonly #streams = new Map<number, CellStream>();
  #last: ShardFrame | undefined;

  next(now: ShardFrame): Uint8Array {
    const last = this.#last;
    // What was between the two changed nothing that was not predicted.
    for (let frame = (last?.frame ?? now.frame - 1) + 1; last && frame < now.frame; frame++)
      this.#step(frame, last);
    this.#step(now.frame, now);
    const body = new FrameBody();
    const before = new Set(last?.cells.map(({ cell }) => cell));
    const after = new Set(now.cells.map(({ cell }) => cell));
    for (const cell of before) if (!after.has(cell)) body.leave(cell);
    for (const { cell, level } of now.cells) if (!before.has(cell)) body.enter(cell, level);
    for (const { cell, entities } of now.cells) {
      const stream = this.#streams.get(cell)!;
      if (!before.has(cell)) body.say(entities.length === 0 ? undefined : stream.key());
      else if (stream.frame > now.base) {
        const needed = stream.neededSince(now.base);
        body.say(needed === 'nothing' ? undefined : needed === 'key' ? stream.key() : stream.delta);
      }
    }
    const places = body.places.filter((place) => this.#known.add(place));
    const head = { ...now, baseTick: last?.tick ?? 0 };
    const owned = now.own.length > 0;
    const tail: TailState[] = ['none', owned ? this.#own.key() : 'none', 'none'];
    const changed = owned !== (last?.own.length ?? 0) > 0;
    this.#last = now;
    return contentOf(this.#writer.write(changed ? { head, places, body, tail } : { head, places, body }));
  }

  #step(frame: number, { cells, own }: ShardFrame): void {
    this.#living.clear();
    for (const { entities } of cells) {
      for (const { id, ...values } of entities) {
        this.#living.add(id);
        this.#table.ids[id] = id;
        entityType.assign(this.#table.at(id), values);
        this.#table.at(id).shield = values.shield;
      }
    }
    const rows = (ids: readonly number[]) => ({
      table: this.#table,
      rows: Int32Array.from(ids),
      from: 0,
      count: ids.length,
    });
    for (const { cell, level, entities } of cells) {
      const stream = this.#streams.get(cell) ?? new CellStream(this.#encoder, { cell, level });
      this.#streams.set(cell, stream);
      if (stream.due(frame)) stream.advance(frame, rows(entities.map(({ id }) => id)));
    }
    if (own.length > 0) this.#own.advance(frame, rows(own));
  }
}

function entitiesOf(state: CellState): ShardEntity[] {
  const alone = new Snapshot(entityType);
  const { layout } = state;
  return Array.from({ length: state.count }, (_, slot) => {
    for (let i = 0; i < layout.stride; i++) {
      const column = alone.table.columns[layout.source[i]!]!;
      if (layout.text[i]! >= 0) column.texts[0] = state.textAt(slot, i);
      else column.values[0] = state.valueAt(slot, i);
    }
    const values = JSON.parse(JSON.stringify(alone.table.at(0)));
    return { ...values, shield: values.shield, id: state.idAt(slot) };
  });
}

/** A client that has had the frames before number `n`. */
function clientBefore(n: number): CellReplica<typeof entityType.fields> {
  const replica = new CellReplica<typeof entityType.fields>(layouts, {
    maxEntities: MAX_ENTITIES,
    everyTicks: 1,
  });
  for (const { hex } of frames.slice(0, n)) replica.apply(new Reader(unhex(hex).subarray(1)));
  return replica;
}

test('the server makes these frames', () => {
  const server = new Server();
  expect(frames.map(({ value }) => toHex(server.next(value)))).toEqual(
    frames.map(({ hex }) => hex.replaceAll(' ', '')),
  );
});

test.each(frames.map((vector, n) => ({ ...vector, n })))(
  '[T2] the client reads $name',
  ({ value, hex, n }) => {
    const replica = clientBefore(n);
    const header = replica.apply(new Reader(unhex(hex).subarray(1)));
    const { cells, own, ...head } = value;
    expect(header).toMatchObject(head);
    expect(
      replica.held.map(({ cell, level, state }) => ({ cell, level, entities: entitiesOf(state) })),
    ).toEqual(
      cells.map((cell) => ({ ...cell, entities: cell.entities.map((entity) => ({ ...entity, key: 0 })) })),
    );
    expect(entitiesOf(replica.tail('owner')).map(({ id }) => id)).toEqual(own);
    const snapshot = new Snapshot(entityType);
    replica.fill(snapshot);
    for (const id of own) expect(snapshot.table.at(snapshot.find(id)).key).toBe(2);
  },
);

test.each(frames.map((vector, n) => ({ ...vector, n })))(
  '[N1] $name, cut anywhere or with any bit flipped, is a frame or a typed fault',
  ({ hex, n }) => {
    const bytes = unhex(hex);
    const damaged = [
      ...Array.from(bytes.keys(), (length) => bytes.slice(0, length)),
      ...Array.from({ length: bytes.length * 8 }, (_, bit) => {
        const flipped = bytes.slice();
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        return flipped;
      }),
    ];
    for (const one of damaged) {
      const replica = clientBefore(n);
      try {
        replica.apply(new Reader(one.subarray(1)));
      } catch (error) {
        expect(isFault(error, 'bad_message') || isFault(error, 'too_large'), String(error)).toBe(true);
      }
    }
  },
);
