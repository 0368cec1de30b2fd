/** Decodes the frames of one player as the real client does, and looks whether they can be true. */

import { decodeKeyChunk } from '../shards/core/cell-codec.ts';
import { decodeFrame } from '../shards/core/frames.ts';
import { Snapshot } from '../shards/core/snapshot.ts';
import type { Reader } from '../src/base/bytes.ts';
import { type arena, isWhole } from './arena.ts';
import type { Sight } from './player-system.ts';

type Arena = ReturnType<typeof arena>;

export class ShardReader {
  readonly #def: Arena;
  readonly #snapshot;

  readonly #sealed: boolean;

  constructor(def: Arena, sealed: boolean) {
    this.#sealed = sealed;
    this.#def = def;
    this.#snapshot = new Snapshot(def.entityType);
  }

  /** `reader` stands behind the kind. Throws Fault `bad_message`. */
  read(reader: Reader): Sight {
    const frame = decodeFrame(reader);
    decodeKeyChunk(frame.cells[0]!.chunk, this.#snapshot, this.#def.limits.entities);
    const { table, count } = this.#snapshot;
    let torn = 0;
    for (let row = 0; this.#sealed && row < count; row++) {
      if (!isWhole(table.at(row), frame.tick)) torn++;
    }
    return { tick: frame.tick, entities: count, torn };
  }
}
