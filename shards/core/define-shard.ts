/**
 * A shard's definition: what its entities and inputs are made of and how they move. One file of the app,
 * imported by server and browser alike, compiled once.
 */
import { assert } from '../../src/base/assert.ts';
import { fnv1a64 } from '../../src/base/hash.ts';
import { canonicalJson, type Json } from '../../src/base/json.ts';
import { type Infer, type Shape, s } from '../../src/base/shape.ts';
import { type ChunkLayouts, chunkLayouts } from './chunk-layout.ts';
import type { Components, Values } from './component.ts';
import type { Struct } from './compound-components.ts';
import { everyone, type Interest, planGrid } from './interest.ts';
import { DEFAULT_SHARD_LIMITS, resolveLimits, type ShardLimits } from './limits.ts';
import type { Player } from './player.ts';
import { RecordType } from './record-type.ts';
import type { RewindSpec } from './rewind.ts';
import { planRewind, type RewindPlan } from './rewind-plan.ts';
import { resolveSpectating, type Spectating } from './spectating.ts';
import type { Entity, Events, World } from './world.ts';

/** What `authorize` decides on. */
export interface JoinContext {
  readonly auth: {
    readonly userId: string | null;
    readonly kind: 'anonymous' | 'guest' | 'user';
    readonly roles: readonly string[];
    readonly name: string | null;
  };
  /** The id of the shard within its kind. */
  readonly shardId: string;
  /** He wants to look, and not to play. */
  readonly spectates: boolean;
  /** What his ticket says; null without one. Its maker, who is the server, has decided that he may come. */
  readonly ticket: { readonly role: 'player' | 'spectator'; readonly data: Json | undefined } | null;
}

export interface ShardSpec<C extends Components, I extends Components, E extends Events, P, M> {
  /** Letters, digits, `-`, `_`. */
  readonly name: string;
  /**
   * Ticks in a second, 1 to 240. 0: the shard is event-driven. It computes a tick when an input or a message
   * came, when a player came or left, and otherwise rests; every tick has a frame, `step` runs once for each
   * input and not without one, nothing is predicted, and `dtSeconds` is the time since the last tick.
   */
  readonly tickRate: number;
  /** A frame every so many ticks; default 1, and always 1 when event-driven. */
  readonly snapshotEvery?: number;
  readonly components: C;
  readonly input: Struct<I>;
  /** What `world.emit` may say. */
  readonly events?: E;
  /** What a shard is created with. */
  readonly params?: Shape<P>;
  /** What clients may send beside inputs (`handle.message`). */
  readonly messages?: Shape<M>;
  /** What a player may see; default `everyone()`. */
  readonly interest?: Interest<NoInfer<C>>;
  readonly limits?: Partial<ShardLimits>;
  /** Remembers the last frames, so that hits are judged by what the player saw: `world.rewind`. */
  readonly rewind?: RewindSpec<NoInfer<C>>;
  /** `required`: nobody takes a seat without a ticket of the server's (`ctx.shards.ticket`). Default `optional`. */
  readonly tickets?: 'required' | 'optional';
  /** Lets others look, later. Left out: nobody. */
  readonly spectate?: Spectating<NoInfer<C>> | undefined;
  /** What the lobby shows of a shard; asked on the main thread, so of its world it knows nothing. */
  summary?(shard: { readonly id: string; readonly params: P; readonly players: readonly Player[] }): Json;
  /** Asked at each join and when the viewer changes; anything but true refuses. */
  authorize(context: JoinContext, params: P): boolean | Promise<boolean>;
  /** The shard begins. */
  start?(world: World<C, E>, params: P): void;
  /**
   * The world was saved by another version of this definition. Components of the same name and kind are as they were,
   * all others hold their initial values.
   */
  migrate?(world: World<C, E>, params: P): void;
  /** A player comes; returns his entity, or nothing for a spectator. Left out: an entity of initial values. */
  join?(world: World<C, E>, player: Player): Entity<C> | undefined;
  /** He left, or did not return within the grace time. His entity is despawned afterwards if it still lives. */
  leave?(world: World<C, E>, player: Player): void;
  /** A message came; runs at the beginning of the next tick. */
  receive?(world: World<C, E>, player: Player, message: M): void;
  /**
   * Server code asks (`ref.ask` of the directory), between two ticks; it may change the world, too. A Fault that
   * this throws is the asker's.
   */
  answer?(world: World<C, E>, question: Json): Json;
  /**
   * Moves a player's entity by one tick. The browser predicts with this very function, so it may depend on
   * nothing but its arguments: use `sin` and `cos` of `ternion/shards`, `Math.sqrt`, and + - * /, which
   * agree to the last bit everywhere; not `Math.sin`, `Date`, or variables of its own. [T6] `input` is valid during
   * the call.
   */
  step(world: World<C, E>, entity: Entity<C>, input: Readonly<Values<I>>, dtSeconds: number): void;
  /** Everything else, after all steps; on the server only. */
  tick?(world: World<C, E>, dtSeconds: number): void;
}

