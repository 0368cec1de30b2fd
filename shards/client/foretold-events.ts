/**
 * What the player's own `step` emits: told here as soon as its tick is computed for good, and not once more when the
 * server tells it. Kept by predict.ts. [T6]
 */
import { Fault } from '../../src/base/fault.ts';
import { parseShape } from '../../src/base/shape.ts';
import type { Events } from '../core/world.ts';

/** What waits for the server to say it, too; what is older is forgotten. */
const REMEMBERED = 64;

export type TellEvent = (event: string, data: unknown, tick: number) => void;

export class ForetoldEvents {
  readonly #shapes: Events;
  readonly #withinTicks: number;
  readonly #tell: TellEvent;
  /** Of ticks that may be computed again. */
  #pending: { event: string; data: unknown; tick: number }[] = [];
  /** Told, and not said by the server so far. */
  readonly #told: { event: string; tick: number }[] = [];
  #toldTick = 0;

  /** `withinTicks`: by so much the server may be later or earlier with it, when an input was late. */
  constructor(shapes: Events, withinTicks: number, tell: TellEvent) {
    this.#shapes = shapes;
    this.#withinTicks = withinTicks;
    this.#tell = tell;
  }

  /** This tick is computed, perhaps again. */
  begin(tick: number): void {
    if (this.#pending.length > 0) this.#pending = this.#pending.filter((one) => one.tick !== tick);
  }

  /** Throws Fault `invalid` for what is not an event of the definition. */
  emit(event: string, data: unknown, tick: number): void {
    if (tick <= this.#toldTick) return;
    const shape = Object.hasOwn(this.#shapes, event) ? this.#shapes[event] : undefined;
    if (!shape) throw new Fault('invalid', `no event ${event} is defined`);
    this.#pending.push({ event, data: parseShape(shape, data, event), tick });
  }

  /** All ticks up to this one are sent to the server as they are. */
  commit(tick: number): void {
    this.#toldTick = Math.max(this.#toldTick, tick);
    if (this.#pending.length === 0) return;
    const due = this.#pending.filter((one) => one.tick <= tick);
    this.#pending = this.#pending.filter((one) => one.tick > tick);
    for (const { event, data, tick: of } of due) {
      if (this.#told.length === REMEMBERED) this.#told.shift();
      this.#told.push({ event, tick: of });
      this.#tell(event, data, of);
    }
  }

  /** The server says that the own step of `tick` emitted this: whether it has been told. Each telling counts once. */
  wasTold(event: string, tick: number): boolean {
    const isIt = (one: { event: string; tick: number }) =>
      one.event === event && Math.abs(one.tick - tick) <= this.#withinTicks;
    const at = this.#told.findIndex(isIt);
    if (at === -1) return false;
    this.#told.splice(at, 1);
    return true;
  }
}
