/**
 * The events of a shard since its last frames. Each is checked and encoded once, when it is emitted; players
 * who get the same ones share one payload. A player whose own step has emitted an event is told so: his page
 * may have told it already. [T6]
 */
import { Fault } from '../../src/base/fault.ts';
import { parseShape } from '../../src/base/shape.ts';
import { encodeEvents } from '../core/frames.ts';
import type { MessageCodec } from '../core/message-codec.ts';
import { plainOf } from '../core/plain.ts';
import type { Events } from '../core/world.ts';

/** What the world says of an event beside its name and its data. */
export interface EventOrigin {
  /** Entities of the players who are told; undefined tells all. */
  readonly to: number | readonly number[] | undefined;
  /** The entity whose step it was; 0 for none. */
  readonly by: number;
  /** The tick being computed. */
  readonly tick: number;
}

interface QueuedEvent {
  readonly bytes: Uint8Array;
  readonly to: readonly number[] | undefined;
  readonly by: number;
  /** As the player is told whose step it was. */
  readonly own: Uint8Array | undefined;
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
  add(event: string, data: unknown, { to, by, tick }: EventOrigin): void {
    const shape = Object.hasOwn(this.#shapes, event) ? this.#shapes[event] : undefined;
    if (!shape) throw new Fault('invalid', `no event ${event} is defined`);
    const parsed = parseShape(shape, plainOf(data), event);
    const bytes = this.#codec.encode([event, parsed]);
    const own = by > 0 ? this.#codec.encode([event, parsed, tick]) : undefined;
    this.#events.push({ bytes, to: to === undefined ? undefined : namedIn(to), by, own });
    if (to !== undefined) this.#private++;
    this.#shared = undefined;
  }

  /** What the player of an entity is told, as a payload; undefined when there is nothing. */
  frameFor(entityId: number, tick: number): Uint8Array | undefined {
    if (this.#events.length === 0) return undefined;
    if (this.#private === 0 && !this.#events.some(({ by, own }) => own && by === entityId)) {
      this.#shared ??= encodeEvents(
        tick,
        this.#events.map((event) => event.bytes),
      );
      return this.#shared;
    }
    const told = this.#events.filter(({ to }) => to === undefined || to.includes(entityId));
    if (told.length === 0) return undefined;
    return encodeEvents(
      tick,
      told.map(({ bytes, by, own }) => (own && by === entityId ? own : bytes)),
    );
  }

  clear(): void {
    if (this.#events.length === 0) return;
    this.#events.length = 0;
    this.#private = 0;
    this.#shared = undefined;
  }
}

/** A copy, for the list is the app's. 0 is nobody: else all who have no entity would be told, and spectators. [T8] */
function namedIn(to: number | readonly number[]): readonly number[] {
  return (typeof to === 'number' ? [to] : to).filter((id) => id !== 0);
}