/** A definition, checked and compiled. */
export interface ShardDef<C extends Components, I extends Components, E extends Events, P, M>
  extends ShardSpec<C, I, E, P, M> {
  readonly snapshotEvery: number;
  /** Whether ticks come with events instead of time: `tickRate` is 0. */
  readonly eventDriven: boolean;
  readonly events: E;
  readonly params: Shape<P>;
  readonly interest: Interest<C>;
  readonly limits: ShardLimits;
  readonly entityType: RecordType<C>;
  /** With a rewind, it has a lane behind the fields: see RewindPlan. */
  readonly inputType: RecordType<I>;
  readonly rewindPlan: RewindPlan | undefined;
  readonly spectate: Required<Spectating<C>> | undefined;
  /** What is sent of the entities to whom. */
  readonly layouts: ChunkLayouts;
  /** Of all that both sides must agree on to read each other's bytes. */
  readonly hash: string;
}

/** Any definition, for code that works with all of them. */
export type AnyShardDef = ShardDef<Components, Components, Events, unknown, unknown>;

export type WorldOf<D> =
  D extends ShardDef<infer C, infer _I, infer E, infer _P, infer _M> ? World<C, E> : never;
export type EntityOf<D> =
  D extends ShardDef<infer C, infer _I, infer _E, infer _P, infer _M> ? Entity<C> : never;
export type InputOf<D> =
  D extends ShardDef<infer _C, infer I, infer _E, infer _P, infer _M> ? Values<I> : never;
export type EventsOf<D> =
  D extends ShardDef<infer _C, infer _I, infer E, infer _P, infer _M>
    ? { [K in keyof E]: Infer<E[K]> }
    : never;
export type ParamsOf<D> = D extends ShardDef<infer _C, infer _I, infer _E, infer P, infer _M> ? P : never;
export type MessageOf<D> = D extends ShardDef<infer _C, infer _I, infer _E, infer _P, infer M> ? M : never;

/** What these throw stops the shard alone; a promise of theirs would fail behind its back. [T3] */
const SYNCHRONOUS = ['start', 'migrate', 'join', 'leave', 'receive', 'answer', 'step', 'tick'] as const;
const AsyncFunction = (async () => {}).constructor;

const NAME = /^[\w-]{1,64}$/;

/** Checks and compiles a definition. Mistakes throw here, when the module loads. */
export function defineShard<
  C extends Components,
  I extends Components,
  E extends Events = Record<never, never>,
  P = Record<never, never>,
  M = never,
