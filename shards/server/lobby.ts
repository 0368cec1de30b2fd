/**
 * The lobby: how many play and search, and which shards are open, live to those who look. While somebody looks it is
 * made anew now and then; what changed is encoded once for all of them. Nothing is stored.
 * [S10] A slow reader costs nothing: he gets the whole list when he has room again.
 */
import { assert } from '../../src/base/assert.ts';
import type { Cancel, Env } from '../../src/base/env.ts';
import { Fault } from '../../src/base/fault.ts';
import { type Json, jsonEquals } from '../../src/base/json.ts';
import { isJson } from '../../src/base/shape.ts';
import { utf8Length } from '../../src/base/utf8.ts';
import type { Channel, ChannelHandler } from '../../src/plugin/channel.ts';
import type { AnyShardDef } from '../core/define-shard.ts';
import { encodeLobby, type LobbyEntry, type LobbyNews } from '../core/lobby-frame.ts';
import type { Directory } from './directory.ts';
import type { LobbyOptions } from './lobby-options.ts';
import type { ShardRef } from './shard-ref.ts';

/** Bytes of what the app says of one shard, as JSON; over it nothing is said. [N3] */
export const MAX_SUMMARY_BYTES = 1024;

interface Looker {
  /** He is current: the next delta goes on from what he has. */
  delta(payload: Uint8Array): void;
  readonly wantsList: boolean;
  list(payload: Uint8Array): void;
}

type Shown = Extract<LobbyNews, { t: 'list' }>;

export class Lobby {
  readonly options: Required<LobbyOptions>;
  readonly #env: Env;
  readonly #deps: { directory: Directory; queues: ReadonlyMap<string, { readonly size: number }> };
  readonly #listed: readonly AnyShardDef[];
  readonly #counted: readonly AnyShardDef[];
  readonly #lookers = new Set<Looker>();
  #shown: Shown = { t: 'list', kinds: {}, queues: {}, shards: [] };
  #timer: Cancel | undefined;

