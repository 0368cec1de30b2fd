/** Who else has a cursor in this note. Names are the server's word. */
import type { DocHandle } from 'ternion/crdt/client';
import { useAwareness } from 'ternion/crdt/react';
import { colorClass, nameOf } from '../edit/people.ts';

export function People({ handle }: { handle: DocHandle | null }) {
  const [others] = useAwareness(handle);
  if (others.size === 0) return null;
  return (
    <span className="people">
      {[...others.values()].map((who) => (
        <span key={who.key} className={`person ${colorClass(who)}`}>
          {nameOf(who)}
        </span>
      ))}
      {others.size === 1 ? 'is writing here' : 'are writing here'}
    </span>
  );
}
