/**
 * Intervals over field values, asked for those that hold a value: a treap ordered by the lower end, each node
 * with the highest upper end below it (Cormen et al., Introduction to Algorithms, 14.3). For ConditionIndex.
 * Adding and removing take O(log n), a question O(log n) for each interval found.
 */
import type { Json } from '../base/json.ts';
import { compareValues } from '../schema/compare.ts';

/** Both ends belong to it. `low` null: from the beginning, null included. `high` undefined: to the end. */
export interface Interval {
  readonly low: Json;
  readonly high: Json | undefined;
}

interface Node<T> extends Interval {
  readonly item: T;
  readonly order: number;
  readonly priority: number;
  left: Node<T> | undefined;
  right: Node<T> | undefined;
  /** The highest upper end of this node and all below it. */
  top: Json | undefined;
}

/** What `add` gives, for `remove`. */
export interface Place extends Interval {
  readonly order: number;
}

export class IntervalTree<T> {
  #root: Node<T> | undefined;
  #size = 0;
  #added = 0;

  get size(): number {
    return this.#size;
  }

  add({ low, high }: Interval, item: T): Place {
    const order = ++this.#added;
    const priority = scatter(order);
    const node = { low, high, item, order, priority, left: undefined, right: undefined, top: high };
    const [left, right] = split(this.#root, node);
    this.#root = join(join(left, node), right);
    this.#size++;
    return node;
  }

  /** `place` is one that `add` gave and that is there still. */
  remove(place: Place): void {
    this.#root = without(this.#root, place);
    this.#size--;
  }

  /** The items of the intervals that hold `value`. */
  *holding(value: Json): Generator<T> {
    const waiting = [this.#root];
    while (waiting.length > 0) {
      const node = waiting.pop();
      if (!node || isAbove(value, node.top)) continue;
      waiting.push(node.left);
      if (compareValues(node.low, value) > 0) continue;
      waiting.push(node.right);
      if (!isAbove(value, node.high)) yield node.item;
    }
  }

  *all(): Generator<T> {
    const waiting = [this.#root];
    while (waiting.length > 0) {
      const node = waiting.pop();
      if (!node) continue;
      waiting.push(node.left, node.right);
      yield node.item;
    }
  }
}

function isAbove(value: Json, high: Json | undefined): boolean {
  return high !== undefined && compareValues(value, high) > 0;
}

function comesBefore(a: Place, b: Place): boolean {
  const order = compareValues(a.low, b.low);
  return order === 0 ? a.order < b.order : order < 0;
}

/** What comes before `place`, and the rest. */
function split<T>(node: Node<T> | undefined, place: Place): [Node<T> | undefined, Node<T> | undefined] {
  if (!node) return [undefined, undefined];
  if (comesBefore(node, place)) {
    const [left, right] = split(node.right, place);
    node.right = left;
    return [raised(node), right];
  }
  const [left, right] = split(node.left, place);
  node.left = right;
  return [left, raised(node)];
}

/** All of `a` comes before all of `b`. */
function join<T>(a: Node<T> | undefined, b: Node<T> | undefined): Node<T> | undefined {
  if (!a || !b) return a ?? b;
  if (a.priority > b.priority) {
    a.right = join(a.right, b);
    return raised(a);
  }
  b.left = join(a, b.left);
  return raised(b);
}

function without<T>(node: Node<T> | undefined, place: Place): Node<T> | undefined {
  if (!node) return undefined;
  if (node.order === place.order) return join(node.left, node.right);
  if (comesBefore(place, node)) node.left = without(node.left, place);
  else node.right = without(node.right, place);
  return raised(node);
}

function raised<T>(node: Node<T>): Node<T> {
  let top = node.high;
  for (const child of [node.left, node.right])
    if (child && top !== undefined && (child.top === undefined || compareValues(child.top, top) > 0))
      top = child.top;
  node.top = top;
  return node;
}

/** Numbers in order become numbers without one (the finalizer of MurmurHash3), which keeps the tree flat. */
function scatter(order: number): number {
  let x = Math.imul(order ^ (order >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
