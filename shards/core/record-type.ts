/** A set of named components, compiled: lanes in wire order and the class of the views. Once per definition. */
import { compileView } from './compile-view.ts';
import type { Component, Components, Values } from './component.ts';
import { joinLanes } from './compound-components.ts';
import type { Lane } from './lane.ts';
import { ROW, type RowView, TABLE } from './row-view.ts';
import { Table, type TableType, type ViewClass } from './table.ts';

/** A row of such records; `id` is 0 where no entity lives. */
export type Row<C extends Components> = { readonly id: number } & Values<C>;

export class RecordType<C extends Components> implements TableType<Row<C>> {
  readonly fields: C;
  readonly names: readonly string[];
  readonly lanes: readonly Lane[];
  readonly View: ViewClass<Row<C>>;

  /** `extra` lanes stand behind those of the fields: stored, sent and compared, but no field shows them. */
  constructor(fields: C, extra: readonly Lane[] = []) {
    this.fields = fields;
    this.names = Object.keys(fields);
    this.lanes = [...joinLanes(Object.values<Component<unknown>>(fields)), ...extra];
    const View = compileView(fields, 0);
    if (!Object.hasOwn(View.prototype, 'id')) {
      Object.defineProperty(View.prototype, 'id', {
        get(this: RowView) {
          return this[TABLE].ids[this[ROW]];
        },
        enumerable: true,
      });
    }
    // The accessors defined above are exactly the fields of Row<C>.
    this.View = View as unknown as ViewClass<Row<C>>;
  }

  table(capacity: number, numbers: 'whole' | 'fractional' = 'whole'): Table<Row<C>> {
    return new Table(this, capacity, numbers);
  }

  /** Writes those components that `values` has. */
  assign(row: Row<C>, values: Partial<Values<C>>): void {
    for (const name of this.names as (keyof C)[]) {
      const value = values[name];
      if (value !== undefined) (row as Values<C>)[name] = value as Values<C>[keyof C];
    }
  }

  /** The lane where a component begins. */
  laneOf(name: string): number {
    let lane = 0;
    for (const [key, component] of Object.entries<Component<unknown>>(this.fields)) {
      if (key === name) return lane;
      lane += component.lanes.length;
    }
    return -1;
  }
}
