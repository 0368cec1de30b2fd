/**
 * The leader's side of its followers: it stands between the leader's engine and its socket, and speaks to each
 * follower as the server would. What followers ask for travels under numbers of its own (tab-numbers.ts), and what
 * the server says of several tabs at once is split; rows come from the engine's confirmed rows, then batch by batch.
 * Made by tab-connect.ts for each socket.
 * [S2] A batch goes to those who stand at its `from`; after any other move all get a new copy.
 * [S10] A follower that left two pings, or MAX_UNANSWERED_BYTES, unanswered is dropped.
 */
import type { Env } from '../base/env.ts';
import { Fault } from '../base/fault.ts';
import { parseJson } from '../base/json.ts';
import { parseShape } from '../base/shape.ts';
import { type ClientMessage, clientMessage, type Hello } from '../protocol/client-message.ts';
import { decodeFrame, encodeFrame } from '../protocol/frame.ts';
import { type Cursor, readCursor, type SubscriptionPart } from '../protocol/row-batch.ts';
import type { ServerMessage, Welcome } from '../protocol/server-message.ts';
import { fits } from './message-size.ts';
import { type Answer, type Batch, parseServerText } from './server-text.ts';
import { type ConfirmedRows, copyOf } from './tab-copy.ts';
import { isRequest, MORE_BINARY_BYTES, MORE_TEXT_BYTES, type NumberKind, TabNumbers } from './tab-numbers.ts';

export interface TabRelayHost {
  readonly rows: ConfirmedRows;
  /** To the server. */
  up(data: string | Uint8Array): void;
  /** To a follower. */
  down(link: string, data: string | Uint8Array): void;
  open(link: string): void;
  hangup(link: string): void;
}

/** Tabs that one leader serves; one more is sent away. */
export const MAX_FOLLOWERS = 200;
/** What a follower may be sent without a word from it; a copy that begins below that goes out whole. */
export const MAX_UNANSWERED_BYTES = 64 << 20;
const UNANSWERED_PINGS = 2;

interface Follower {
  readonly link: string;
  greeted: boolean;
  /** Where its rows stand; null until it got a copy. */
  cursor: Cursor | null;
  pings: number;
  unansweredBytes: number;
}

/** Messages of a server that end what their number named. */
const LAST = new Set(['result', 'dropped', 'closed']);

export class TabRelay {
  readonly #env: Env;
  readonly #host: TabRelayHost;
  readonly #followers = new Map<string, Follower>();
  readonly #numbers = new TabNumbers<Follower>();
  #welcome: Welcome | undefined;
  #aheadMs = 0;

  constructor(env: Env, host: TabRelayHost) {
    this.#env = env;
    this.#host = host;
  }

