/** The code of docs/guides/presence-and-topics.md. */
import type { Json, SyncEngine } from 'ternion/client';
import { TernionProvider, useEngine, usePresence, useTopic } from 'ternion/react';
import { rooms } from 'ternion/rooms';
import { defineApp } from 'ternion/server';
import { app as notes } from './functions.ts';

const { schema } = notes;

export const app = defineApp({
  schema,
  plugins: [
    rooms({
      rooms: [
        { prefix: 'note:', entity: 'Note' },
        { prefix: 'lobby', join: 'guest' },
      ],
    }),
  ],
});

export function lookAt(engine: SyncEngine, noteId: string, show: (line: string) => void) {
  engine.setPresence({ cursor: 12 });
  const leave = engine.onPresence(`note:${noteId}`, ({ others, joined, fault }) => {
    if (fault) return show(`refused: ${fault.code}`);
    if (!joined) return show('connecting');
    for (const { name, state } of others) show(`${name ?? 'somebody'} ${JSON.stringify(state)}`);
  });
  return leave;
}

export function talk(engine: SyncEngine, show: (line: string) => void) {
  const leave = engine.onTopic('lobby', (event) => {
    if (event.name === 'missed') show(`${event.count} messages did not come`);
    else show(`${event.from.name ?? 'somebody'}: ${JSON.stringify(event.data)}`);
  });
  const wave = () => engine.publishTopic('lobby', { wave: true });
  return { leave, wave };
}

export function Lobby() {
  const engine = useEngine();
  const { others, joined } = usePresence('lobby');
  const { last, publish } = useTopic('lobby');
  const said: Json = last?.name === 'message' ? last.data : null;
  if (!joined) return <p>Connecting</p>;
  return (
    <section onPointerMove={({ clientX, clientY }) => engine.setPresence({ x: clientX, y: clientY })}>
      <p>{others.length} others are here</p>
      <p>{JSON.stringify(said)}</p>
      <button type="button" onClick={() => publish({ wave: true })}>
        Wave
      </button>
    </section>
  );
}

export function Page({ engine }: { engine: SyncEngine }) {
  return (
    <TernionProvider engine={engine}>
      <Lobby />
    </TernionProvider>
  );
}
