/**
 * Presence and topics of one engine: a room is joined while somebody here looks at it, once however many look,
 * and again after each reconnect. What this page shows goes to all its rooms; between two sendings only the
 * latest counts.
 * [S8] A change of identity empties every room and forgets what this page shows.
 */
import type { Cancel } from '../base/env.ts';
import { Fault } from '../base/fault.ts';
import type { Json } from '../base/json.ts';
import { Refcount } from '../base/refcount.ts';
import { checkMessage, checkState, MAX_ROOM_NAME_CHARS } from '../protocol/room-frame.ts';
import type { EngineHost } from './channel.ts';
import { RoomLink, type RoomView, type TopicEvent } from './room-link.ts';

interface Host extends Pick<EngineHost, 'env' | 'channels'> {
  onIdentity(listener: (session: EngineHost['session']) => void): Cancel;
}

/** Least time between two states, for each room: with many rooms a page sends no more in all. */
const SHOW_MS = 50;
/** A page that looks away and back, as a component does that is mounted anew, has not left. */
const LINGER_MS = 300;

interface Joined {
  readonly link: RoomLink;
  readonly users: Refcount;
}

export class Rooms {
  readonly #host: Host;
  readonly #joined = new Map<string, Joined>();
  #userId: string | null | undefined;
  #mine: Json = null;
  #timer: Cancel | undefined;
  #end: Fault | undefined;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(host: Host) {
    this.#host = host;
    host.onIdentity((session) => this.#identity(session?.userId));
  }

  /** Throws `too_large`. */
  setPresence(state: Json): void {
    checkState(state);
    this.#mine = state;
    const { clock } = this.#host.env;
    const dueMs = this.#lastMs + SHOW_MS * this.#joined.size;
    this.#timer ??= clock.after(Math.max(0, dueMs - clock.monotonic()), () => {
      this.#timer = undefined;
      this.#lastMs = clock.monotonic();
      for (const { link } of this.#joined.values()) link.show();
    });
  }

  onPresence(room: string, listener: (view: RoomView) => void): Cancel {
    const { link, release } = this.#use(room);
    const cancel = link.changed.on(listener);
    listener(link.view);
    return () => {
      cancel();
      release();
    };
  }

  onTopic(topic: string, listener: (event: TopicEvent) => void): Cancel {
    const { link, release } = this.#use(topic);
    const cancel = link.said.on(listener);
    return () => {
      cancel();
      release();
    };
  }

  /** Throws `too_large`. */
  publishTopic(topic: string, data: Json): boolean {
    checkMessage(data);
    return this.#joined.get(topic)?.link.publish(data) ?? false;
  }

  /** The engine has ended: rooms are empty from now on, and say why. */
  close(fault: Fault): void {
    this.#end ??= fault;
    this.#timer?.();
    for (const { users, link } of [...this.#joined.values()]) {
      users.close();
      link.close(this.#end);
    }
    this.#joined.clear();
  }

  #use(room: string): { link: RoomLink; release: Cancel } {
    const joined = this.#joined.get(room) ?? this.#join(room);
    return { link: joined.link, release: joined.users.acquire() };
  }

  #join(room: string): Joined {
    if (room.length > MAX_ROOM_NAME_CHARS)
      throw new Fault('invalid', `a room's name of more than ${MAX_ROOM_NAME_CHARS} characters`);
    const link = new RoomLink(this.#host, room, () => this.#mine);
    const users = new Refcount(this.#host.env.clock, LINGER_MS, () => {
      this.#joined.delete(room);
      link.close(null);
    });
    if (this.#end) link.close(this.#end);
    else link.open();
    const joined = { link, users };
    this.#joined.set(room, joined);
    return joined;
  }

  #identity(userId: string | null | undefined): void {
    if (userId !== this.#userId && this.#userId !== undefined) this.#mine = null;
    this.#userId = userId;
    if (userId === undefined) return;
    for (const { link } of [...this.#joined.values()]) link.open();
  }
}
