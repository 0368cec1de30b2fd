/** `engine.store`: the merged rows, typed by the app's schema. */
import type { Cancel } from '../base/env.ts';
import type { AppShape } from '../schema/app-shape.ts';
import type { EntityOf, RowOf } from './app-rows.ts';
import type { Knowledge, RowChange, RowView } from './row-view.ts';

export interface EngineStore<App extends AppShape> {
  /** `unknown`: no rows yet. `stale`: those of an earlier visit. `complete`: confirmed by the server. */
  readonly knowledge: Knowledge;
  /** In no particular order. The same array until a row of the entity changes. */
  list<E extends EntityOf<App>>(entity: E): readonly RowOf<App, E>[];
  /** The same object until the row changes. */
  get<E extends EntityOf<App>>(entity: E, id: string): RowOf<App, E> | undefined;
  /** Called once per change, after all of it is applied; with an entity: when its rows, or `knowledge`, changed. */
  subscribe(listener: (change: RowChange) => void): Cancel;
  subscribe(entity: EntityOf<App>, listener: (change: RowChange) => void): Cancel;
}

export function engineStore<App extends AppShape>(view: RowView): EngineStore<App> {
  const store = {
    get knowledge() {
      return view.knowledge;
    },
    list: (entity: string) => view.list(entity),
    get: (entity: string, id: string) => view.get(entity, id),
    subscribe(first: string | ((change: RowChange) => void), second?: (change: RowChange) => void): Cancel {
      if (typeof first === 'function') return view.subscribe(first);
      return view.subscribe((change) => {
        if (change.has(first) || change.size === 0) second?.(change);
      });
    },
  };
  // The one door between rows as JSON and rows as the schema types them.
  return store as unknown as EngineStore<App>;
}
