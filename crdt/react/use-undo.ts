/** Undo and redo of this page's own edits, as state: for buttons that are off when there is nothing to take back. */
import { useCallback, useMemo, useSyncExternalStore } from 'react';
import type { DocHandle } from '../client/doc-handle.ts';

/** What `useUndo` gives. */
export interface UndoSteps {
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  /** False: there was nothing to take back, or the document is read-only. */
  readonly undo: () => boolean;
  readonly redo: () => boolean;
}

/** The same object until `canUndo`, `canRedo` or the handle changes. */
export function useUndo(handle: DocHandle | null): UndoSteps {
  const subscribe = useCallback(
    (listener: () => void) => handle?.undo.subscribe(listener) ?? (() => {}),
    [handle],
  );
  const canUndo = useSyncExternalStore(subscribe, () => handle?.undo.canUndo ?? false, never);
  const canRedo = useSyncExternalStore(subscribe, () => handle?.undo.canRedo ?? false, never);
  return useMemo(
    () => ({
      canUndo,
      canRedo,
      undo: () => handle?.undo.undo() ?? false,
      redo: () => handle?.undo.redo() ?? false,
    }),
    [handle, canUndo, canRedo],
  );
}

function never(): boolean {
  return false;
}
