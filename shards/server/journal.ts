/**
 * What happens to a shard, as bytes from which it can be computed again: who comes and goes, what he says and does, in
 * the order in which the shard took it. Written by shard.ts while somebody wants it (input-log.ts, recording.ts), read
 * by replay.ts. [T1] [T7]
 *
 *   batch  entries, one after another
 *   entry  kind u8 | fields:
 *     join      seat varuint, owner string (JSON)    a player asks for a seat
 *     leave     seat varuint                         he is gone
 *     identify  seat varuint, viewer string (JSON)   his roles or his name changed
 *     ask       question string (JSON)               of server code
 *     message   seat varuint, blob                   for the next tick
 *     input     seat varuint, record blob            of the next tick; in a shard that ticks, of those after it, too
 *     tick      in an event-driven shard: milliseconds since the last one varuint
 *     hash      of the world string
 */

import { BitWriter } from '../../src/base/bits.ts';
import { Writer } from '../../src/base/bytes.ts';
import type { Json } from '../../src/base/json.ts';
import type { Viewer } from '../../src/policy/viewer.ts';
import type { Components } from '../core/component.ts';
import type { AnyShardDef } from '../core/define-shard.ts';
import { writeRecord } from '../core/record-codec.ts';
import type { Row } from '../core/record-type.ts';
import { ROW, type RowView, TABLE } from '../core/row-view.ts';
import type { Table } from '../core/table.ts';
import type { SeatOwner } from './shard-state.ts';

export const ENTRIES = ['join', 'leave', 'identify', 'ask', 'message', 'input', 'tick', 'hash'] as const;

/** What was logged in a turn. Numbers follow one another without gaps. */
export interface LogBatch {
  readonly number: number;
  readonly bytes: Uint8Array;
}

/** The last input that was logged of each seat. */
interface Known {
  readonly table: Table<Row<Components>>;
  readonly rows: Map<number, number>;
  readonly free: number[];
}

export class Journal {
  readonly #def: AnyShardDef;
  readonly #logged: (batch: LogBatch) => void;
  readonly #writer = new Writer(1024);
  readonly #bits = new BitWriter(64);
  readonly #known: Known;
  #batch: number;
  #hashTicks = 0;

  /** `batch` is the last one that there was. */
  constructor(def: AnyShardDef, batch: number, logged: (batch: LogBatch) => void) {
    this.#def = def;
    this.#batch = batch;
    this.#logged = logged;
    this.#known = { table: def.inputType.table(16), rows: new Map(), free: [] };
  }

  /** The last batch. */
  get batch(): number {
    return this.#batch;
  }

  /** The hash of the world is logged every so many ticks. */
  hashEvery(ticks: number): void {
    this.#hashTicks = ticks;
  }

  join(seat: number, owner: SeatOwner): void {
    this.#entry('join').varuint(seat).string(JSON.stringify(owner));
  }

  leave(seat: number): void {
    this.#entry('leave').varuint(seat);
    const row = this.#known.rows.get(seat);
    if (row === undefined) return;
    this.#known.rows.delete(seat);
    this.#known.free.push(row);
  }

  identify(seat: number, viewer: Viewer): void {
    this.#entry('identify').varuint(seat).string(JSON.stringify(viewer));
  }

  ask(question: Json): void {
    this.#entry('ask').string(JSON.stringify(question));
  }

  message(seat: number, bytes: Uint8Array): void {
    this.#entry('message').varuint(seat).blob(bytes);
  }

  /** What a seat's player does in the tick that is computed. */
  input(seat: number, input: Row<Components>): void {
    const { [TABLE]: table, [ROW]: row } = input as unknown as RowView;
    if (!this.#def.eventDriven && this.#same(seat, table as Table<Row<Components>>, row)) return;
    this.#bits.clear();
    writeRecord(this.#bits, table, row);
    this.#entry('input').varuint(seat).blob(this.#bits.finish());
  }

  tick(dtSeconds: number): void {
    const entry = this.#entry('tick');
    if (this.#def.eventDriven) entry.varuint(Math.round(dtSeconds * 1000));
  }

  /** The tick is computed. */
  ticked(world: { readonly tick: number; hash(): string }): void {
    if (this.#hashTicks > 0 && world.tick % this.#hashTicks === 0) this.#entry('hash').string(world.hash());
  }

  /** Gives away what was logged since the last batch. */
  flush(): void {
    if (this.#writer.length === 0) return;
    const bytes = this.#writer.finish();
    this.#writer.clear();
    this.#logged({ number: ++this.#batch, bytes });
  }

  /** The same, before a state is taken: what follows says all inputs anew, for who begins there knows none. */
  cut(): void {
    this.flush();
    this.#known.rows.clear();
    this.#known.free.length = 0;
  }

  /** Whether an input is the one that was logged last; it is from now on. */
  #same(seat: number, table: Table<Row<Components>>, row: number): boolean {
    const { rows, free, table: known } = this.#known;
    let at = rows.get(seat);
    if (at === undefined) {
      at = free.pop() ?? rows.size;
      rows.set(seat, at);
      known.reserve(at + 1);
      known.reset(at); // who has said nothing yet does nothing
    }
    if (known.same(table, row, at)) return true;
    known.copy(table, row, at);
    return false;
  }

  #entry(kind: (typeof ENTRIES)[number]): Writer {
    return this.#writer.u8(ENTRIES.indexOf(kind));
  }
}
