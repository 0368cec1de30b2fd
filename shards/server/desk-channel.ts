/**
 * A player's channel as his shard in a worker sees it: what goes down is added to the batch for the main
 * thread, which has the socket. Made by thread-desk.ts.
 */
import type { Log } from '../../src/base/env.ts';
import { Fault, toFault } from '../../src/base/fault.ts';
import type { Channel, LatestSlot } from '../../src/plugin/channel.ts';
import type { Session } from '../../src/plugin/session.ts';
import type { Player } from '../core/player.ts';
import type { PlayerChannel } from './player-channel.ts';
import type { SpectatorChannel } from './spectator-channel.ts';
import type { ThreadLink } from './thread-link.ts';
import type { FromThread, ViewerJson } from './thread-message.ts';

type Attendant = PlayerChannel | SpectatorChannel;

interface Deps {
  readonly link: ThreadLink;
  readonly log: Log;
  say(message: FromThread): void;
  ended(): void;
  identified(player: Player): void;
}

export class DeskChannel implements Channel {
  readonly session: Session;
  readonly latest: LatestSlot;
  readonly #number: number;
  readonly #deps: Deps;
  #viewer: ViewerJson;
  #player: Attendant | undefined;
  #sentTag = -1;
  #ended = false;

  constructor(number: number, who: { clientId: string; viewer: ViewerJson }, deps: Deps) {
    this.#number = number;
    this.#deps = deps;
    this.#viewer = who.viewer;
    const channel = this;
    this.session = {
      id: `${number}`,
      clientId: who.clientId,
      get viewer() {
        return channel.#viewer;
      },
      // Changes of the viewer are authorized first, and come as `identify`.
      onViewer: () => () => {},
    };
    this.latest = {
      put(payload, tag) {
        if (!channel.#ended) deps.link.put(number, tag, payload);
      },
      get sentTag() {
        return channel.#sentTag;
      },
    };
  }

  /** False: too much is under way to the main thread. What its own lane drops is counted there. */
  send(payload: Uint8Array): boolean {
    if (this.#ended) return true;
    if (this.#deps.link.full) return false;
    this.#deps.link.payload(this.#number, payload);
    return true;
  }

  close(fault: Fault): void {
    if (this.#ended) return;
    this.#deps.say({ t: 'close', channel: this.#number, fault: fault.toJSON() });
    this.end();
  }

  begin(player: Attendant): void {
    this.#player = player;
  }

  opened(): void {
    this.#guard((player) => player.opened());
  }

  /** A frame of the client. */
  frame(payload: Uint8Array): void {
    this.#guard((player) => player.frame(payload));
  }

  /** The main thread has handed the frame of this tag to the socket. */
  sent(tag: number): void {
    this.#sentTag = tag;
    this.#player?.ready();
  }

  identify(viewer: ViewerJson): void {
    this.#viewer = viewer;
    this.#guard((player) => {
      player.identify(viewer);
      if (player.player) this.#deps.identified(player.player);
    });
  }

  evict(): void {
    this.#guard((player) => player.evict());
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#deps.ended();
    this.#player?.closed();
  }

  #guard(task: (player: Attendant) => void): void {
    try {
      if (this.#player) task(this.#player);
    } catch (error) {
      if (!(error instanceof Fault)) this.#deps.log.error('shard.channel', { error });
      this.close(toFault(error));
    }
  }
}
