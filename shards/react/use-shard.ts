/**
 * A shard in React: for scores, lists and labels. What moves every frame is drawn by a loop that reads the
 * handle; a render per frame is what this hook avoids.
 */
import { useCallback, useRef, useSyncExternalStore } from 'react';
import type { ShardHandle } from '../client/shard-handle.ts';
import { shallowEqual } from './shallow-equal.ts';

/** How often a selector looks at the shard while frames come. */
const SAMPLE_MS = 100;

/**
 * The selected part of a shard; the component renders again only when it has changed, compared one level
 * deep. Select plain values: entities and their vectors are the same objects while they move.
 */
export function useShard<D, T>(
  handle: ShardHandle<D> | null,
  selector: (handle: ShardHandle<D>) => T,
): T | undefined {
  const last = useRef<T | undefined>(undefined);
  const subscribe = useCallback(
    (changed: () => void) => {
      if (!handle) return () => {};
      const stopFrames = handle.onFrame(changed, SAMPLE_MS);
      const stopState = handle.onState(changed);
      return () => {
        stopFrames();
        stopState();
      };
    },
    [handle],
  );
  const read = () => {
    const selected = handle ? selector(handle) : undefined;
    // React compares by identity: an equal selection must be the same one.
    if (!shallowEqual(selected, last.current)) last.current = selected;
    return last.current;
  };
  return useSyncExternalStore(subscribe, read, read);
}
