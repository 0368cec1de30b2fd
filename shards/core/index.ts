/** `ternion/shards`: definitions, for server and browser alike. */
export { type Infer, type Shape, s } from '../../src/base/shape.ts';
export type { Chance } from './chance.ts';
export type {
  Component,
  Components,
  Frozen,
  FrozenJson,
  FrozenObject,
  Quaternion,
  ValueOf,
  Values,
  Vec2,
  Vec3,
} from './component.ts';
export { c } from './components.ts';
export type { Struct } from './compound-components.ts';
export {
  type AnyShardDef,
  defineShard,
  type EntityOf,
  type EventsOf,
  type InputOf,
  type JoinContext,
  type MessageOf,
  type ParamsOf,
  type ShardDef,
  type ShardSpec,
  type WorldOf,
} from './define-shard.ts';
export {
  type Box,
  box,
  type Capsule,
  capsule,
  type Hitbox,
  type Point,
  type Sphere,
  sphere,
} from './hitbox.ts';
export {
  type Everyone,
  everyone,
  type GridInterest,
  type GridOptions,
  grid,
  type Interest,
  type VisibleTo,
  visibleTo,
} from './interest.ts';
export { DEFAULT_SHARD_LIMITS, type ShardLimits } from './limits.ts';
export type { Player } from './player.ts';
export type { RayHit, RayOptions, RewindSpec, Rewound } from './rewind.ts';
export { cos, sin } from './trig.ts';
export type { Entity, Events, SpawnValues, World } from './world.ts';
