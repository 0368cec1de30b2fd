/**
 * The world as a shard's functions see it, on the server and, for prediction, in the browser.
 * The class behind it is WorldColumns.
 */
import type { Infer, Shape } from '../../src/base/shape.ts';
import type { Chance } from './chance.ts';
import type { Components, Values } from './component.ts';
import type { Player } from './player.ts';
import type { Row } from './record-type.ts';
import type { Rewound } from './rewind.ts';

export type Events = Readonly<Record<string, Shape<unknown>>>;

/**
 * One entity: its components as fields in real units, which round and clamp to what the wire can say.
 * The object belongs to a row of the world and is used again after a despawn (`id` is then 0 or another):
 * keep ids across ticks, not entities.
 */
export type Entity<C extends Components> = Row<C>;

/** Components left out begin at 0, false, '', the first word or absent. */
export type SpawnValues<C extends Components> = Partial<Values<C>>;

export interface World<C extends Components = Components, E extends Events = Events> {
  /** The tick being computed; 0 in `start`. */
  readonly tick: number;
  /**
   * Seeded chance. Inside `step` it is a stream of its own for each (tick, entity), the same in the
   * browser; elsewhere it is the server's alone.
   */
  readonly random: Chance;
  /**
   * All entities in order of their ids. The list that was read does not change when entities come and go.
   */
  readonly entities: readonly Entity<C>[];
  /** Throws Fault `overloaded` at `limits.entities`. */
  spawn(values?: SpawnValues<C>): Entity<C>;
  /** False when there is no such entity. */
  despawn(id: number): boolean;
  get(id: number): Entity<C> | undefined;
  /** Entities that have all of these optional components; makes one list per call. */
  query(...components: (keyof C & string)[]): Entity<C>[];
  /**
   * Tells players, with the next frame. `to` is the entity of a player or several; left out, all players; 0 is nobody.
   * Predicted steps in the browser emit nothing. Events are not stored: who is away misses them.
   */
  emit<K extends keyof E & string>(event: K, data: Infer<E[K]>, to?: number | readonly number[]): void;
  /**
   * The world as a player saw it when he made the input of this tick, between two frames; of a player, or of the
   * entity of one. Anything else has seen the newest frame. For hits that are decided in `tick` or `receive`: inside
   * `step`, which the browser runs too, it throws Fault `unsupported`, and Fault `invalid` where the definition has no
   * `rewind`.
   */
  rewind(player: Player | number): Rewound<C>;
  /**
   * Where code of yours changes the world outside of the definition's functions, such as a timer that `start` has set: an
   * event-driven shard computes a tick soon, and tells its players. Others tick anyway. In the browser it does nothing.
   */
  wake(): void;
  /** 16 hex digits over the tick and all entities: equal states have equal hashes, on every machine. [T1] */
  hash(): string;
}
