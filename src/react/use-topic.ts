/** The last that others said in a room, as state. The component is in the room while it is mounted. */
import { useCallback, useMemo, useSyncExternalStore } from 'react';
import type { Cancel } from '../base/env.ts';
import type { Json } from '../base/json.ts';
import type { TopicEvent } from '../client/room-link.ts';
import { useEngine } from './provider.ts';

export interface TopicHandle {
  /** Undefined before the first. For each of them, none left out, there is `engine.onTopic`. */
  readonly last: TopicEvent | undefined;
  /** To all others; false: not in the room now. Stays the same function. */
  readonly publish: (data: Json) => boolean;
}

interface Topics {
  onTopic(topic: string, listener: (event: TopicEvent) => void): Cancel;
  publishTopic(topic: string, data: Json): boolean;
  onIdentity(listener: () => void): Cancel;
}

export function useTopic(topic: string): TopicHandle {
  const engine: Topics = useEngine();
  const store = useMemo(() => topicStore(engine, topic), [engine, topic]);
  const subscribe = useCallback((listener: () => void) => store.subscribe(listener), [store]);
  const read = useCallback(() => store.read(), [store]);
  const last = useSyncExternalStore(subscribe, read, read);
  const publish = useCallback((data: Json) => engine.publishTopic(topic, data), [engine, topic]);
  return useMemo(() => ({ last, publish }), [last, publish]);
}

function topicStore(engine: Topics, topic: string) {
  let last: TopicEvent | undefined;
  return {
    read: () => last,
    subscribe: (listener: () => void): Cancel => {
      const take = (event: TopicEvent | undefined) => {
        last = event;
        listener();
      };
      const cancel = engine.onTopic(topic, take);
      const forget = engine.onIdentity(() => take(undefined)); // it was said to somebody else [S8]
      return () => {
        cancel();
        forget();
      };
    },
  };
}
