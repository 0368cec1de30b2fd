/** The code of docs/guides/matchmaking.md: the browser. */
import type { EngineHost } from 'ternion/client';
import { findMatch, joinShard, type LobbyView, watchLobby } from 'ternion/shards/client';
import { duel } from './matchmaking-defs.ts';

export function play(engine: EngineHost, say: (text: string) => void) {
  const handle = joinShard(engine, duel, { match: { queue: 'ranked' } });
  handle.onState((state) => {
    if (state.name === 'closed' && state.fault.code === 'timeout') say('nobody is there');
  });
  return handle;
}

export async function playWithFriends(engine: EngineHost, secret: string, say: (text: string) => void) {
  const search = findMatch(engine, { queue: 'ranked', party: { id: secret, size: 3 } });
  search.onState((state) => {
    if (state.name === 'gathering') say(`${state.here} of ${state.of} are here`);
    if (state.name === 'waiting') say(`looking for others among ${state.players}`);
  });
  const { id, ticket } = await search.found;
  return joinShard(engine, duel, { id, ticket });
}

export function watch(engine: EngineHost, id: string, ticket: string) {
  return joinShard(engine, duel, { id, ticket, spectate: true });
}

export function showLobby(engine: EngineHost, draw: (view: LobbyView) => void) {
  return watchLobby(engine, draw);
}
