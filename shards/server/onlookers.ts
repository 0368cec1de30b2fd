/**
 * Who looks through which sight, so that frames are made sight by sight: what those at one place share is made once
 * and is still at hand when the next one of them is served. Kept by frame-maker.ts.
 */
import type { Sight } from './sight.ts';
import type { View } from './view.ts';

/** Views may leave while they are gone through from the last one to the first. */
export interface Crowd {
  readonly sight: Sight;
  readonly views: readonly View[];
}

export class Onlookers {
  readonly #crowds = new Map<Sight, { sight: Sight; views: View[] }>();

  get crowds(): Iterable<Crowd> {
    return this.#crowds.values();
  }

  add(view: View, sight: Sight): void {
    let crowd = this.#crowds.get(sight);
    if (!crowd) {
      crowd = { sight, views: [] };
      this.#crowds.set(sight, crowd);
    }
    view.post = crowd.views.push(view) - 1;
  }

  remove(view: View, sight: Sight): void {
    const { views } = this.#crowds.get(sight)!;
    const last = views.pop()!;
    if (last !== view) {
      views[view.post] = last;
      last.post = view.post;
    } else if (views.length === 0) this.#crowds.delete(sight);
  }
}
