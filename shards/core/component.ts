/** What a component is: a kind of value with its lanes and with accessors over columns. See components.ts. */
import type { Json } from '../../src/base/json.ts';
import type { Lane } from './lane.ts';
import type { Accessor, RowView } from './row-view.ts';
import type { Scale } from './scale.ts';
import type { ViewClass } from './table.ts';

export interface Component<T> {
  /** Describes the kind; part of the definition's hash, so that two versions do not misread each other. */
  readonly json: Json;
  /** In the order of the wire; a `guard` counts from this component's first lane. */
  readonly lanes: readonly Lane[];
  /** Of a vec2 or vec3: what its quanta mean, for the grid of the interest. */
  readonly scale?: Scale;
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
