/** What travels in channels of kind `match` and `lobby`, as text. For docs-page.test.ts and match.test.ts. */
import type { LobbyNews } from '../../shards/core/lobby-frame.ts';
import type { MatchNews } from '../../shards/core/match-frame.ts';

interface Vector<T> {
  readonly name: string;
  readonly text: string;
  readonly value: T;
}

const vector = <T>(name: string, value: T): Vector<T> => ({ name, text: JSON.stringify(value), value });

const plaza = { shard: 'arena', id: 'plaza', players: 3, seats: 8, summary: { map: 'dust' } };

export const news: readonly Vector<MatchNews>[] = [
  vector('a party of which one is there', { t: 'gathering', here: 1, of: 3 }),
  vector('in the queue', { t: 'waiting', players: 12 }),
  vector('found', { t: 'matched', shard: 'duel', id: 'd7', ticket: 's1.x.y', team: 1 }),
];

export const lobby: readonly Vector<LobbyNews>[] = [
  vector('all that is shown', {
    t: 'list',
    kinds: { arena: { shards: 1, players: 3 } },
    queues: { duel: 12 },
    shards: [plaza],
  }),
  vector('what changed', {
    t: 'delta',
    kinds: { arena: { shards: 2, players: 4 } },
    queues: { duel: 10 },
    put: [{ shard: 'arena', id: 'garden', players: 1, seats: 8, summary: null }],
    gone: [],
  }),
  vector('one that is shown no more', {
    t: 'delta',
    kinds: { arena: { shards: 1, players: 3 } },
    queues: { duel: 10 },
    put: [],
    gone: [{ shard: 'arena', id: 'garden' }],
  }),
];

export const vectors = [...news, ...lobby];
