/**
 * What a component is: a kind of value with its lanes and with accessors over columns, and who is sent it how often.
 * See components.ts. Immutable: `every`, `visibleTo`, `drawn` and `teleport` give another one.
 */
import { assert } from '../../src/base/assert.ts';
import type { Json } from '../../src/base/json.ts';
import type { Lane } from './lane.ts';
import type { Accessor, RowView } from './row-view.ts';
import type { Scale } from './scale.ts';
import type { ViewClass } from './table.ts';

/** Who is sent a component. */
export type Audience = 'all' | 'owner' | 'team';

/** A component is sent in every MAX_EVERY-th frame at least. */
export const MAX_EVERY = 64;

/** What a kind of component says of itself. */
export interface Kind<T> {
  /** Describes the kind; part of the definition's hash, so that two versions do not misread each other. */
  readonly json: Json;
  /** In the order of the wire; a `guard` counts from this component's first lane. */
  readonly lanes: readonly Lane[];
  /** Of a vec2 or vec3: what its quanta mean, for the grid of the interest. */
  readonly scale?: Scale | undefined;
  /** Accessors for lanes that begin at `lane`. A compound kind adds its own view to `parts`. */
  bind(lane: number, parts: ViewClass<RowView>[]): Accessor<T>;
}

/** `hermite` goes through the frames on a curve instead of from one to the next in straight lines. */
export type DrawMode = 'linear' | 'hermite' | 'snap';

/** Who is sent a component and how often, and how a browser draws it between two frames. */
interface Traits {
  readonly audience: Audience;
  readonly everyFrames: number;
  readonly drawMode: DrawMode | undefined;
  readonly teleportAt: number | undefined;
}

const PLAIN: Traits = { audience: 'all', everyFrames: 1, drawMode: undefined, teleportAt: undefined };

export class Component<T> implements Kind<T>, Traits {
  readonly json: Json;
  readonly lanes: readonly Lane[];
  readonly scale: Scale | undefined;
  readonly audience: Audience;
  readonly everyFrames: number;
  /** Left out, as its kind is. */
  readonly drawMode: DrawMode | undefined;
  readonly teleportAt: number | undefined;
  readonly #kind: Kind<T>;

  constructor(kind: Kind<T>, traits = PLAIN) {
    this.json = kind.json;
    this.lanes = kind.lanes;
    this.scale = kind.scale;
    this.audience = traits.audience;
    this.everyFrames = traits.everyFrames;
    this.drawMode = traits.drawMode;
    this.teleportAt = traits.teleportAt;
    this.#kind = kind;
  }

  bind(lane: number, parts: ViewClass<RowView>[]): Accessor<T> {
    return this.#kind.bind(lane, parts);
  }

  /**
   * The same, sent in every `frames`-th frame only: 1, 2, 4, .. 64. Between two of them it is drawn as it was last
   * moving. The owner of an entity is told all of it in every frame, for he predicts it. [T6]
   */
  every(frames: number): Component<T> {
    const sound = frames >= 1 && frames <= MAX_EVERY && Number.isInteger(Math.log2(frames));
    assert(sound, `a component every ${frames} frames: a power of two up to ${MAX_EVERY}`);
    return this.#with({ everyFrames: frames });
  }

  /**
   * The same, sent to few: the player whose entity it is, or him and those whose own entity has the same `team`. For
   * all others it is as at the beginning. [T8]
   */
  visibleTo(audience: 'owner' | 'team'): Component<T> {
    return this.#with({ audience });
  }

  /** The same, drawn in another way between two frames. Of numbers and what is made of them; angles and rotations turn. */
  drawn(drawMode: DrawMode): Component<T> {
    const text = this.lanes.some(({ textBytes }) => textBytes > 0);
    assert(!text || drawMode === 'snap', `a text is not drawn ${drawMode}`);
    return this.#with({ drawMode });
  }

  /**
   * The same, of which a change of more than `distance` between two frames, or by a correction of what was predicted,
   * is drawn at once. In the unit of a number, vec2 or vec3; without it, a 32nd of the range.
   */
  teleport(distance: number): Component<T> {
    assert(distance >= 0, `a teleport of ${distance}`);
    return this.#with({ teleportAt: distance });
  }

  #with(traits: Partial<Traits>): Component<T> {
    const { audience, everyFrames, drawMode, teleportAt } = { ...PLAIN, ...this, ...traits };
    assert(audience !== 'owner' || everyFrames === 1, 'the owner is told his own in every frame');
    return new Component(this.#kind, { audience, everyFrames, drawMode, teleportAt });
  }
}

/** A part of a component is sent and drawn as the whole is. */
export function assertPart({ audience, everyFrames, drawMode, teleportAt }: Component<unknown>): void {
  const plain = audience === 'all' && everyFrames === 1 && drawMode === undefined && teleportAt === undefined;
  assert(plain, 'every(), visibleTo(), drawn() and teleport() of a part: say them of the whole component');
}

export type Components = Readonly<Record<string, Component<unknown>>>;

/** The type of a component's value. */
export type ValueOf<K> = K extends Component<infer T> ? T : never;

/** A record of components, in real units. */
export type Values<C extends Components> = { -readonly [K in keyof C]: ValueOf<C[K]> };

/** JSON, read-only all the way down. */
export type FrozenJson = null | boolean | number | string | readonly FrozenJson[] | FrozenObject;
export interface FrozenObject {
  readonly [key: string]: FrozenJson;
}

/** Read-only all the way down. */
export type Frozen<T> = [Json] extends [T]
  ? FrozenJson
  : T extends object
    ? { readonly [K in keyof T]: Frozen<T[K]> }
    : T;

export interface Vec2 {
  x: number;
  y: number;
}

export interface Vec3 {
  x: number;
  y: number;
  z: number;
}

/** A rotation; assigned as a whole. Reading gives a length of 1, and the one of the two forms (q and -q). */
export interface Quaternion {
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly w: number;
}
