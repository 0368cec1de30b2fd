/** Who else is in a document and what they show, such as a cursor. Never stored. [D7] */
import { useCallback, useSyncExternalStore } from 'react';
import type { DocHandle } from '../client/doc-handle.ts';
import type { Presence, PresenceHandle } from '../client/presence-handle.ts';

type Others = ReadonlyMap<number, Presence>;
const NOBODY: Others = new Map();
const nothing = () => () => {};
const nobody = () => NOBODY;

/** `[others, show]`; `show(null)` takes one's own state back. */
export function useAwareness(
  handle: DocHandle | null,
): [others: Others, show: (state: Parameters<PresenceHandle['set']>[0]) => void] {
  const subscribe = useCallback(
    (listener: () => void) => handle?.awareness.subscribe(listener) ?? nothing(),
    [handle],
  );
  const read = useCallback(() => handle?.awareness.others ?? NOBODY, [handle]);
  const others = useSyncExternalStore(subscribe, read, nobody);
  const show = useCallback(
    (state: Parameters<PresenceHandle['set']>[0]) => handle?.awareness.set(state),
    [handle],
  );
  return [others, show];
}