>(spec: ShardSpec<C, I, E, P, M>): ShardDef<C, I, E, P, M> {
  const { name, tickRate, snapshotEvery = 1, components, input } = spec;
  assert(NAME.test(name), `a shard may not be named ${JSON.stringify(name)}`);
  const eventDriven = tickRate === 0;
  assert(eventDriven || (tickRate >= 1 && tickRate <= 240), `a tick rate of ${tickRate}`);
  if (eventDriven) checkEventDriven(spec);
  assert(Number.isInteger(snapshotEvery) && snapshotEvery >= 1, `a snapshot every ${snapshotEvery} ticks`);
  const interned = input.lanes.some(({ content }) => content === 'json');
  assert(!interned, 'JSON in inputs: send it in a message');
  assert(!Object.hasOwn(components, 'id'), 'the component name "id" is taken by the entity itself');
  const events = spec.events ?? ({} as E);
  // A client sends a frame each tick, and a few more while it hurries.
  const inputsPerSecond = Math.max(DEFAULT_SHARD_LIMITS.inputsPerSecond, tickRate * 2);
  const limits = resolveLimits({ inputsPerSecond, ...spec.limits });
  assert(limits.inputsPerSecond >= tickRate, `limits.inputsPerSecond below ${tickRate} ticks a second`);
  const { interest = everyone() } = spec;
  const entityType = new RecordType(components);
  if (interest.kind === 'grid') planGrid(interest, entityType);
  if (Object.values(components).some(({ audience }) => audience === 'team')) checkTeam(components);
  const rewindPlan = spec.rewind && planRewind(spec.rewind, entityType, { tickRate, snapshotEvery });
  const hash = fnv1a64(
    canonicalJson({
      name,
      tickRate,
      components: Object.entries(components).map(([key, { json, audience, everyFrames }]) => [
        key,
        json,
        audience,
        everyFrames,
      ]),
      entities: limits.entities,
      input: input.json,
      ...(rewindPlan && { maxLag: rewindPlan.maxLag }),
      events: Object.fromEntries(Object.entries(events).map(([key, event]) => [key, event.json])),
    }),
  );
  for (const name of SYNCHRONOUS) {
    assert(
      !(spec[name] instanceof AsyncFunction),
      `${name} of ${spec.name} may not be async: ticks wait for nothing`,
    );
  }
  return {
    ...spec,
    snapshotEvery,
    spectate: spec.spectate && resolveSpectating<C>(spec.spectate, interest),
    eventDriven,
    events,
    // Without a shape of its own, a shard takes no params: an empty object is all that this one lets through.
    params: spec.params ?? (s.object({}) as unknown as Shape<P>),
    limits,
    layouts: chunkLayouts(components, limits.entities),
    interest,
    entityType,
    inputType: new RecordType(input.fields, rewindPlan && [rewindPlan.lagLane]),
    rewindPlan,
    hash,
  };
}

/** Who is of one team is told by the component `team`: one number, or none. */
function checkTeam({ team }: Components): void {
  const lanes = team?.lanes ?? [];
  const one = lanes.length === 1 || (lanes.length === 2 && lanes[1]!.guard === 0);
  const sound = one && lanes.every(({ textBytes }) => textBytes === 0) && team?.audience === 'all';
  assert(sound, 'components for teams need a component "team" of one number, sent to all');
}

/** A frame may be the last one for long: nothing can be left for the next. */
function checkEventDriven({
  snapshotEvery = 1,
  interest,
  limits,
}: Pick<
  ShardSpec<Components, Components, Events, unknown, unknown>,
  'snapshotEvery' | 'interest' | 'limits'
>): void {
  assert(snapshotEvery === 1, 'an event-driven shard has a frame every tick');
  assert(interest?.kind !== 'grid' || !interest.rings, 'an event-driven shard has no rings');
  assert(!limits?.bytesPerSecond, 'an event-driven shard has no limits.bytesPerSecond');
}

/** For what a module exports. */
export function isShardDef(value: unknown): value is AnyShardDef {
  return (
    typeof value === 'object' &&
    value !== null &&
    'entityType' in value &&
    value.entityType instanceof RecordType
  );
}
