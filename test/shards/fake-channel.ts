/** A channel without a connection: what goes down is collected, what goes up is written by the test. */
import { decodeEvents, KIND } from '../../shards/core/frames.ts';
import { MessageCodec } from '../../shards/core/message-codec.ts';
import { nodePacker } from '../../shards/server/node-packer.ts';
import type { PlayerHandler } from '../../shards/server/shard-host.ts';
import type { ThreadShard } from '../../shards/server/thread-shard.ts';
import { Reader } from '../../src/base/bytes.ts';
import type { Fault } from '../../src/base/fault.ts';
import type { Json } from '../../src/base/json.ts';
import type { Channel, LatestSlot } from '../../src/plugin/channel.ts';
import type { Session } from '../../src/plugin/session.ts';

const codec = new MessageCodec(nodePacker(), { maxBytes: 1 << 20, maxDepth: 20 });

export class FakeChannel implements Channel {
  readonly session: Session;
  readonly latest: LatestSlot;
  readonly events: Json[] = [];
  frames = 0;
  fault: Fault | undefined;
  #sentTag = -1;
  #waiters: (() => void)[] = [];

  constructor(userId: string) {
    const channel = this;
    this.session = {
      id: userId,
      clientId: `page-${userId}`,
      viewer: { userId, kind: 'user', roles: [], name: userId },
      onViewer: () => () => {},
    };
    this.latest = {
      put(_payload, tag) {
        channel.frames++;
        channel.#sentTag = tag;
        channel.#changed();
      },
      get sentTag() {
        return channel.#sentTag;
      },
    };
  }

  send(payload: Uint8Array): boolean {
    const reader = new Reader(payload);
    if (reader.u8() === KIND.events) {
      const list = codec.decode(decodeEvents(reader).list);
      if (Array.isArray(list)) this.events.push(...list);
    }
    this.#changed();
    return true;
  }

  close(fault: Fault): void {
    this.fault ??= fault;
    this.#changed();
  }

  /** Resolves when `done` holds; asked whenever something has come. */
  until(done: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const ask = () => {
        if (done()) resolve();
        else this.#waiters.push(ask);
      };
      ask();
    });
  }

  #changed(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const ask of waiters) ask();
  }
}

/** Joins and plays. */
export async function play(
  shard: Pick<ThreadShard, 'join'>,
  userId: string,
): Promise<{ channel: FakeChannel; player: PlayerHandler }> {
  const channel = new FakeChannel(userId);
  const player = await shard.join(channel);
  player.opened?.();
  return { channel, player };
}
