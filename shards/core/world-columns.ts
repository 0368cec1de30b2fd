/**
 * The state of a world: one row of columns per entity, rows used again, ids never. Made by server/shard.ts,
 * which ticks it, and by client/predict.ts, which loads snapshots into it and steps one entity.
 * Order is always that of the ids, so it does not depend on which row an entity happens to have. [T1]
 */
import { Fault } from '../../src/base/fault.ts';
import { Chance } from './chance.ts';
import type { Components } from './component.ts';
import type { Player } from './player.ts';
import type { RecordType, Row } from './record-type.ts';
import type { Rewound } from './rewind.ts';
import { ROW, type RowView } from './row-view.ts';
import { hashRow, type Snapshot } from './snapshot.ts';
import type { Table } from './table.ts';
import type { Entity, Events, SpawnValues, World } from './world.ts';
import { componentCopy, type WorldCopy } from './world-copy.ts';
import { WorldHash } from './world-hash.ts';

export interface WorldOptions {
  /** Seeds `random` outside `step`. */
  readonly seed: string;
  /** Seeds `random` inside `step`; the clients know it. */
  readonly stepSeed: string;
  readonly maxEntities: number;
  /** Told of each spawn inside a step, with the id that is next; gives the id to take. Left out, the next one. */
  stepSpawn?(next: number): number;
  /** Where events go. */
  emit(event: string, data: unknown, to: number | readonly number[] | undefined): void;
  /** Where ticks come with events. */
  wake?(): void;
  /** Where there is a past to go to. */
  rewind?(player: Player | number): Rewound<Components>;
}

export class WorldColumns<C extends Components, E extends Events> implements World<C, E> {
  tick = 0;
  readonly table: Table<Row<C>>;
  readonly #type: RecordType<C>;
  readonly #options: WorldOptions;
  readonly #ownChance: Chance;
  readonly #stepChance: Chance;
  readonly #optional: ReadonlyMap<string, number>;
  readonly #rows = new Map<number, number>();
  readonly #free: number[] = [];
  #rowsUsed = 0;
  #lastId = 0;
  /** In order of ids. Copied before the first change after it was lent out. */
  #list: Entity<C>[] = [];
  #lent = false;
  /** Where the entities of a loaded snapshot stand. */
  #loaded = new Int32Array(0);
  /** The entity whose step runs, or 0; its chance is seeded when it is first asked for. */
  #stepping = 0;
  #seeded = false;

  constructor(type: RecordType<C>, options: WorldOptions) {
    this.table = type.table(64);
    this.#type = type;
    this.#options = options;
    this.#ownChance = new Chance(options.seed);
    this.#stepChance = new Chance(options.stepSeed);
    const isOptional = (name: string) => type.fields[name]!.lanes.some((lane) => lane.guard === 0);
    this.#optional = new Map(type.names.filter(isOptional).map((name) => [name, type.laneOf(name)]));
  }

