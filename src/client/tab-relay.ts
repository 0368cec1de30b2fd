/**
 * The leader's side of its followers: it stands between the leader's engine and its socket, and speaks to each
 * follower as the server would. Calls, pushes and channels of followers travel under numbers far above the
 * engine's own; rows come from the engine's confirmed rows, then batch by batch. Made by tab-connect.ts for
 * each socket.
 * [S2] A batch goes to those who stand at its `from`; after any other move all get a new copy.
 * [S10] A follower that left two pings unanswered is dropped.
 */
import type { Env } from '../base/env.ts';
import { isJsonObject, type JsonObject, parseJson } from '../base/json.ts';
import { decodeFrame, encodeFrame } from '../protocol/frame.ts';
import type { Cursor } from '../protocol/row-batch.ts';
import type { ServerMessage, Welcome } from '../protocol/server-message.ts';
import { parseServerText } from './server-text.ts';

/** The rows as the server confirmed them, without the user's own writes over them. */
export interface ConfirmedRows {
  readonly cursor: Cursor | null;
  entities(): Iterable<[string, ReadonlyMap<string, JsonObject>]>;
}

export interface TabRelayHost {
  readonly rows: ConfirmedRows;
  /** To the server. */
  up(data: string | Uint8Array): void;
  /** To a follower. */
  down(link: string, data: string | Uint8Array): void;
  open(link: string): void;
  hangup(link: string): void;
}

/** Numbers of followers' requests and channels begin here; an engine counts its own from 1. */
const FIRST_REQUEST = 2 ** 40;
const FIRST_CHANNEL = 2 ** 31;
const PAGE_ROWS = 500;
const UNANSWERED_PINGS = 2;

/** Messages of a client that carry a number of its own, and which kind of number. */
const NUMBERED: Record<string, 'id' | 'ch'> = {
  call: 'id',
  push: 'id',
  cancel: 'id',
  open: 'ch',
  close: 'ch',
};
/** Those of a server that end what the number named. */
const LAST = new Set(['result', 'closed']);

interface Follower {
  readonly link: string;
  greeted: boolean;
  /** Where its rows stand; null until it got a copy. */
  cursor: Cursor | null;
  pings: number;
  /** Its own number to ours. */
  readonly id: Map<number, number>;
  readonly ch: Map<number, number>;
}

export class TabRelay {
  readonly #env: Env;
  readonly #host: TabRelayHost;
  readonly #followers = new Map<string, Follower>();
  /** Ours to whose it is. */
  readonly #owners = new Map<number, { follower: Follower; number: number }>();
  #nextRequest = FIRST_REQUEST;
  #nextChannel = FIRST_CHANNEL;
  #welcome: Welcome | undefined;
  #aheadMs = 0;

  constructor(env: Env, host: TabRelayHost) {
    this.#env = env;
    this.#host = host;
  }

