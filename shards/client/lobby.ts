/** `watchLobby`: who plays and searches, and which shards are open, live over the engine's socket. */
import { backoffMs } from '../../src/base/backoff.ts';
import { CODES } from '../../src/base/codes.ts';
import type { Cancel } from '../../src/base/env.ts';
import type { Fault } from '../../src/base/fault.ts';
import type { ClientChannel, EngineHost } from '../../src/client/channel.ts';
import { decodeLobby, LOBBY_CHANNEL, type LobbyEntry, type LobbyNews } from '../core/lobby-frame.ts';

export interface LobbyView {
  /** Shards and players by the names of definitions. */
  readonly kinds: Readonly<Record<string, { readonly shards: number; readonly players: number }>>;
  /** Players who search, by the names of matchmakers. */
  readonly queues: Readonly<Record<string, number>>;
  /** Those that are listed; an entry that has not changed stays the same object. */
  readonly shards: readonly LobbyEntry[];
  /** False while the connection is lost: then all is as it was last. */
  readonly live: boolean;
  /** Why the server does not let this user look. */
  readonly fault: Fault | null;
}

const RETRY = { baseMs: 1000, capMs: 30_000 };
const NOTHING: LobbyView = { kinds: {}, queues: {}, shards: [], live: false, fault: null };

/** Looks until cancelled. `listener` is told of each change. */
export function watchLobby(host: EngineHost, listener: (view: LobbyView) => void): Cancel {
  const { clock, random } = host.env;
  let view = NOTHING;
  let attempt = 0;
  let again: Cancel | undefined;
  let channel: ClientChannel | undefined;
  let over = false;
  const show = (change: Partial<LobbyView>) => {
    view = { ...view, ...change };
    listener(view);
  };
  const open = () => {
    channel = host.channels.open(
      LOBBY_CHANNEL,
      {},
      {
        opened: () => {
          attempt = 0;
        },
        frame: (payload) => {
          const news = decodeLobby(payload);
          const { kinds, queues } = news;
          show({ kinds, queues, shards: applied(view.shards, news), live: true, fault: null });
        },
        lost: () => show({ live: false }),
        closed: (fault) => {
          if (over) return;
          const { retry } = CODES[fault.code];
          if (retry === 'backoff') again = clock.after(backoffMs(attempt++, random, RETRY), open);
          show({ ...NOTHING, fault });
        },
      },
    );
  };
  open();
  return () => {
    over = true;
    again?.();
    channel?.close();
  };
}

function applied(shards: readonly LobbyEntry[], news: LobbyNews): readonly LobbyEntry[] {
  if (news.t === 'list') return news.shards;
  if (news.put.length === 0 && news.gone.length === 0) return shards;
  const all = new Map(shards.map((entry) => [`${entry.shard}/${entry.id}`, entry]));
  for (const { shard, id } of news.gone) all.delete(`${shard}/${id}`);
  for (const entry of news.put) all.set(`${entry.shard}/${entry.id}`, entry);
  return [...all.values()];
}
