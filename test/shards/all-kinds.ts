/** One or more components of each kind with the values that may be written to them, for what all kinds must do. */
import fc from 'fast-check';
import type { Component } from '../../shards/core/component.ts';
import { c } from '../../shards/core/components.ts';
import { canonicalJson, type Json } from '../../src/base/json.ts';
import { isJson } from '../../src/base/shape.ts';

export interface KindForTests {
  readonly name: string;
  readonly component: Component<unknown>;
  readonly written: fc.Arbitrary<unknown>;
}

const BAG_BYTES = 120;

const real = fc.double({ min: -80, max: 80, noNaN: true });
const vec2 = fc.record({ x: real, y: real });
const vec3 = fc.record({ x: real, y: real, z: real });
const rotation = fc.oneof(
  fc.record({ x: real, y: real, z: real, w: real }),
  // All of the greatest number, two and four equal ones.
  fc.constantFrom(
    ...[-1, 0, 1].flatMap((x) =>
      [-1, 0, 1].flatMap((y) => [-1, 0, 1].flatMap((z) => [-1, 0, 1].map((w) => ({ x, y, z, w })))),
    ),
  ),
);
const anyId = fc.oneof(fc.nat(60), fc.nat(2 ** 31 - 1), fc.constantFrom(0, 2 ** 31 - 1));
const anyJson: fc.Arbitrary<Json> = fc
  .jsonValue({ maxDepth: 2 })
  .filter((value): value is Json => isJson(value) && Buffer.byteLength(canonicalJson(value)) <= BAG_BYTES);

const range = { min: -64, max: 64, step: 0.01 };

/** By the names of `c`. */
const one: Readonly<Record<keyof typeof c, readonly [Component<unknown>, fc.Arbitrary<unknown>][]>> = {
  int: [
    [c.int({ min: -50, max: 1000 }), fc.integer({ min: -60, max: 1100 })],
    [c.int({ min: -(2 ** 31), max: 2 ** 31 - 1 }), fc.integer()],
  ],
  uint: [
    [c.uint({ max: 3 }), fc.nat(3)],
    [c.uint({ max: 5000 }), fc.nat(5000)],
  ],
  bool: [[c.bool(), fc.boolean()]],
  enum: [[c.enum('red', 'green', 'blue'), fc.constantFrom('red', 'green', 'blue')]],
  scalar: [[c.scalar(range), real]],
  vec2: [[c.vec2(range), vec2]],
  vec3: [[c.vec3(range), vec3]],
  angle: [[c.angle({ bits: 10 }), real]],
  quaternion: [
    [c.quaternion(), rotation],
    [c.quaternion({ bits: 4 }), rotation],
    [c.quaternion({ bits: 24 }), rotation],
  ],
  entityId: [[c.entityId(), anyId]],
  string: [[c.string({ maxBytes: 12 }), fc.string({ unit: 'grapheme' })]],
  json: [[c.json({ maxBytes: BAG_BYTES }), anyJson]],
  struct: [
    [
      c.struct({ at: c.vec2(range), turn: c.quaternion(), of: c.entityId(), bag: c.json() }),
      fc.record({ at: vec2, turn: rotation, of: anyId, bag: anyJson }),
    ],
  ],
  optional: [
    [c.optional(c.uint({ max: 100 })), fc.option(fc.nat(100), { nil: undefined })],
    [
      c.optional(c.struct({ turn: c.quaternion(), name: c.string(), yaw: c.angle({ bits: 8 }) })),
      fc.option(fc.record({ turn: rotation, name: fc.string({ unit: 'grapheme' }), yaw: real }), {
        nil: undefined,
      }),
    ],
  ],
};

const plain = Object.entries(one).flatMap(([kind, list]) =>
  list.map(
    ([component, written], n): KindForTests => ({
      name: list.length === 1 ? kind : `${kind} ${n + 1}`,
      component,
      written,
    }),
  ),
);
const wrapped = plain
  .filter(({ name }) => !name.startsWith('optional'))
  .map(
    ({ name, component, written }): KindForTests => ({
      name: `optional ${name}`,
      component: c.optional(component),
      written: fc.option(written, { nil: undefined }),
    }),
  );

/** Each as it is, and each as one that may be absent. */
export const ALL_KINDS: readonly KindForTests[] = [...plain, ...wrapped];