  /** A follower wants in; it is let in once the leader itself is. */
  dial(link: string): void {
    if (this.#followers.has(link)) return;
    this.#followers.set(link, { link, greeted: false, cursor: null, pings: 0, id: new Map(), ch: new Map() });
    if (this.#welcome) this.#host.open(link);
  }

  /** From the socket. What is the engine's own goes to `deliver`. */
  received(data: string | Uint8Array, deliver: () => void): void {
    if (typeof data !== 'string') return this.#frame(data, deliver);
    if (this.#welcome && this.#followers.size === 0 && this.#owners.size === 0) {
      if (!data.startsWith('{"t":"session"')) return deliver();
    }
    let message: ServerMessage;
    try {
      message = parseServerText(data);
    } catch {
      return deliver(); // the engine says what is wrong with it
    }
    if ('id' in message || 'ch' in message) return this.#answer(message, deliver);
    const before = this.#host.rows.cursor;
    deliver();
    if (message.t === 'welcome') return this.#welcomed(message);
    if (message.t === 'session' && this.#welcome) {
      this.#welcome = { ...this.#welcome, session: message.session };
      this.#toAll(data);
    }
    if (message.t === 'ping') return this.#ping(data);
    if (message.t === 'fault') return;
    this.#moved(before, message, data);
  }

  /** From a follower. */
  sent(link: string, data: string | Uint8Array): void {
    const follower = this.#followers.get(link);
    if (!follower) return this.#host.hangup(link);
    try {
      if (typeof data === 'string') this.#text(follower, data);
      else {
        const { channel, payload } = decodeFrame(data);
        const ours = follower.ch.get(channel);
        if (ours !== undefined) this.#host.up(encodeFrame(ours, payload));
      }
    } catch (error) {
      this.#env.log.warn('client.tab', { error });
      this.#drop(follower);
    }
  }

  /** A follower is gone, or is to go. */
  left(link: string): void {
    const follower = this.#followers.get(link);
    if (!follower) return;
    this.#followers.delete(link);
    // What its calls and pushes answer is dropped when it comes; its channels are given back.
    for (const ch of follower.ch.values()) this.#host.up(JSON.stringify({ t: 'close', ch }));
  }

  /** The socket is gone. */
  close(): void {
    const links = [...this.#followers.keys()];
    this.#followers.clear();
    for (const link of links) this.#host.hangup(link);
  }

  #drop(follower: Follower): void {
    this.left(follower.link);
    this.#host.hangup(follower.link);
  }

  #welcomed(welcome: Welcome): void {
    this.#welcome = welcome;
    this.#aheadMs = welcome.time - this.#env.clock.now();
    for (const link of this.#followers.keys()) this.#host.open(link);
  }

  #ping(data: string): void {
    for (const follower of [...this.#followers.values()]) {
      if (++follower.pings > UNANSWERED_PINGS) this.#drop(follower);
      else if (follower.greeted) this.#host.down(follower.link, data);
    }
  }

  #text(follower: Follower, text: string): void {
    const message = parseJson(text, { maxChars: 64 << 20, maxDepth: 64 });
    if (!isJsonObject(message) || typeof message.t !== 'string') return;
    follower.pings = 0;
    if (message.t === 'hello') return this.#greet(follower, message);
    if (message.t === 'catchup') return this.#copy(follower);
    const key = NUMBERED[message.t];
    if (!key) return message.t === 'pong' ? undefined : this.#drop(follower);
    const number = message[key];
    if (typeof number !== 'number') return this.#drop(follower);
    let ours = follower[key].get(number);
    if (ours === undefined) {
      if (message.t === 'cancel' || message.t === 'close') return;
      ours = key === 'id' ? this.#nextRequest++ : this.#nextChannel++;
      follower[key].set(number, ours);
      this.#owners.set(ours, { follower, number });
    }
    // A closed channel's number may be chosen again at once.
    if (message.t === 'close') follower.ch.delete(number);
    this.#host.up(JSON.stringify({ ...message, [key]: ours }));
  }

  #greet(follower: Follower, hello: JsonObject): void {
    if (!this.#welcome) return;
    const time = this.#env.clock.now() + this.#aheadMs;
    follower.greeted = true;
    this.#down(follower, { ...this.#welcome, time });
    const { cursor } = this.#host.rows;
    if (!cursor || cursor.epoch !== this.#welcome.epoch) return;
    const kept = hello.cursor;
    if (!isJsonObject(kept ?? null) || JSON.stringify(kept) !== JSON.stringify(cursor)) {
      return this.#copy(follower);
    }
    follower.cursor = cursor;
    this.#down(follower, { t: 'batch', from: cursor.seq, to: cursor.seq, ops: [] });
  }

  #answer(message: Extract<ServerMessage, { id: number } | { ch: number }>, deliver: () => void): void {
    const key = 'id' in message ? 'id' : 'ch';
    const ours = 'id' in message ? message.id : message.ch;
    if (ours < (key === 'id' ? FIRST_REQUEST : FIRST_CHANNEL)) return deliver();
    const owner = this.#owners.get(ours);
    if (!owner) return;
    const { follower, number } = owner;
    const current = follower[key].get(number) === ours;
    if (LAST.has(message.t)) {
      this.#owners.delete(ours);
      if (current) follower[key].delete(number);
    }
    if (current) this.#down(follower, { ...message, [key]: number });
  }

  #frame(bytes: Uint8Array, deliver: () => void): void {
    if (this.#owners.size === 0) return deliver();
    const { channel, payload } = decodeFrame(bytes);
    if (channel < FIRST_CHANNEL) return deliver();
    const owner = this.#owners.get(channel);
    if (!owner || owner.follower.ch.get(owner.number) !== channel) return;
    const { link } = owner.follower;
    if (this.#followers.has(link)) this.#host.down(link, encodeFrame(owner.number, payload));
  }

  /** The engine has taken a message: followers follow. */
  #moved(before: Cursor | null, message: ServerMessage, text: string): void {
    const { cursor } = this.#host.rows;
    if (message.t !== 'batch' && sameCursor(before, cursor)) return;
    for (const follower of this.#followers.values()) {
      if (!follower.greeted) continue;
      if (!cursor || cursor.epoch !== this.#welcome?.epoch) follower.cursor = null;
      else if (sameCursor(follower.cursor, cursor)) continue;
      else if (
        message.t === 'batch' &&
        message.to === cursor.seq &&
        message.from === before?.seq &&
        before.epoch === cursor.epoch &&
        sameCursor(follower.cursor, before)
      ) {
        follower.cursor = cursor;
        this.#host.down(follower.link, text);
      } else this.#copy(follower);
    }
  }

  #copy(follower: Follower): void {
    const { cursor } = this.#host.rows;
    if (!cursor || cursor.epoch !== this.#welcome?.epoch) return; // as soon as there is one
    follower.cursor = cursor;
    this.#down(follower, { t: 'reset', cursor });
    for (const [entity, table] of this.#host.rows.entities()) {
      let rows: { row_id: string; data: JsonObject }[] = [];
      for (const [row_id, data] of table) {
        rows.push({ row_id, data });
        if (rows.length < PAGE_ROWS) continue;
        this.#down(follower, { t: 'page', entity, rows, last: false });
        rows = [];
      }
      if (rows.length > 0) this.#down(follower, { t: 'page', entity, rows, last: false });
    }
    this.#down(follower, { t: 'page', entity: null, rows: [], last: true });
    this.#down(follower, { t: 'batch', from: cursor.seq, to: cursor.seq, ops: [] });
  }

  #toAll(text: string): void {
    for (const { link, greeted } of this.#followers.values()) if (greeted) this.#host.down(link, text);
  }

  #down(follower: Follower, message: ServerMessage): void {
    if (this.#followers.has(follower.link)) this.#host.down(follower.link, JSON.stringify(message));
  }
}

function sameCursor(a: Cursor | null, b: Cursor | null): boolean {
  return a === b || (a !== null && b !== null && a.epoch === b.epoch && a.seq === b.seq);
}
