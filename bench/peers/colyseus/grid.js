/** Who sees whom: the cells around a player's own, as our `grid` chooses them, kept in the players' views. */
const CELL = 32; // m
const REACH = 3; // cells, a radius of 96 m
/** Numbers of the cells of a row. */
const ROW = 4096;

/** Cells that a player sees, as differences of numbers: those of which a part is within the radius of a part of his. */
const AROUND = [];
const apart = (steps) => Math.max(0, Math.abs(steps) - 1);
for (let y = -REACH; y <= REACH; y++) {
  for (let x = -REACH; x <= REACH; x++) if (Math.hypot(apart(x), apart(y)) < REACH) AROUND.push(y * ROW + x);
}

const cellOf = ({ x, y }) => (Math.floor(y / CELL) + ROW / 2) * ROW + Math.floor(x / CELL) + ROW / 2;

export class Grid {
  /** By number: who is there, and the views that hold the cell. */
  #cells = new Map();
  #places = new Map();

  enter(person, view) {
    const cell = cellOf(person);
    this.#places.set(person, { cell, view });
    for (const offset of AROUND) this.#watch(cell + offset, view);
    const { people, views } = this.#cell(cell);
    people.add(person);
    for (const other of views) other.add(person);
  }

  leave(person) {
    const { cell, view } = this.#places.get(person);
    this.#places.delete(person);
    for (const offset of AROUND) this.#cell(cell + offset).views.delete(view);
    const { people, views } = this.#cell(cell);
    people.delete(person);
    for (const other of views) other.remove(person);
    view.dispose();
  }

  moved(person) {
    const place = this.#places.get(person);
    const cell = cellOf(person);
    if (cell === place.cell) return;
    const [from, to] = [this.#cell(place.cell), this.#cell(cell)];
    from.people.delete(person);
    for (const view of from.views) if (!to.views.has(view)) view.remove(person);
    to.people.add(person);
    for (const view of to.views) if (!from.views.has(view)) view.add(person);
    const before = new Set(AROUND.map((offset) => place.cell + offset));
    const after = new Set(AROUND.map((offset) => cell + offset));
    for (const number of before) if (!after.has(number)) this.#unwatch(number, place.view);
    for (const number of after) if (!before.has(number)) this.#watch(number, place.view);
    place.cell = cell;
  }

  #watch(number, view) {
    const { people, views } = this.#cell(number);
    views.add(view);
    for (const person of people) view.add(person);
  }

  #unwatch(number, view) {
    const { people, views } = this.#cell(number);
    views.delete(view);
    for (const person of people) view.remove(person);
  }

  #cell(number) {
    let cell = this.#cells.get(number);
    if (!cell) {
      cell = { people: new Set(), views: new Set() };
      this.#cells.set(number, cell);
    }
    return cell;
  }
}
