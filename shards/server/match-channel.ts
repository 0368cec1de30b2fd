/**
 * A client's `open` of kind `match`: his search lives as long as the channel. When the connection is lost he is out
 * of the queue; his page opens the channel again when it is back. Made by plugin.ts.
 */
import { Fault } from '../../src/base/fault.ts';
import type { Json } from '../../src/base/json.ts';
import { parseShape } from '../../src/base/shape.ts';
import type { Channel, ChannelHandler } from '../../src/plugin/channel.ts';
import { encodeNews, matchParams } from '../core/match-frame.ts';
import type { MatchQueue, Search, SearchState } from './match-queue.ts';

/** Throws Fault `not_found`, and what `MatchQueue.enter` throws. */
export async function openMatchChannel(
  channel: Channel,
  raw: Json,
  queues: ReadonlyMap<string, MatchQueue>,
): Promise<ChannelHandler> {
  const { queue: name, ...wish } = parseShape(matchParams, raw, 'open', 'bad_message');
  const queue = queues.get(name);
  if (!queue) throw new Fault('not_found', `no queue ${name}`);
  const handler = new MatchChannel(channel, queue);
  try {
    handler.search = await queue.enter(channel.session.viewer, wish, (state) => handler.told(state));
  } catch (error) {
    handler.closed(); // nobody else ends what is refused, and a client may ask as often as it likes
    throw error;
  }
  return handler;
}

class MatchChannel implements ChannelHandler {
  readonly info: Json;
  search: Search | undefined;
  readonly #channel: Channel;
  readonly #queue: MatchQueue;
  readonly #stopListening: () => void;
  #state: SearchState | undefined;
  #isOpen = false;
  #isOwed = true;

  constructor(channel: Channel, queue: MatchQueue) {
    this.info = { queue: queue.matchmaker.name };
    this.#channel = channel;
    this.#queue = queue;
    const { userId } = channel.session.viewer;
    this.#stopListening = channel.session.onViewer(() => {
      if (channel.session.viewer.userId === userId) return;
      this.closed();
      channel.close(new Fault('unauthorized', 'the identity changed, search again'));
    });
  }

  told(state: SearchState): void {
    this.#state = state;
    this.#isOwed = true;
    this.#send();
  }

  opened(): void {
    this.#isOpen = true;
    this.#send();
  }

  frame(): void {
    throw new Fault('bad_message', 'nothing is said in a queue');
  }

  drained(): void {
    this.#send();
  }

  closed(): void {
    this.#isOpen = false;
    this.#stopListening();
    if (this.search) this.#queue.leave(this.search);
  }

  /** Only the newest state counts. */
  #send(): void {
    const state = this.#state;
    if (!this.#isOpen || !this.#isOwed || !state) return;
    if (state.t === 'over') return this.#channel.close(state.fault);
    this.#isOwed = !this.#channel.send(encodeNews(state), 'docs');
  }
}
