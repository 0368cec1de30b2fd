/**
 * A world of cells with everything that may happen to entities, for the tests of the codec: a server's side of
 * streams, and players who hold some of the cells and miss some of the frames.
 */
import { Reader } from '../../src/base/bytes.ts';
import { contentOf } from '../../src/base/parcel.ts';
import { CellReplica } from './cell-replica.ts';
import { CellStream } from './cell-stream.ts';
import { ChunkEncoder } from './chunk-encoder.ts';
import { chunkLayouts } from './chunk-layout.ts';
import type { Components } from './component.ts';
import { FrameBody } from './frame-body.ts';
import { FrameWriter } from './frame-writer.ts';
import { KnownTexts } from './known-texts.ts';
import type { RecordType } from './record-type.ts';
import { TextPool } from './text-pool.ts';
import type { Events } from './world.ts';
import { WorldColumns } from './world-columns.ts';

export const MAX_ENTITIES = 500;

/** The server's side: cells of a world, each streamed at every level. */
export class ChurnWorld<C extends Components> {
  readonly type: RecordType<C>;
  readonly world: WorldColumns<C, Events>;
  readonly layouts;
  readonly texts: TextPool;
  readonly writer: FrameWriter;
  readonly streams = new Map<number, CellStream[]>();
  frame = 0;
  /** In which cell an entity is; the rest is nowhere to be seen. */
  readonly cellOf = new Map<number, number>();
  readonly #encoder: ChunkEncoder;
  readonly #levels: number;

  constructor(type: RecordType<C>, cells: number, levels: number) {
    this.type = type;
    this.#levels = levels;
    this.world = new WorldColumns(type, {
      seed: 's',
      stepSeed: 's',
      maxEntities: MAX_ENTITIES,
      emit: () => {},
    });
    this.layouts = chunkLayouts(type.fields, MAX_ENTITIES);
    this.texts = new TextPool(this.layouts.all.placeBits);
    this.writer = new FrameWriter(this.texts, 2);
    const lives = (id: number) => this.world.rowOf(id) !== -1;
    this.#encoder = new ChunkEncoder(this.layouts.all, { texts: this.texts, lives });
    for (let cell = 0; cell < cells; cell++) {
      const streams = Array.from(
        { length: levels },
        (_, level) => new CellStream(this.#encoder, { cell, level }),
      );
      this.streams.set(cell, streams);
    }
  }

  rowsOf(cell: number): Int32Array {
    const inside = this.world.entities.filter(({ id }) => this.cellOf.get(id) === cell);
    return Int32Array.from(inside, ({ id }) => this.world.rowOf(id));
  }

  /** All streams that have a step make it. */
  advance(): void {
    this.frame++;
    this.world.tick += 2;
    for (const [cell, streams] of this.streams) {
      const rows = this.rowsOf(cell);
      for (let level = 0; level < this.#levels; level++) {
        const stream = streams[level]!;
        if (stream.due(this.frame)) {
          stream.advance(this.frame, { table: this.world.table, rows, from: 0, count: rows.length });
        }
      }
    }
  }
}

/** A player: what he holds, and the replica on his side. */
export class ChurnPlayer<C extends Components> {
  readonly replica: CellReplica<C>;
  /** Levels of the cells he is to see. */
  wanted = new Map<number, number>();
  /** Cells that differ on his side: he is sent their keys. */
  readonly stale = new Set<number>();
  #held = new Map<number, number>();
  #base = { frame: 0, tick: 0 };
  readonly #server: ChurnWorld<C>;
  readonly #body = new FrameBody();
  readonly #known: KnownTexts;
  /** All frames that came. */
  readonly received: Uint8Array[] = [];

  constructor(server: ChurnWorld<C>) {
    this.#server = server;
    this.replica = new CellReplica<C>(server.layouts, { maxEntities: MAX_ENTITIES, everyTicks: 2 });
    this.#known = new KnownTexts(server.texts);
  }

  /** Forgets what he was sent: the next frame builds on nothing. */
  restart(): void {
    this.#base = { frame: 0, tick: 0 };
    this.#held.clear();
  }

  /** Sends the frame of now. */
  receive(): void {
    const { frame, streams, world, writer } = this.#server;
    const body = this.#body;
    body.clear();
    const wanted = new Map(
      [...this.wanted].filter(([cell, level]) => streams.get(cell)![level]!.frame !== -1),
    );
    const cells = [...wanted.keys()].sort((a, b) => a - b);
    for (const cell of [...this.#held.keys()].sort((a, b) => a - b)) if (!wanted.has(cell)) body.leave(cell);
    for (const cell of cells) {
      if (this.#held.get(cell) !== wanted.get(cell)) body.enter(cell, wanted.get(cell)!);
    }
    for (const cell of cells) {
      const level = wanted.get(cell)!;
      const stream = streams.get(cell)![level]!;
      const { frame: base } = this.#base;
      if (this.#held.get(cell) !== level) body.say(stream.count === 0 ? undefined : stream.key());
      else if (Math.floor(frame / 2 ** level) > Math.floor(base / 2 ** level)) {
        const needed = this.stale.delete(cell) ? 'key' : stream.neededSince(base);
        body.say(needed === 'nothing' ? undefined : needed === 'key' ? stream.key() : stream.delta);
      }
    }
    const places = body.places.filter((place) => this.#known.add(place));
    const { frame: base, tick: baseTick } = this.#base;
    const head = { frame, tick: world.tick, base, baseTick, newestInput: 0, waiting: 0 };
    const bytes = contentOf(writer.write({ head, places, body }));
    this.received.push(bytes);
    this.replica.apply(new Reader(bytes.subarray(1)));
    for (const cell of this.replica.desyncs) if (typeof cell === 'number') this.stale.add(cell);
    this.#held = wanted;
    this.#base = { frame, tick: world.tick };
  }
}
