/**
 * A `Connect` that several tabs share: tabs with the same token elect a leader, which opens the socket; the
 * others connect to the leader. Made by create-sync-engine.ts, one for each engine.
 * [S8] A group is a token: who presents another one is in another group, and a leader that changes its
 * identity on the open connection leaves its followers first.
 *
 *   waiting for the lead (a follower) --the leader leaves or dies--> leading --another token, close()--> gone
 */
import type { Env } from '../base/env.ts';
import { newId } from '../base/id.ts';
import type { ConfirmedRows } from './tab-copy.ts';
import type { TabGroup, TabMessage, Tabs } from './tab-group.ts';
import { TabRelay } from './tab-relay.ts';
import type { ClientTransport, ClientTransportEvents, Connect } from './transport.ts';

/** "Service restart" (RFC 6455, registry): come back. */
const COME_BACK = 1012;

export interface TabConnectDeps {
  readonly env: Env;
  readonly tabs: Tabs;
  /** To the server itself. */
  readonly connect: Connect;
  readonly rows: () => ConfirmedRows;
  /** What tabs must have in common besides the token: server, app, schema. */
  readonly common: string;
}

/** One attempt of the engine; at most one is current. */
interface Dial {
  readonly link: string;
  readonly protocols: string[];
  readonly events: ClientTransportEvents;
  opened: boolean;
  over: boolean;
  socket: ClientTransport | undefined;
  relay: TabRelay | undefined;
}

interface Seat {
  readonly secret: string;
  group: TabGroup | undefined;
  leading: boolean;
}

export class TabConnect {
  readonly connect: Connect;
  readonly #deps: TabConnectDeps;
  #seat: Seat | undefined;
  #dial: Dial | undefined;

  constructor(deps: TabConnectDeps) {
    this.#deps = deps;
    this.connect = (protocols, events) => this.#start(protocols, events);
  }

  /** Leaves the group, so that another tab may lead. */
  close(): void {
    const group = this.#seat?.group;
    this.#seat = undefined;
    group?.leave();
  }

  #start(protocols: string[], events: ClientTransportEvents): ClientTransport {
    const link = newId(this.#deps.env);
    const dial: Dial = {
      link,
      protocols,
      events,
      opened: false,
      over: false,
      socket: undefined,
      relay: undefined,
    };
    this.#dial = dial;
    const secret = JSON.stringify([this.#deps.common, protocols]);
    if (this.#seat?.secret !== secret) this.#sit(secret);
    else if (this.#seat.leading) this.#lead(dial);
    else this.#seat.group?.send({ kind: 'dial', link });
    return {
      send: (data) => this.#send(dial, data),
      close: (code, reason) => this.#hangUp(dial, code, reason),
    };
  }

  #sit(secret: string): void {
    this.close();
    const seat: Seat = { secret, group: undefined, leading: false };
    this.#seat = seat;
    seat.group = this.#deps.tabs.join(secret, {
      joined: () => seat === this.#seat && this.#joined(seat),
      leading: () => seat === this.#seat && this.#won(seat),
      message: (message) => seat === this.#seat && this.#message(seat, message),
    });
  }

  #joined(seat: Seat): void {
    if (this.#dial && !this.#dial.over) seat.group?.send({ kind: 'dial', link: this.#dial.link });
  }

  #won(seat: Seat): void {
    seat.leading = true;
    const dial = this.#dial;
    if (dial && !dial.over) {
      if (dial.opened) this.#closed(dial, 'this tab leads now');
      else this.#lead(dial);
    }
    seat.group?.send({ kind: 'leading' });
  }

  /** Opens the socket, with the relay between it and the engine. */
  #lead(dial: Dial): void {
    const { env, connect, rows } = this.#deps;
    const group = this.#seat?.group;
    const relay = new TabRelay(env, {
      rows: rows(),
      up: (data) => dial.over || dial.socket?.send(data),
      down: (link, data) => group?.send({ kind: 'down', link, data }),
      open: (link) => group?.send({ kind: 'open', link }),
      hangup: (link) => group?.send({ kind: 'hangup', link }),
    });
    dial.relay = relay;
    dial.socket = connect(dial.protocols, {
      open: () => dial.events.open(),
      message: (data) => relay.received(data, (own) => dial.events.message(own ?? data)),
      close: (code, reason) => {
        dial.over = true;
        relay.close();
        dial.events.close(code, reason);
      },
    });
    // Those who dialled before there was a socket.
    group?.send({ kind: 'leading' });
  }

  #message(seat: Seat, message: TabMessage): void {
    if (seat.leading) return this.#fromFollower(message);
    const dial = this.#dial;
    if (!dial || dial.over || dial.socket) return;
    if (message.kind === 'leading') {
      if (dial.opened) this.#closed(dial, 'another tab leads now');
      else seat.group?.send({ kind: 'dial', link: dial.link });
    } else if ('link' in message && message.link === dial.link) {
      if (message.kind === 'hangup') this.#closed(dial, 'the leading tab is not connected');
      else if (message.kind === 'down') dial.events.message(message.data);
      else if (message.kind === 'open' && !dial.opened) {
        dial.opened = true;
        dial.events.open();
      }
    }
  }

  #fromFollower(message: TabMessage): void {
    const relay = this.#dial?.over ? undefined : this.#dial?.relay;
    if (message.kind === 'dial') relay?.dial(message.link);
    else if (message.kind === 'up') relay?.sent(message.link, message.data);
    else if (message.kind === 'hangup') relay?.left(message.link);
  }

  #send(dial: Dial, data: string | Uint8Array): void {
    if (dial.over) return;
    const changesIdentity = typeof data === 'string' && data.startsWith('{"t":"auth"');
    if (dial.socket) {
      if (changesIdentity) {
        dial.relay?.close();
        this.close();
      }
      dial.socket.send(data);
    } else if (changesIdentity) {
      this.#closed(dial, 'another identity'); // the next dial presents it
    } else {
      this.#seat?.group?.send({ kind: 'up', link: dial.link, data });
    }
  }

  /** The engine ends it. */
  #hangUp(dial: Dial, code: number, reason: string): void {
    if (dial.socket) {
      dial.relay?.close();
      dial.socket.close(code, reason);
    } else if (!dial.over) {
      this.#seat?.group?.send({ kind: 'hangup', link: dial.link });
    }
    dial.over = true;
  }

  /** A virtual connection is over; told later, as sockets tell. */
  #closed(dial: Dial, reason: string): void {
    if (dial.over) return;
    dial.over = true;
    this.#seat?.group?.send({ kind: 'hangup', link: dial.link });
    this.#deps.env.clock.soon(() => dial.events.close(COME_BACK, reason));
  }
}
