/**
 * One room as this page sees it, over whatever connection there is. Made by rooms.ts, which closes it when
 * nobody looks any more.
 *
 *   away --opened, list--> here --lost--> away        any --refused--> away with a fault
 *   A refusal that may pass is tried again after a while, one that hangs on the identity when that changes.
 */
import { backoffMs } from '../base/backoff.ts';
import { CODES } from '../base/codes.ts';
import type { Cancel, Env } from '../base/env.ts';
import type { Fault } from '../base/fault.ts';
import type { Json } from '../base/json.ts';
import { parseShape } from '../base/shape.ts';
import { decodeRoomDown, encodeRoom, ROOM_CHANNEL, type RoomDown, roomInfo } from '../protocol/room-frame.ts';
import type { Channels, ClientChannel } from './channel.ts';
import { Listeners } from './listeners.ts';

/** Who somebody is, on the server's word. */
export interface RoomIdentity {
  /** Tells members apart: a user with two pages is two. Another one after each reconnect. */
  readonly id: string;
  readonly userId: string | null;
  readonly name: string | null;
}

export interface RoomMember extends RoomIdentity {
  /** What he shows; null is nothing. */
  readonly state: Json;
}

export interface RoomView {
  /** Everybody else. A change leaves the members that it does not touch the same objects. */
  readonly others: readonly RoomMember[];
  /** False while not in the room, and then `others` is empty. */
  readonly joined: boolean;
  /** Why the server did not let this user in, or not any more. */
  readonly fault: Fault | null;
}

/** `missed`: so many messages did not come, because this page read too slowly. */
export type TopicEvent =
  | { readonly name: 'message'; readonly from: RoomIdentity; readonly data: Json }
  | { readonly name: 'missed'; readonly count: number };

interface Host {
  readonly env: Env;
  readonly channels: Channels;
}

const RETRY = { baseMs: 500, capMs: 30_000 };
export const AWAY: RoomView = { others: [], joined: false, fault: null };

export class RoomLink {
  readonly changed: Listeners<[RoomView]>;
  readonly said: Listeners<[TopicEvent]>;
  readonly #host: Host;
  readonly #name: string;
  readonly #mine: () => Json;
  readonly #members = new Map<string, RoomMember>();
  #view = AWAY;
  #channel: ClientChannel | undefined;
  #selfId = '';
  /** The state that the server knows, as text; undefined: none. */
  #told: string | undefined;
  #attempt = 0;
  #retry: Cancel | undefined;

  /** `mine` is what this page shows now. */
  constructor(host: Host, name: string, mine: () => Json) {
    this.#host = host;
    this.#name = name;
    this.#mine = mine;
    this.changed = new Listeners(host.env.log);
    this.said = new Listeners(host.env.log);
  }

  get view(): RoomView {
    return this.#view;
  }

  /** Joins, unless that is under way. */
  open(): void {
    if (this.#channel) return;
    this.#retry?.();
    this.#leave(null);
    this.#channel = this.#host.channels.open(ROOM_CHANNEL, () => this.#params(), {
      opened: (info) => {
        this.#selfId = parseShape(roomInfo, info, 'info', 'bad_message').id;
        this.show();
      },
      frame: (payload) => this.#take(decodeRoomDown(payload)),
      lost: () => this.#leave(null),
      closed: (fault) => this.#closed(fault),
    });
  }

  /** Sends what this page shows now, if the server does not know it. */
  show(): void {
    const state = this.#mine();
    const text = JSON.stringify(state);
    if (text === this.#told || !this.#channel?.send(encodeRoom({ t: 'state', state }))) return;
    this.#told = text;
  }

  /** False: not in the room now. */
  publish(data: Json): boolean {
    return this.#channel?.send(encodeRoom({ t: 'publish', data })) ?? false;
  }

  /** Leaves; `fault` says why, when it was not this page's wish. */
  close(fault: Fault | null): void {
    this.#retry?.();
    this.#channel?.close();
    this.#channel = undefined;
    this.#leave(fault);
  }

  #params(): Json {
    const state = this.#mine();
    this.#told = JSON.stringify(state);
    return { room: this.#name, state };
  }

  #closed(fault: Fault): void {
    this.#channel = undefined;
    this.#leave(fault);
    if (CODES[fault.code].retry !== 'backoff') return;
    const { clock, random } = this.#host.env;
    this.#retry = clock.after(backoffMs(this.#attempt++, random, RETRY), () => this.open());
  }

  #take(message: RoomDown): void {
    switch (message.t) {
      case 'list':
        this.#members.clear();
        for (const member of message.members) this.#members.set(member.id, member);
        this.#attempt = 0;
        return this.#show();
      case 'delta':
        return this.#apply(message);
      case 'message':
        return this.said.emit({ name: 'message', from: message.from, data: message.data });
      case 'missed':
        return this.said.emit({ name: 'missed', count: message.count });
    }
  }

  #apply({ joined, changed, left }: Extract<RoomDown, { t: 'delta' }>): void {
    for (const member of joined) this.#members.set(member.id, member);
    for (const { id, state } of changed) {
      const member = this.#members.get(id);
      if (member) this.#members.set(id, { ...member, state });
    }
    for (const id of left) this.#members.delete(id);
    // Everybody hears of all, also of himself: the server makes one text for the room.
    const touched = [...joined.map(({ id }) => id), ...changed.map(({ id }) => id), ...left];
    if (touched.some((id) => id !== this.#selfId)) this.#show();
  }

  #show(): void {
    const others = [...this.#members.values()].filter(({ id }) => id !== this.#selfId);
    this.#view = { others, joined: true, fault: null };
    this.changed.emit(this.#view);
  }

  #leave(fault: Fault | null): void {
    this.#members.clear();
    this.#told = undefined;
    if (!this.#view.joined && this.#view.fault === fault) return;
    this.#view = { ...AWAY, fault };
    this.changed.emit(this.#view);
  }
}