  get random(): Chance {
    if (this.#stepping === 0) return this.#ownChance;
    if (!this.#seeded) this.#stepChance.restart(this.tick, this.#stepping);
    this.#seeded = true;
    return this.#stepChance;
  }

  /** The entity whose step runs, or 0. */
  get stepping(): number {
    return this.#stepping;
  }

  get entities(): readonly Entity<C>[] {
    this.#lent = true;
    return this.#list;
  }

  get count(): number {
    return this.#list.length;
  }

  spawn(values: SpawnValues<C> = {}): Entity<C> {
    if (this.#list.length >= this.#options.maxEntities) {
      throw new Fault('overloaded', `more than ${this.#options.maxEntities} entities`);
    }
    const next = this.#lastId + 1;
    const { stepSpawn } = this.#options;
    const id = this.#stepping > 0 && stepSpawn ? stepSpawn(next) : next;
    const entity = this.#add(id);
    const list = this.#ownList();
    let at = list.length;
    while (at > 0 && list[at - 1]!.id > id) at--;
    list.splice(at, 0, entity);
    for (const name in values) {
      const value = values[name];
      if (value !== undefined) entity[name] = value as Entity<C>[typeof name];
    }
    return entity;
  }

  despawn(id: number): boolean {
    const row = this.#rows.get(id);
    if (row === undefined) return false;
    const list = this.#ownList();
    list.splice(list.indexOf(this.table.at(row)), 1);
    this.#remove(id, row);
    return true;
  }

  get(id: number): Entity<C> | undefined {
    const row = this.#rows.get(id);
    return row === undefined ? undefined : this.table.at(row);
  }

  /** The row of an entity, or -1. */
  rowOf(id: number): number {
    return this.#rows.get(id) ?? -1;
  }

  /** Writes the rows of all entities into `out`, in order of their ids; `count` of them. */
  listRows(out: Int32Array): void {
    for (let i = 0; i < this.#list.length; i++) out[i] = (this.#list[i] as unknown as RowView)[ROW];
  }

  /** Entities live in the first so many rows; some of these may be free. */
  get rowsUsed(): number {
    return this.#rowsUsed;
  }

  query(...components: (keyof C & string)[]): Entity<C>[] {
    const guards = components.flatMap((name) => this.#optional.get(name) ?? []);
    return this.#list.filter((entity) => {
      const row = this.#rows.get(entity.id)!;
      return guards.every((lane) => this.table.columns[lane]!.values[row] === 1);
    });
  }

  emit(event: string, data: unknown, to?: number | readonly number[]): void {
    this.#options.emit(event, data, to);
  }

  rewind(player: Player | number): Rewound<C> {
    if (this.#stepping !== 0) throw new Fault('unsupported', 'step may not rewind: the browser has no past');
    if (!this.#options.rewind) throw new Fault('invalid', 'the definition has no rewind');
    // The past has the components of this world.
    return this.#options.rewind(player) as unknown as Rewound<C>;
  }

  wake(): void {
    this.#options.wake?.();
  }

  hash(): string {
    const hash = new WorldHash();
    hash.add(this.tick);
    for (const entity of this.#list) hashRow(hash, this.table, this.#rows.get(entity.id)!);
    return hash.digest();
  }

  /** Between `beginStep` and `endStep`, `random` is the stream of this entity and tick. */
  beginStep(id: number): void {
    this.#stepping = id;
    this.#seeded = false;
  }

  endStep(): void {
    this.#stepping = 0;
  }

  /** Becomes what a snapshot holds. Entities that stay keep their rows and their objects. */
  load(snapshot: Snapshot<C>): void {
    const { ids } = snapshot.table;
    this.tick = snapshot.tick;
    let changed = this.#list.length !== snapshot.count;
    for (let i = 0; i < snapshot.count && !changed; i++) changed = this.#list[i]!.id !== ids[i];
    if (changed) {
      for (const entity of this.#list) {
        const { id } = entity;
        if (snapshot.find(id) === -1) this.#remove(id, this.#rows.get(id)!);
      }
      const list: Entity<C>[] = [];
      for (let i = 0; i < snapshot.count; i++) list.push(this.get(ids[i]!) ?? this.#add(ids[i]!));
      this.#list = list;
      this.#lent = false;
    }
    if (this.#loaded.length < snapshot.count) this.#loaded = new Int32Array(snapshot.count * 2);
    this.listRows(this.#loaded);
    for (let lane = 0; lane < this.table.lanes.length; lane++) {
      const source = snapshot.table.columns[lane]!;
      const target = this.table.columns[lane]!;
      const texts = this.table.lanes[lane]!.textBytes > 0;
      for (let i = 0; i < snapshot.count; i++) {
        if (texts) target.texts[this.#loaded[i]!] = source.texts[i]!;
        else target.values[this.#loaded[i]!] = source.values[i]!;
      }
    }
  }

  /** All that is needed to go on from here, as copies: the world may change while they are written down. */
  copy(): WorldCopy {
    const { table, tick } = this;
    const rows = new Int32Array(this.count);
    this.listRows(rows);
    return {
      tick,
      lastId: this.#lastId,
      chance: this.#ownChance.save(),
      ids: picked(table.ids, rows),
      rows,
      components: this.#type.names.map((name) => componentCopy(this.#type, name)),
      columns: table.columns.map(({ values, texts }, lane) =>
        table.lanes[lane]!.textBytes > 0 ? Array.from(rows, (row) => texts[row]!) : picked(values, rows),
      ),
    };
  }

  /**
   * Becomes what was copied, of this definition or of another version of it: components of the same name and kind
   * are taken over, all others hold their initial values.
   */
  restore(copy: WorldCopy): void {
    const { ids, rows, components, columns } = copy;
    this.tick = copy.tick;
    this.#ownChance.load(copy.chance);
    this.#takeRows(rows);
    this.#list = Array.from(ids, (id, i) => this.#addAt(id, rows[i]!));
    this.#lent = false;
    this.#lastId = copy.lastId;
    let lane = 0;
    for (const { name, kind, texts } of components) {
      const to = this.#type.laneOf(name);
      if (to !== -1 && componentCopy(this.#type, name).kind === kind) {
        for (let i = 0; i < texts.length; i++) this.#fill(to + i, columns[lane + i]!);
      }
      lane += texts.length;
    }
  }

  /** All others up to the last one are free. */
  #takeRows(rows: Int32Array): void {
    this.table.ids.fill(0);
    this.#rows.clear();
    this.#rowsUsed = rows.reduce((used, row) => Math.max(used, row + 1), 0);
    const taken = new Set(rows);
    this.#free.length = 0;
    for (let row = this.#rowsUsed - 1; row >= 0; row--) if (!taken.has(row)) this.#free.push(row);
  }

  #fill(lane: number, column: WorldCopy['columns'][number]): void {
    const { texts, values } = this.table.columns[lane]!;
    for (const [i, entity] of this.#list.entries()) {
      const row = (entity as unknown as RowView)[ROW];
      const value = column[i]!;
      if (typeof value === 'number') values[row] = value;
      else texts[row] = value;
    }
  }

  #add(id: number): Entity<C> {
    return this.#addAt(id, this.#free.pop() ?? this.#rowsUsed++);
  }

  #addAt(id: number, row: number): Entity<C> {
    this.table.reserve(row + 1);
    this.table.reset(row);
    this.table.ids[row] = id;
    this.#rows.set(id, row);
    this.#lastId = Math.max(this.#lastId, id);
    return this.table.at(row);
  }

  #remove(id: number, row: number): void {
    this.#rows.delete(id);
    this.table.ids[row] = 0;
    this.#free.push(row);
  }

  #ownList(): Entity<C>[] {
    if (this.#lent) {
      this.#list = this.#list.slice();
      this.#lent = false;
    }
    return this.#list;
  }
}

function picked(values: Int32Array | Float64Array, rows: Int32Array): Int32Array {
  const out = new Int32Array(rows.length);
  for (let i = 0; i < rows.length; i++) out[i] = values[rows[i]!]!;
  return out;
}
