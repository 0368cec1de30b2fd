import { expect, expectTypeOf, test } from 'vitest';
import { s } from '../../src/base/shape.ts';
import type { Vec3 } from './component.ts';
import { c } from './components.ts';
import {
  type AnyShardDef,
  defineShard,
  type EntityOf,
  type EventsOf,
  type InputOf,
  type MessageOf,
  type ParamsOf,
} from './define-shard.ts';
import { DEFAULT_SHARD_LIMITS } from './limits.ts';

const minimal = {
  name: 'minimal',
  tickRate: 10,
  components: { at: c.vec3({ min: 0, max: 1, step: 0.1 }) },
  input: c.struct({ go: c.bool() }),
  authorize: () => true,
  step: () => {},
};

test('types follow from the definition', () => {
  const def = defineShard({
    name: 'typed',
    tickRate: 10,
    components: {
      at: c.vec3({ min: 0, max: 1, step: 0.1 }),
      kind: c.enum('a', 'b'),
      tag: c.optional(c.string()),
    },
    input: c.struct({ go: c.bool(), turn: c.angle({ bits: 8 }) }),
    events: { hit: s.object({ damage: s.int() }) },
    params: s.object({ map: s.string() }),
    messages: s.object({ say: s.string() }),
    authorize: (_context, params) => params.map === 'x',
    start(world, params) {
      expectTypeOf(params.map).toEqualTypeOf<string>();
      const entity = world.spawn({ kind: 'b', at: { x: 1, y: 1, z: 1 } });
      expectTypeOf(entity.at).toEqualTypeOf<Vec3>();
      // @ts-expect-error: not a word of the enum
      world.spawn({ kind: 'c' });
    },
    join: (world) => world.spawn(),
    step(world, entity, input, dtSeconds) {
      expectTypeOf(entity.kind).toEqualTypeOf<'a' | 'b'>();
      expectTypeOf(entity.tag).toEqualTypeOf<string | undefined>();
      expectTypeOf(input.go).toEqualTypeOf<boolean>();
      expectTypeOf(dtSeconds).toEqualTypeOf<number>();
      world.emit('hit', { damage: 1 });
      // @ts-expect-error: no such event
      world.emit('miss', { damage: 1 });
      // @ts-expect-error: not its data
      world.emit('hit', { damage: 'much' });
      // @ts-expect-error: an input is read only
      input.go = true;
    },
  });
  expectTypeOf<InputOf<typeof def>>().toEqualTypeOf<{ go: boolean; turn: number }>();
  expectTypeOf<ParamsOf<typeof def>>().toEqualTypeOf<{ map: string }>();
  expectTypeOf<MessageOf<typeof def>>().toEqualTypeOf<{ say: string }>();
  expectTypeOf<EventsOf<typeof def>['hit']>().toEqualTypeOf<{ damage: number }>();
  expectTypeOf<EntityOf<typeof def>['id']>().toEqualTypeOf<number>();
  expectTypeOf(def).toExtend<AnyShardDef>();
});

test('what is left out has defaults', () => {
  const def = defineShard(minimal);
  expect(def.snapshotEvery).toBe(1);
  expect(def.limits).toEqual(DEFAULT_SHARD_LIMITS);
  expect(defineShard({ ...minimal, tickRate: 60 }).limits.inputsPerSecond).toBe(120);
  expect(defineShard({ ...minimal, tickRate: 100 }).limits.inputsPerSecond).toBe(200);
  expect(def.events).toEqual({});
  expect(def.params.parse({})).toEqual({});
});

test('mistakes throw when the module loads', () => {
  const wrong = (change: object) => () => defineShard({ ...minimal, ...change });
  expect(wrong({ name: 'a/b' })).toThrow('may not be named');
  expect(wrong({ tickRate: 0.5 })).toThrow('tick rate');
  expect(wrong({ tickRate: 0, snapshotEvery: 2 })).toThrow('frame every tick');
  expect(wrong({ tickRate: 20, limits: { inputsPerSecond: 19 } })).toThrow('inputsPerSecond');
  expect(wrong({ tickRate: 0, limits: { bytesPerSecond: 1 } })).toThrow('bytesPerSecond');
  expect(wrong({ tickRate: 0, interest: { kind: 'grid', rings: [1] } })).toThrow('no rings');
  expect(wrong({ tick: async () => {} })).toThrow('may not be async');
  expect(wrong({ tickRate: 241 })).toThrow('tick rate');
  expect(wrong({ snapshotEvery: 0.5 })).toThrow('snapshot every');
  expect(wrong({ components: { id: c.bool() } })).toThrow('"id"');
  expect(wrong({ limits: { players: 0 } })).toThrow('limits.players');
  expect(wrong({ limits: { inputTicks: 256 } })).toThrow('inputTicks');
});

test('the hash is of all that both sides must agree on', () => {
  const { hash } = defineShard(minimal);
  const changed = (change: object) => defineShard({ ...minimal, ...change }).hash;
  expect(changed({ limits: { players: 3 }, step: () => undefined })).toBe(hash);
  expect(changed({ tickRate: 20 })).not.toBe(hash);
  expect(changed({ input: c.struct({ went: c.bool() }) })).not.toBe(hash);
  expect(changed({ components: { at: c.vec3({ min: 0, max: 1, step: 0.2 }) } })).not.toBe(hash);
  expect(changed({ events: { hit: s.int() } })).not.toBe(hash);
});
