/**
 * Who looks through which sight, so that frames are made sight by sight: what those at one place share is made once
 * and is still at hand when the next one of them is served. Kept by frame-maker.ts.
 */
import type { Sight } from './sight.ts';
import type { View } from './view.ts';

export class Onlookers {
  readonly #views = new Map<Sight, View[]>();

  /** By sight; views may leave while those of their sight are gone through from the last one to the first. */
  get all(): Iterable<readonly [Sight, View[]]> {
    return this.#views;
  }

  add(view: View, sight: Sight): void {
    let views = this.#views.get(sight);
    if (!views) {
      views = [];
      this.#views.set(sight, views);
    }
    view.post = views.push(view) - 1;
  }

  remove(view: View, sight: Sight): void {
    const views = this.#views.get(sight)!;
    const last = views.pop()!;
    if (last !== view) {
      views[view.post] = last;
      last.post = view.post;
    } else if (views.length === 0) this.#views.delete(sight);
  }
}
