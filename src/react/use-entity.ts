/** Writing rows of one entity, as a form or a button needs it. */
import { useMemo } from 'react';
import type { EntityOf, InsertOf, PatchOf } from '../client/app-rows.ts';
import type { AppShape } from '../schema/app-shape.ts';
import { useEngine } from './provider.ts';
import type { RegisteredApp } from './register.ts';

export interface EntityHandle<App extends AppShape, E extends EntityOf<App>> {
  /** Visible at once; returns the row's id. */
  readonly insert: (data: InsertOf<App, E>) => string;
  readonly update: (id: string, patch: PatchOf<App, E>) => void;
  readonly remove: (id: string) => void;
}

/** The same object, with the same functions, as long as engine and entity are; it never causes a render. */
export function useEntity<E extends EntityOf<RegisteredApp>>(entity: E): EntityHandle<RegisteredApp, E> {
  const engine = useEngine();
  return useMemo(
    () => ({
      insert: (data) => engine.insert(entity, data),
      update: (id, patch) => engine.update(entity, id, patch),
      remove: (id) => engine.delete(entity, id),
    }),
    [engine, entity],
  );
}
