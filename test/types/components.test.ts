/** The types of components, rows and worlds. Nothing here runs but the imports. */
import {
  c,
  defineShard,
  type EntityOf,
  type FrozenJson,
  type InputOf,
  type Quaternion,
  s,
  type Vec2,
  type Vec3,
  type WorldOf,
} from 'ternion/shards';
import type { EntityView } from 'ternion/shards/client';
import { expect, expectTypeOf, test } from 'vitest';

const range = { min: 0, max: 1, step: 0.1 };
const arena = defineShard({
  name: 'arena',
  tickRate: 20,
  components: {
    health: c.int({ min: 0, max: 100 }),
    ammo: c.uint({ max: 9 }).visibleTo('owner'),
    alive: c.bool().every(4),
    kind: c.enum('player', 'shot'),
    speed: c.scalar(range),
    at: c.vec2(range).every(2).visibleTo('team'),
    position: c.vec3(range),
    yaw: c.angle({ bits: 8 }),
    rotation: c.quaternion().every(2),
    target: c.entityId(),
    name: c.string(),
    bag: c.json<{ items: string[] }>(),
    any: c.json(),
    team: c.optional(c.uint({ max: 3 })),
    motion: c.struct({ spin: c.vec3(range), on: c.bool() }),
  },
  input: c.struct({ move: c.vec2(range), fire: c.bool() }),
  events: { hit: s.object({ target: s.int() }) },
  authorize: () => true,
  step() {},
});
type Entity = EntityOf<typeof arena>;
type World = WorldOf<typeof arena>;

interface Fields {
  health: number;
  ammo: number;
  alive: boolean;
  kind: 'player' | 'shot';
  speed: number;
  at: Vec2;
  position: Vec3;
  yaw: number;
  rotation: Quaternion;
  target: number;
  name: string;
  bag: { readonly items: readonly string[] } | null;
  any: FrozenJson;
  team: number | undefined;
  motion: { spin: Vec3; on: boolean };
}

test('an entity has the fields of its components, and the id', () => {
  expectTypeOf<keyof Entity>().toEqualTypeOf<keyof Fields | 'id'>();
  expectTypeOf<Omit<Entity, 'id'>>().toEqualTypeOf<Fields>();
  expectTypeOf<Pick<Entity, 'id'>>().toEqualTypeOf<{ readonly id: number }>();
  expectTypeOf<InputOf<typeof arena>>().toEqualTypeOf<{ move: Vec2; fire: boolean }>();
  expectTypeOf<ReturnType<World['get']>>().toEqualTypeOf<Entity | undefined>();
  expectTypeOf<Parameters<World['spawn']>[0]>().toEqualTypeOf<Partial<Fields> | undefined>();
  expectTypeOf<EntityView<typeof arena>['position']>().toEqualTypeOf<Readonly<Vec3>>();
  expect(arena.name).toBe('arena');
});

const wrong = (world: World, entity: Entity, view: EntityView<typeof arena>) => {
  // @ts-expect-error: the id is the world's
  entity.id = 5;
  // @ts-expect-error: no such word
  entity.kind = 'bot';
  // @ts-expect-error: a text is no number
  entity.health = '5';
  // @ts-expect-error: assigned as a whole
  entity.rotation.x = 1;
  // @ts-expect-error: w is missing
  entity.rotation = { x: 0, y: 0, z: 0 };
  // @ts-expect-error: z is missing
  entity.position = { x: 0, y: 0 };
  // @ts-expect-error: an id, not the entity
  entity.target = entity;
  // @ts-expect-error: what is read of JSON is frozen
  entity.bag?.items.push('rope');
  // @ts-expect-error: other JSON than was declared
  entity.bag = { things: [] };
  // @ts-expect-error: no JSON
  entity.any = () => 1;
  // @ts-expect-error: may be absent
  entity.team.toFixed();
  // @ts-expect-error: always there
  entity.speed = undefined;
  // @ts-expect-error: no such component
  world.spawn({ mana: 5 });
  // @ts-expect-error: no such component
  world.query('mana');
  // @ts-expect-error: what is drawn is not written
  view.position.x = 5;
  // @ts-expect-error: what is drawn is not written
  view.health = 5;
};

const wrongDeclarations = () => {
  // @ts-expect-error: all others need not be named
  c.bool().visibleTo('all');
  // @ts-expect-error: nobody of that name
  c.bool().visibleTo('friends');
  // @ts-expect-error: a number of frames
  c.bool().every('4');
  // @ts-expect-error: no range
  c.scalar({ min: 0, max: 1 });
  // @ts-expect-error: no words
  c.enum();
  // @ts-expect-error: a date is no JSON
  c.json<{ at: Date }>();
  defineShard({
    name: 'x',
    tickRate: 1,
    components: {},
    // @ts-expect-error: an input is not sent to anybody
    input: c.struct({ on: c.bool() }).visibleTo('owner'),
    authorize: () => true,
    step() {},
  });
};

test('wrong uses are errors of types', () => {
  expect([wrong, wrongDeclarations].map((uses) => typeof uses)).toEqual(['function', 'function']);
});
