/**
 * The events of a shard since its last frames. Each is checked and encoded once, when it is emitted; players
 * who get the same ones share one payload.
 */
import { Fault } from '../../src/base/fault.ts';
import { parseShape } from '../../src/base/shape.ts';
import { encodeEvents } from '../core/frames.ts';
import type { MessageCodec } from '../core/message-codec.ts';
import type { Events } from '../core/world.ts';

interface QueuedEvent {
  readonly bytes: Uint8Array;
  /** Entities of the players who are told; undefined tells all. */
  readonly to: readonly number[] | undefined;
}

export class EventQueue {
  readonly #shapes: Events;
  readonly #codec: MessageCodec;
  readonly #events: QueuedEvent[] = [];
  #private = 0;
  #shared: Uint8Array | undefined;

  constructor(shapes: Events, codec: MessageCodec) {
    this.#shapes = shapes;
    this.#codec = codec;
  }

  /** Throws Fault `invalid` for what is not an event of the definition, `too_large` above its limit. */
  add(event: string, data: unknown, to: number | readonly number[] | undefined): void {
    const shape = Object.hasOwn(this.#shapes, event) ? this.#shapes[event] : undefined;
    if (!shape) throw new Fault('invalid', `no event ${event} is defined`);
    const bytes = this.#codec.encode([event, parseShape(shape, data, event)]);
    this.#events.push({ bytes, to: typeof to === 'number' ? [to] : to });
    if (to !== undefined) this.#private++;
    this.#shared = undefined;
  }

  /** What the player of an entity is told, as a payload; undefined when there is nothing. */
  frameFor(entityId: number, tick: number): Uint8Array | undefined {
    if (this.#events.length === 0) return undefined;
    if (this.#private === 0) {
      this.#shared ??= encodeEvents(
        tick,
        this.#events.map((event) => event.bytes),
      );
      return this.#shared;
    }
    const own = this.#events.filter(({ to }) => to === undefined || to.includes(entityId));
    if (own.length === 0) return undefined;
    return encodeEvents(
      tick,
      own.map((event) => event.bytes),
    );
  }

  clear(): void {
    if (this.#events.length === 0) return;
    this.#events.length = 0;
    this.#private = 0;
    this.#shared = undefined;
  }
}
