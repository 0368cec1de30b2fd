/** Decodes the frames of one player as the real client does, and looks whether they can be true. */

import { CellReplica } from '../shards/core/cell-replica.ts';
import { Snapshot } from '../shards/core/snapshot.ts';
import type { Reader } from '../src/base/bytes.ts';
import { type arena, isWhole } from './arena.ts';
import type { Sight } from './player-system.ts';

type Arena = ReturnType<typeof arena>;

export class ShardReader {
  readonly #replica: CellReplica<Arena['entityType']['fields']>;
  readonly #snapshot: Snapshot<Arena['entityType']['fields']>;
  readonly #sealed: boolean;

  constructor(def: Arena, sealed: boolean) {
    this.#sealed = sealed;
    this.#replica = new CellReplica(def.layouts, {
      maxEntities: def.limits.entities,
      everyTicks: def.snapshotEvery,
    });
    this.#snapshot = new Snapshot(def.entityType);
  }

  /** `reader` stands behind the kind. Throws Fault `bad_message`. */
  read(reader: Reader): Sight {
    const { tick, frame } = this.#replica.apply(reader);
    // A cell that differs would be asked for again; here it is an error like any other.
    let torn = this.#replica.desyncs.length;
    this.#replica.fill(this.#snapshot);
    const { table, count } = this.#snapshot;
    // Between the steps of a cell at a lower level of detail, what a reader has of it is a prediction.
    const isStep = this.#replica.held.every(({ level }) => frame % 2 ** level === 0);
    for (let row = 0; this.#sealed && isStep && row < count; row++) {
      if (!isWhole(table.at(row), tick)) torn++;
    }
    return { tick, entities: count, torn };
  }
}
