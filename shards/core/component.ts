/** What a component is: a kind of value with its lanes and with accessors over columns. See components.ts. */
import type { Json } from '../../src/base/json.ts';
import type { Lane } from './lane.ts';
import type { Accessor, RowView } from './row-view.ts';
import type { Scale } from './scale.ts';
import type { ViewClass } from './table.ts';

/** Who is sent a component. */
export type Audience = 'all' | 'owner' | 'team';

/** A component is sent in every MAX_EVERY-th frame at least. */
export const MAX_EVERY = 64;

/** `hermite` goes through the frames on a curve instead of from one to the next in straight lines. */
export type DrawMode = 'linear' | 'hermite' | 'snap';

export interface Component<T> {
  /** Describes the kind; part of the definition's hash, so that two versions do not misread each other. */
  readonly json: Json;
  /** In the order of the wire; a `guard` counts from this component's first lane. */
  readonly lanes: readonly Lane[];
  /** Of a vec2 or vec3: what its quanta mean, for the grid of the interest. */
  readonly scale?: Scale;
  /** Who is sent it; left out, all who see the entity. `team` are those whose own entity has the same `team`. */
  readonly audience?: Audience;
  /** Sent in every 2nd, 4th, .. frame only: a power of two up to MAX_EVERY; left out, 1. */
  readonly every?: number;
  /** How it is drawn between two frames, instead of how its kind is; only what is a number or several. */
  readonly draw?: DrawMode;
  /**
   * In units of a number: a change of more than this between two frames, or by a correction, is shown at once. Left
   * out, a 32nd of the range. The browser's alone, as `draw`.
   */
  readonly teleport?: number;
  /** Accessors for lanes that begin at `lane`. A compound kind adds its own view to `parts`. */
  bind(lane: number, parts: ViewClass<RowView>[]): Accessor<T>;
}

export type Components = Readonly<Record<string, Component<unknown>>>;

/** The type of a component's value. */
export type ValueOf<K> = K extends Component<infer T> ? T : never;

/** A record of components, in real units. */
export type Values<C extends Components> = { -readonly [K in keyof C]: ValueOf<C[K]> };

export interface Vec2 {
  x: number;
  y: number;
}

export interface Vec3 {
  x: number;
  y: number;
  z: number;
}