  /** A follower wants in; it is let in once the leader itself is. */
  dial(link: string): void {
    if (this.#followers.has(link)) return;
    if (this.#followers.size >= MAX_FOLLOWERS) return this.#host.hangup(link);
    this.#followers.set(link, { link, greeted: false, cursor: null, pings: 0, unansweredBytes: 0 });
    if (this.#welcome) this.#host.open(link);
  }

  /** From the socket. What is the engine's own goes to `deliver`. */
  received(data: string | Uint8Array, deliver: (own?: string) => void): void {
    if (typeof data !== 'string') return this.#frame(data, deliver);
    if (this.#welcome && this.#followers.size === 0 && !changesWelcome(data)) return deliver();
    const message = readable(() => parseServerText(data));
    if (!message) return deliver();
    if ('id' in message || 'ch' in message) return this.#reply(message, deliver);
    if (message.t === 'batch') return this.#batch(message, data, deliver);
    if (message.t === 'answer') return this.#answer(message, deliver);
    const before = this.#host.rows.cursor;
    deliver();
    if (message.t === 'welcome') this.#welcomed(message);
    else if (message.t === 'session') this.#renewed({ session: message.session }, data);
    else if (message.t === 'reset') this.#renewed({ epoch: message.cursor.epoch });
    else if (message.t === 'ping') this.#ping(data);
    if (sameCursor(before, this.#host.rows.cursor)) return;
    for (const follower of this.#greeted()) this.#follow(follower, before);
  }

  /** From a follower. */
  sent(link: string, data: string | Uint8Array): void {
    const follower = this.#followers.get(link);
    if (!follower) return this.#host.hangup(link);
    follower.pings = 0;
    follower.unansweredBytes = 0;
    try {
      if (typeof data === 'string') this.#text(follower, data);
      else this.#binary(follower, data);
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
    for (const { ending, kind, ours } of this.#numbers.of(follower))
      this.#host.up(JSON.stringify({ t: ending, [kind]: ours }));
    this.#numbers.forget(follower);
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

  /** Those who come later are welcomed so. */
  #renewed(change: Partial<Welcome>, text?: string): void {
    if (!this.#welcome) return;
    this.#welcome = { ...this.#welcome, ...change };
    if (text !== undefined) for (const follower of this.#greeted()) this.#tell(follower, text);
  }

  #ping(data: string): void {
    for (const follower of [...this.#followers.values()]) {
      if (++follower.pings > UNANSWERED_PINGS) this.#drop(follower);
      else if (follower.greeted) this.#tell(follower, data);
    }
  }

  #text(follower: Follower, text: string): void {
    if (!this.#welcome) return;
    const { textBytes, jsonDepth } = this.#welcome.limits;
    const json = parseJson(text, { maxChars: textBytes, maxDepth: jsonDepth });
    const message = parseShape(clientMessage, json, 'message', 'bad_message');
    switch (message.t) {
      case 'hello':
        return this.#greet(follower, message);
      case 'catchup':
        this.#copy(follower, []);
        return this.#askAgain(follower);
      case 'pong':
        return;
      case 'auth':
        return this.#drop(follower); // it shares this identity or nothing [S8]
      case 'open':
      case 'close':
        return this.#number(follower, message, 'ch');
      default:
        return this.#number(follower, message, 'id');
    }
  }

  /** What a follower asks for, or does not want any more, under a number of ours. */
  #number(follower: Follower, message: ClientMessage, kind: NumberKind): void {
    const number = 'id' in message ? message.id : 'ch' in message ? message.ch : 0;
    const known = this.#numbers.find(follower, kind, number);
    if (isRequest(message)) {
      if (known) throw new Fault('bad_message', `number ${number} is in use`);
      this.#up(message, kind, this.#numbers.give(follower, message).ours);
    } else if (known) {
      this.#numbers.free(known);
      this.#up(message, kind, known.ours);
    }
  }

  #up(message: ClientMessage, kind: NumberKind, ours: number): void {
    const text = JSON.stringify({ ...message, [kind]: ours });
    // It would cost all tabs their connection.
    if (!fits(text, this.#welcome?.limits.textBytes ?? 0)) throw new Fault('too_large', message.t);
    this.#host.up(text);
  }

  #binary(follower: Follower, bytes: Uint8Array): void {
    const { channel, payload } = decodeFrame(bytes);
    const known = this.#numbers.find(follower, 'ch', channel);
    if (!known) return;
    const frame = encodeFrame(known.ours, payload);
    if (frame.length > (this.#welcome?.limits.binaryBytes ?? 0)) throw new Fault('too_large', 'frame');
    this.#host.up(frame);
  }

  #greet(follower: Follower, { cursor: kept }: Hello): void {
    if (!this.#welcome) return;
    const { limits, epoch } = this.#welcome;
    const textBytes = Math.max(1, limits.textBytes - MORE_TEXT_BYTES);
    const binaryBytes = Math.max(1, limits.binaryBytes - MORE_BINARY_BYTES);
    const time = this.#env.clock.now() + this.#aheadMs;
    follower.greeted = true;
    this.#say(follower, { ...this.#welcome, time, limits: { ...limits, textBytes, binaryBytes } });
    const { cursor } = this.#host.rows;
    if (!cursor || cursor.epoch !== epoch) return;
    if (!sameCursor(readCursor(kept), cursor)) return this.#copy(follower, []);
    follower.cursor = cursor;
    this.#say(follower, { t: 'batch', from: cursor.seq, to: cursor.seq, ops: [] });
  }

  /** What came in batches that the follower could not apply comes anew. */
  #askAgain(follower: Follower): void {
    for (const numbered of this.#numbers.of(follower)) {
      const { asked, ours } = numbered;
      if (!asked) continue;
      this.#numbers.free(numbered);
      this.#host.up(JSON.stringify({ t: 'unsubscribe', id: ours }));
      this.#up(asked, 'id', this.#numbers.give(follower, asked).ours);
    }
  }

  #reply(message: Extract<ServerMessage, { id: number } | { ch: number }>, deliver: () => void): void {
    const kind = 'id' in message ? 'id' : 'ch';
    const ours = 'id' in message ? message.id : message.ch;
    if (this.#numbers.isEngines(kind, ours)) return deliver();
    const numbered = this.#numbers.whose(ours);
    if (!numbered) return;
    if (LAST.has(message.t)) this.#numbers.free(numbered);
    this.#say(numbered.follower, { ...message, [kind]: numbered.number });
  }

  #frame(bytes: Uint8Array, deliver: () => void): void {
    if (this.#followers.size === 0) return deliver();
    const frame = readable(() => decodeFrame(bytes));
    if (!frame || this.#numbers.isEngines('ch', frame.channel)) return deliver();
    const { channel, payload } = frame;
    const numbered = this.#numbers.whose(channel);
    if (numbered) this.#tell(numbered.follower, encodeFrame(numbered.number, payload));
  }

  #answer(answer: Answer, deliver: (own?: string) => void): void {
    const { own, theirs } = this.#numbers.split(answer.answers);
    if (own.length === answer.answers.length) deliver();
    else if (own.length > 0) deliver(JSON.stringify({ ...answer, answers: own }));
    for (const [follower, answers] of theirs) this.#say(follower, { ...answer, answers });
  }

  #batch(batch: Batch, text: string, deliver: (own?: string) => void): void {
    const before = this.#host.rows.cursor;
    const { subs = [], ...bare } = batch;
    const { own, theirs } = this.#numbers.split(subs);
    if (own.length === subs.length) deliver();
    else deliver(JSON.stringify(own.length > 0 ? { ...bare, subs: own } : bare));
    const shared = subs.length > 0 ? JSON.stringify(bare) : text;
    for (const follower of this.#greeted()) {
      const parts = theirs.get(follower) ?? [];
      this.#follow(follower, before, { batch: bare, shared, parts });
    }
  }

  /** The leader's rows were at `before` and may have moved; so do the follower's, and by this batch if it joins. */
  #follow(
    follower: Follower,
    before: Cursor | null,
    by?: { batch: Batch; shared: string; parts: SubscriptionPart[] },
  ): void {
    const { cursor } = this.#host.rows;
    const { batch, shared = '', parts = [] } = by ?? {};
    if (!cursor || cursor.epoch !== this.#welcome?.epoch) {
      follower.cursor = null;
    } else if (!sameCursor(follower.cursor, cursor)) {
      const isNext = sameCursor(follower.cursor, before) && before?.epoch === cursor.epoch;
      if (!isNext || batch?.from !== before.seq || batch.to !== cursor.seq)
        return this.#copy(follower, parts);
      follower.cursor = cursor;
      if (parts.length > 0) this.#say(follower, { ...batch, subs: parts });
      else this.#tell(follower, shared);
    } else if (parts.length > 0 && batch?.to === cursor.seq) {
      this.#say(follower, { t: 'batch', from: cursor.seq, to: cursor.seq, ops: [], subs: parts });
    }
  }

  #copy(follower: Follower, subs: SubscriptionPart[]): void {
    const { cursor } = this.#host.rows;
    follower.cursor = null;
    if (!cursor || cursor.epoch !== this.#welcome?.epoch) return; // as soon as there is one
    if (follower.unansweredBytes > MAX_UNANSWERED_BYTES) return this.#drop(follower);
    follower.cursor = cursor;
    const { queried } = this.#welcome;
    for (const message of copyOf({ rows: this.#host.rows, cursor, queried, subs }))
      this.#put(follower, JSON.stringify(message));
  }

  #greeted(): Follower[] {
    return [...this.#followers.values()].filter(({ greeted }) => greeted);
  }

  #say(follower: Follower, message: ServerMessage): void {
    this.#tell(follower, JSON.stringify(message));
  }

  #tell(follower: Follower, data: string | Uint8Array): void {
    if (!this.#followers.has(follower.link)) return;
    if (follower.unansweredBytes > MAX_UNANSWERED_BYTES) return this.#drop(follower);
    this.#put(follower, data);
  }

  #put(follower: Follower, data: string | Uint8Array): void {
    follower.unansweredBytes += data.length * (typeof data === 'string' ? 2 : 1);
    this.#host.down(follower.link, data);
  }
}

/** Null for what cannot be read: the engine says what is wrong with it. */
function readable<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}

/** What a relay without followers must still hear, for those to come. */
function changesWelcome(text: string): boolean {
  return text.startsWith('{"t":"session"') || text.startsWith('{"t":"reset"');
}

function sameCursor(a: Cursor | null, b: Cursor | null): boolean {
  return a === b || (a !== null && b !== null && a.epoch === b.epoch && a.seq === b.seq);
}
