/** Makes the class of a record's or a compound component's views, once per definition. */
import type { Components } from './component.ts';
import { RowView } from './row-view.ts';
import type { Table, ViewClass } from './table.ts';

/** Compiles the view of `fields`, whose lanes begin at `firstLane`. */
export function compileView(fields: Components, firstLane: number): ViewClass<RowView> {
  const parts: ViewClass<RowView>[] = [];
  class View extends RowView {
    constructor(table: Table<unknown>, row: number) {
      super(table, row, parts);
    }
  }
  let lane = firstLane;
  for (const [name, component] of Object.entries(fields)) {
    const { get, set } = component.bind(lane, parts);
    Object.defineProperty(View.prototype, name, { get, set, enumerable: true });
    lane += component.lanes.length;
  }
  return View;
}
