/**
 * Where players look from: the cell of their entity; without one their `eye`, or where it was last. One pass over
 * flat columns in each frame tells who looks from another cell than before, so that who stays in his cell costs next
 * to nothing here, whatever else is to be known of him. Kept by frame-maker.ts. [T8]
 */
import { PLACELESS } from '../core/interest.ts';
import type { Grid } from './grid.ts';
import type { AnyWorld } from './private-rows.ts';
import type { View } from './view.ts';

export class Eyes {
  readonly #world: AnyWorld;
  readonly #grid: Grid;
  /** The team of the entity in a row; undefined where nothing depends on teams. */
  readonly #teamOf: ((row: number) => number | undefined) | undefined;
  /** The other columns say of each: his entity, its row or -1, his cell. */
  readonly #views: View[] = [];
  #ids = new Int32Array(64);
  #rows = new Int32Array(64);
  #places = new Int32Array(64);

  constructor(world: AnyWorld, grid: Grid, teamOf: ((row: number) => number | undefined) | undefined) {
    this.#world = world;
    this.#grid = grid;
    this.#teamOf = teamOf;
  }

  add(view: View): void {
    const at = this.#views.push(view) - 1;
    if (at === this.#ids.length) {
      this.#ids = doubled(this.#ids);
      this.#rows = doubled(this.#rows);
      this.#places = doubled(this.#places);
    }
    this.#ids[at] = view.player.entityId;
    this.#rows[at] = -1;
    this.#places[at] = PLACELESS;
  }

  remove(view: View): void {
    const at = this.#views.indexOf(view);
    this.#views.splice(at, 1);
    for (const column of [this.#ids, this.#rows, this.#places]) column.copyWithin(at, at + 1);
  }

  /** The entities have moved, and the grid knows: those who look from elsewhere, or for another team, are `turned`. */
  follow(turned: Set<View>): void {
    const { ids } = this.#world.table;
    for (let i = 0; i < this.#views.length; i++) {
      const id = this.#ids[i]!;
      let row = this.#rows[i]!;
      if (row === -1 || ids[row] !== id) row = this.#world.rowOf(id);
      const place = row === -1 ? this.#placeWithout(i) : this.#grid.placeOf(row);
      const team = this.#teamOf?.(row);
      if (
        place === this.#places[i] &&
        row === this.#rows[i] &&
        (!this.#teamOf || team === this.#views[i]!.team)
      )
        continue;
      this.#rows[i] = row;
      this.#places[i] = place;
      const view = this.#views[i]!;
      view.row = row;
      view.place = place;
      view.team = team;
      turned.add(view);
    }
  }

  #placeWithout(i: number): number {
    const { eye } = this.#views[i]!.player;
    return eye ? this.#grid.placeAt(eye) : this.#places[i]!;
  }
}

function doubled(old: Int32Array): Int32Array<ArrayBuffer> {
  const bigger = new Int32Array(old.length * 2);
  bigger.set(old);
  return bigger;
}
