/**
 * Presence and topics as a plugin: the `room` channel and its gauges. A room is there while somebody is in
 * it; nothing of it is stored. Lists all that rooms add to a server.
 */
import type { Cancel } from '../base/env.ts';
import { Fault } from '../base/fault.ts';
import type { Json } from '../base/json.ts';
import { RateLimit } from '../base/rate-limit.ts';
import { parseShape } from '../base/shape.ts';
import type { Channel, ChannelHandler } from '../plugin/channel.ts';
import type { Plugin, PluginInstance } from '../plugin/plugin.ts';
import type { Services } from '../plugin/services.ts';
import type { Session } from '../plugin/session.ts';
import { checkState, ROOM_CHANNEL, roomParams } from '../protocol/room-frame.ts';
import { DEFAULT_ROOMS, type RoomsOptions } from './options.ts';
import { Room } from './room.ts';
import { RoomBook } from './room-book.ts';
import { Seat } from './seat.ts';

/** Without `rooms` no name is a room. [P1] */
export function rooms(options: Partial<RoomsOptions> = {}): Plugin {
  return {
    name: 'rooms',
    create: (services) => new Rooms(services, { ...DEFAULT_ROOMS, ...options }),
  };
}

/** What a session has used of what it may. */
interface Quota {
  readonly rate: RateLimit;
  rooms: number;
}

class Rooms implements PluginInstance {
  readonly channels = {
    [ROOM_CHANNEL]: (channel: Channel, params: Json) => this.#open(channel, params),
  };
  readonly gauges = [
    { name: 'ternion_rooms_open', help: 'rooms with members', read: () => this.#rooms.size },
    { name: 'ternion_rooms_members', help: 'members of all rooms', read: () => this.#members() },
  ];
  readonly #services: Services;
  readonly #options: RoomsOptions;
  readonly #book: RoomBook;
  readonly #rooms = new Map<string, Room>();
  readonly #quotas = new WeakMap<Session, Quota>();
  #lastSeat = 0;
  #offCommit: Cancel | undefined;

  constructor(services: Services, options: RoomsOptions) {
    this.#services = services;
    this.#options = options;
    this.#book = new RoomBook(services, options.rooms);
  }

  async start(): Promise<void> {
    this.#offCommit = this.#services.store.onCommit((commits) => {
      const changes = commits.flatMap((commit) => commit.changes);
      const deciding = changes.filter(({ entity }) => this.#book.deciding.has(entity));
      if (deciding.length > 0) for (const room of [...this.#rooms.values()]) room.committed(deciding);
    });
  }

  async close(): Promise<void> {
    this.#offCommit?.();
  }

  async #open(channel: Channel, params: Json): Promise<ChannelHandler> {
    const { room: name, state } = parseShape(roomParams, params, 'params', 'bad_message');
    checkState(state);
    const quota = this.#quota(channel.session);
    if (!quota.rate.take()) throw new Fault('rate_limited', 'too many joins');
    if (quota.rooms >= this.#options.maxRooms)
      throw new Fault('overloaded', `more than ${this.#options.maxRooms} rooms`);
    const room = this.#room(name);
    quota.rooms++;
    const release = () => void quota.rooms--;
    const seat = new Seat(String(++this.#lastSeat), { channel, room, rate: quota.rate, release });
    try {
      await room.enter(seat, state);
    } catch (error) {
      seat.closed();
      throw error;
    }
    return seat;
  }

  /** Throws `not_found` for a name that is no room. */
  #room(name: string): Room {
    const known = this.#rooms.get(name);
    if (known) return known;
    const room: Room = new Room({
      env: this.#services.env,
      door: this.#book.door(name),
      options: this.#options,
      empty: () => {
        if (this.#rooms.get(name) === room) this.#rooms.delete(name);
      },
    });
    this.#rooms.set(name, room);
    return room;
  }

  #quota(session: Session): Quota {
    const known = this.#quotas.get(session);
    if (known) return known;
    const fresh = { rate: new RateLimit(this.#services.env.clock, this.#options), rooms: 0 };
    this.#quotas.set(session, fresh);
    return fresh;
  }

  #members(): number {
    return [...this.#rooms.values()].reduce((sum, { size }) => sum + size, 0);
  }
}
