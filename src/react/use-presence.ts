/** Who else is in a room, as state. The component is in the room while it is mounted. */
import { useCallback, useMemo, useSyncExternalStore } from 'react';
import type { Cancel } from '../base/env.ts';
import { AWAY, type RoomView } from '../client/room-link.ts';
import { useEngine } from './provider.ts';

interface Presences {
  onPresence(room: string, listener: (view: RoomView) => void): Cancel;
}

/** Renders again when somebody else comes, leaves or shows something new, and when the room is joined or lost. */
export function usePresence(room: string): RoomView {
  const engine: Presences = useEngine();
  const store = useMemo(() => presenceStore(engine, room), [engine, room]);
  const subscribe = useCallback((listener: () => void) => store.subscribe(listener), [store]);
  const read = useCallback(() => store.read(), [store]);
  return useSyncExternalStore(subscribe, read, read);
}

function presenceStore(engine: Presences, room: string) {
  let view = AWAY;
  return {
    read: () => view,
    subscribe: (listener: () => void): Cancel =>
      engine.onPresence(room, (next) => {
        if (next === view) return;
        view = next;
        listener();
      }),
  };
}