  /** `defs` by their keys in `shards({ arena })`. Throws for a key that is none. */
  constructor(
    env: Env,
    deps: {
      directory: Directory;
      queues: ReadonlyMap<string, { readonly size: number }>;
      defs: ReadonlyMap<string, AnyShardDef>;
    },
    options: LobbyOptions,
  ) {
    this.#env = env;
    this.#deps = deps;
    this.options = { shards: [], maxListed: 200, tellMs: 250, ...options };
    for (const name of ['maxListed', 'tellMs'] as const)
      assert(this.options[name] > 0, `lobby.${name} is ${this.options[name]}`);
    this.#counted = [...deps.defs.values()];
    this.#listed = this.options.shards.map((key) => {
      const def = deps.defs.get(key);
      if (!def) throw new Fault('invalid', `lobby: no shard ${key}`);
      return def;
    });
  }

  /** Throws Fault `unauthorized`. */
  open(channel: Channel): ChannelHandler {
    checkDoor(this.options.join, channel);
    return new LobbyChannel(channel, this);
  }

  enter(looker: Looker): void {
    this.#lookers.add(looker);
    this.plan();
  }

  leave(looker: Looker): void {
    this.#lookers.delete(looker);
    if (this.#lookers.size > 0) return;
    this.#timer?.();
    this.#timer = undefined;
  }

  /** Somebody wants the list: at the end of this turn, unless the next look is near anyway. */
  plan(): void {
    this.#timer ??= this.#env.clock.after(0, () => this.#look());
  }

  close(): void {
    this.#timer?.();
    this.#lookers.clear();
  }

  #look(): void {
    this.#timer = this.#env.clock.after(this.options.tellMs, () => this.#look());
    const before = this.#shown;
    this.#shown = this.#see();
    const delta = differ(before, this.#shown);
    const current = [...this.#lookers].filter((looker) => !looker.wantsList);
    if (delta && current.length > 0) {
      const payload = encodeLobby(delta);
      for (const looker of current) looker.delta(payload);
    }
    const wanting = [...this.#lookers].filter((looker) => looker.wantsList);
    if (wanting.length === 0) return;
    const payload = encodeLobby(this.#shown);
    for (const looker of wanting) looker.list(payload);
  }

  #see(): Shown {
    const { directory, queues } = this.#deps;
    const kinds: Shown['kinds'] = {};
    for (const { name } of this.#counted) kinds[name] = { shards: 0, players: 0 };
    for (const { def, players } of directory.list()) {
      const kind = kinds[def.name]!;
      kind.shards++;
      kind.players += players.length;
    }
    const shards = this.#listed
      .flatMap((def) => directory.list(def))
      .slice(0, this.options.maxListed)
      .map((ref) => this.#entry(ref));
    const searching = [...queues].map(([name, { size }]) => [name, size] as const);
    return { t: 'list', kinds, queues: Object.fromEntries(searching), shards };
  }

  #entry(ref: ShardRef<AnyShardDef>): LobbyEntry {
    const { def, id, players } = ref;
    return {
      shard: def.name,
      id,
      players: players.length,
      seats: def.limits.players,
      summary: this.#summary(ref),
    };
  }

  /** What the app gets wrong here is its own shard's loss. */
  #summary(ref: ShardRef<AnyShardDef>): Json {
    const at = { shard: ref.def.name, id: ref.id };
    try {
      const { summary } = ref;
      if (isJson(summary) && utf8Length(JSON.stringify(summary)) <= MAX_SUMMARY_BYTES) return summary;
      this.#env.log.warn('lobby.summary_too_large', at);
    } catch (error) {
      this.#env.log.error('lobby.summary_failed', { ...at, error });
    }
    return null;
  }
}

/** One who looks. He is owed the list from the beginning, and again after his lane was full. */
class LobbyChannel implements ChannelHandler, Looker {
  readonly info = null;
  wantsList = false;
  readonly #channel: Channel;
  readonly #lobby: Lobby;
  readonly #stopListening: Cancel;
  #behind = false;

  constructor(channel: Channel, lobby: Lobby) {
    this.#channel = channel;
    this.#lobby = lobby;
    this.#stopListening = channel.session.onViewer(() => {
      try {
        checkDoor(lobby.options.join, channel);
      } catch (error) {
        this.closed();
        if (error instanceof Fault) channel.close(error);
      }
    });
  }

  opened(): void {
    this.wantsList = true;
    this.#lobby.enter(this);
  }

  frame(): void {
    throw new Fault('bad_message', 'nothing is said in the lobby');
  }

  drained(): void {
    this.#behind = false;
    this.wantsList = true;
    this.#lobby.plan();
  }

  closed(): void {
    this.#stopListening();
    this.#lobby.leave(this);
  }

  list(payload: Uint8Array): void {
    this.wantsList = false;
    this.#send(payload);
  }

  delta(payload: Uint8Array): void {
    if (!this.#behind) this.#send(payload);
  }

  #send(payload: Uint8Array): void {
    this.#behind = !this.#channel.send(payload, 'docs');
  }
}

/** Undefined when nothing changed. */
function differ(before: Shown, now: Shown): LobbyNews | undefined {
  const key = ({ shard, id }: { shard: string; id: string }) => `${shard}/${id}`;
  const known = new Map(before.shards.map((entry) => [key(entry), entry]));
  const put = now.shards.filter((entry) => !jsonEquals(known.get(key(entry)), entry));
  const here = new Set(now.shards.map(key));
  const gone = before.shards.filter((entry) => !here.has(key(entry))).map(({ shard, id }) => ({ shard, id }));
  const same = jsonEquals(before.kinds, now.kinds) && jsonEquals(before.queues, now.queues);
  if (same && put.length === 0 && gone.length === 0) return undefined;
  return { t: 'delta', kinds: now.kinds, queues: now.queues, put, gone };
}

function checkDoor(join: LobbyOptions['join'], { session }: Channel): void {
  const { kind } = session.viewer;
  if (join === 'public' || kind === 'user' || (join === 'guest' && kind === 'guest')) return;
  throw new Fault('unauthorized', join === 'user' ? 'sign in' : 'sign in, at least as a guest');
}
