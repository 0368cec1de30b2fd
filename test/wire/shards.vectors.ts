/**
 * The payloads of a shard channel, frames with their chunks, and records: the bits of each component.
 * Inputs and entities are those of a small definition, which docs/wire.md shows too.
 */
import type { Component, Values } from '../../shards/core/component.ts';
import { c } from '../../shards/core/components.ts';
import type { Reject, TailPart } from '../../shards/core/frames.ts';
import type { InputHeader } from '../../shards/core/input-codec.ts';
import { numberLane } from '../../shards/core/lane.ts';
import { RecordType, type Row } from '../../shards/core/record-type.ts';
import type { Json } from '../../src/base/json.ts';
import type { BinaryVector } from './vector.ts';

const inputFields = { move: c.vec2({ min: -1, max: 1, step: 0.5 }), fire: c.bool() };
const entityFields = {
  position: c.vec2({ min: -8, max: 8, step: 0.5 }),
  health: c.uint({ max: 100 }),
  name: c.string({ maxBytes: 4 }),
  shield: c.optional(c.uint({ max: 3 })),
  turn: c.quaternion({ bits: 4 }),
  mate: c.entityId(),
  key: c.uint({ max: 3 }).visibleTo('owner'),
};
export const inputType = new RecordType(inputFields);
export const entityType = new RecordType(entityFields);

export type ShardInput = Values<typeof inputFields>;
export type ShardEntity = Row<typeof entityFields>;

export type ShardPayload =
  | ({ kind: 'input'; inputs: readonly ShardInput[] } & Omit<InputHeader, 'count'>)
  | { kind: 'message'; message: Json }
  | { kind: 'resync'; stream: number | TailPart }
  | { kind: 'leave' }
  | { kind: 'events'; tick: number; events: Json[] }
  | { kind: 'reject'; inputTick: number; reject: Reject }
  | { kind: 'transfer'; shard: string; id: string; ticket: string }
  | { kind: 'spawned'; tick: number; ids: number[] };

/** What a player holds after a frame. */
export interface ShardFrame {
  readonly frame: number;
  readonly tick: number;
  readonly base: number;
  readonly newestInput: number;
  readonly waiting: number;
  readonly cells: readonly { cell: number; level: number; entities: readonly ShardEntity[] }[];
  /** Which of the entities are his own; he alone is sent their `key`. */
  readonly own: readonly number[];
}

const still = { x: 0, y: 0, z: 0, w: 1 };
/** Half a turn about y. */
const turned = { x: 0, y: 1, z: 0, w: 0 };
const ada = {
  id: 1,
  position: { x: -8, y: 8 },
  health: 100,
  name: 'Ada',
  shield: undefined,
  turn: still,
  mate: 301,
  key: 2,
};
const bob = {
  id: 301,
  position: { x: 0.5, y: 0 },
  health: 0,
  name: '',
  shield: 3,
  turn: turned,
  mate: 0,
  key: 0,
};
const far = {
  id: 9,
  position: { x: 7, y: 7 },
  health: 50,
  name: '',
  shield: undefined,
  turn: still,
  mate: 1,
  key: 0,
};

/** One player's frames, one after another. Where a number is left out, nothing changes in that frame. */
export const frames: readonly BinaryVector<ShardFrame>[] = [
  {
    name: 'frame 2 of tick 300, which begins anew with cells 43 and 44; the latter at level 1',
    value: {
      frame: 2,
      tick: 300,
      base: 0,
      newestInput: 304,
      waiting: 3,
      cells: [
        { cell: 43, level: 0, entities: [ada, bob] },
        { cell: 44, level: 1, entities: [far] },
      ],
      own: [],
    },
    hex: '31 33 00 02 ac02 09 01 00 03416461 00 02 ac01 01 2fc09a0020390077179b00110470ef0ef081789e0cee6e0400',
  },
  {
    name: 'frame 3: entity 1 moves by (0.5, -0.5)',
    value: {
      frame: 3,
      tick: 301,
      base: 2,
      newestInput: 0,
      waiting: 0,
      cells: [
        { cell: 43, level: 0, entities: [{ ...ada, position: { x: -7.5, y: 7.5 } }, bob] },
        { cell: 44, level: 1, entities: [far] },
      ],
      own: [],
    },
    hex: '31 80 00 2d03',
  },
  {
    name: 'frame 4: it moves on, and nothing else happens',
    value: {
      frame: 4,
      tick: 302,
      base: 3,
      newestInput: 290,
      waiting: 0,
      cells: [
        { cell: 43, level: 0, entities: [{ ...ada, position: { x: -7, y: 7 } }, bob] },
        { cell: 44, level: 1, entities: [far] },
      ],
      own: [],
    },
    hex: '31 80 18 00',
  },
  {
    name: 'frame 5: it stands and has turned round, its mate is 7; 301 loses its shield and is named "Bob"; 7 comes',
    value: {
      frame: 5,
      tick: 303,
      base: 4,
      newestInput: 306,
      waiting: 15,
      cells: [
        {
          cell: 43,
          level: 0,
          entities: [
            { ...ada, position: { x: -7, y: 7 }, turn: turned, mate: 7 },
            { ...far, id: 7, shield: 1 },
            { ...bob, name: 'Bob', shield: undefined },
          ],
        },
        { cell: 44, level: 1, entities: [far] },
      ],
      own: [],
    },
    hex: '31 9f 07 01 01 03426f62 03698d5cc28ce040c2f03c9971771b00',
  },
  {
    name: 'frame 8, three later: 301 is gone, cell 44 is left for cell 300, which is empty; entity 1 is his own',
    value: {
      frame: 8,
      tick: 306,
      base: 5,
      newestInput: 306,
      waiting: 0,
      cells: [
        {
          cell: 43,
          level: 0,
          entities: [
            { ...ada, position: { x: -7, y: 7 }, turn: turned, mate: 7 },
            { ...far, id: 7, shield: 1 },
          ],
        },
        { cell: 300, level: 2, entities: [] },
      ],
      own: [1],
    },
    hex: '31 60 03 03 01 01 2c 01 b209 2f402178e400de5d06e07932e3ee3600f80004',
  },
  {
    name: 'frame 9: nothing changes, but a hash is due',
    value: {
      frame: 9,
      tick: 307,
      base: 8,
      newestInput: 307,
      waiting: 0,
      cells: [
        {
          cell: 43,
          level: 0,
          entities: [
            { ...ada, position: { x: -7, y: 7 }, turn: turned, mate: 7 },
            { ...far, id: 7, shield: 1 },
          ],
        },
        { cell: 300, level: 2, entities: [] },
      ],
      own: [1],
    },
    hex: '31 80 01 c70a28',
  },
  {
    name: 'frame 10: he has no entity any more',
    value: {
      frame: 10,
      tick: 308,
      base: 9,
      newestInput: 0,
      waiting: 0,
      cells: [
        {
          cell: 43,
          level: 0,
          entities: [
            { ...ada, position: { x: -7, y: 7 }, turn: turned, mate: 7 },
            { ...far, id: 7, shield: 1 },
          ],
        },
        { cell: 300, level: 2, entities: [] },
      ],
      own: [],
    },
    hex: '31 c0 00 00',
  },
];

export const payloads: readonly BinaryVector<ShardPayload>[] = [
  {
    name: 'input: frame 300 has come; tick 303 moves by (1, -0.5), tick 304 by (0, 0) and fires',
    value: {
      kind: 'input',
      ackTick: 300,
      firstTick: 303,
      inputs: [
        { move: { x: 1, y: -0.5 }, fire: false },
        { move: { x: 0, y: 0 }, fire: true },
      ],
    },
    hex: '21 ac02 af02 02 0c29',
  },
  {
    name: 'message `{"say":"hi","to":[1,300,-5,0.5,null,true]}`',
    value: { kind: 'message', message: { say: 'hi', to: [1, 300, -5, 0.5, null, true] } },
    hex: '22 82 a3736179 a26869 a2746f 96 01 cd012c fb cb3fe0000000000000 c0 c3',
  },
  { name: 'resync of cell 0', value: { kind: 'resync', stream: 0 }, hex: '23 03' },
  {
    name: 'resync of the components for the owner',
    value: { kind: 'resync', stream: 'owner' },
    hex: '23 01',
  },
  { name: 'leave', value: { kind: 'leave' }, hex: '24' },
  {
    name: 'events of tick 300: `["hit",{"by":1}]`, `["end",null]`',
    value: {
      kind: 'events',
      tick: 300,
      events: [
        ['hit', { by: 1 }],
        ['end', null],
      ],
    },
    hex: '32 ac02 92 92 a3686974 81 a26279 01 92 a3656e64 c0',
  },
  {
    name: 'events of tick 300, one of the player\'s own step in tick 299: `["hit",{"by":1},299]`',
    value: { kind: 'events', tick: 300, events: [['hit', { by: 1 }, 299]] },
    hex: '32 ac02 91 93 a3686974 81 a26279 01 cd012b',
  },
  {
    name: 'reject tick 300, late',
    value: { kind: 'reject', inputTick: 300, reject: 'late' },
    hex: '33 ac02 01',
  },
  {
    name: 'reject tick 500, early',
    value: { kind: 'reject', inputTick: 500, reject: 'early' },
    hex: '33 f403 02',
  },
  {
    name: 'reject tick 301, duplicate',
    value: { kind: 'reject', inputTick: 301, reject: 'duplicate' },
    hex: '33 ad02 03',
  },
  {
    name: 'reject a message, too_large',
    value: { kind: 'reject', inputTick: 0, reject: 'too_large' },
    hex: '33 00 04',
  },
  {
    name: 'reject a message, rate_limited',
    value: { kind: 'reject', inputTick: 0, reject: 'rate_limited' },
    hex: '33 00 05',
  },
  {
    name: 'reject a message, invalid',
    value: { kind: 'reject', inputTick: 0, reject: 'invalid' },
    hex: '33 00 06',
  },
  {
    name: 'transfer to `arena` `a2` with the ticket `s1.x.y`',
    value: { kind: 'transfer', shard: 'arena', id: 'a2', ticket: 's1.x.y' },
    hex: '34 05 6172656e61 02 6132 06 73312e782e79',
  },
  {
    name: 'spawned in tick 300: 301, 302',
    value: { kind: 'spawned', tick: 300, ids: [301, 302] },
    hex: '35 ac02 02 ad02 ae02',
  },
];

export interface RecordVector extends BinaryVector<unknown> {
  readonly component: Component<unknown>;
}

/** By the name of each kind of component: records of it alone. */
export const records: Readonly<Record<keyof typeof c, readonly RecordVector[]>> = {
  int: [
    { name: 'int -5 of -10 to 100', component: c.int({ min: -10, max: 100 }), value: -5, hex: '05' },
    {
      name: 'int -1 of 32 bits',
      component: c.int({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      value: -1,
      hex: 'ffffff7f',
    },
  ],
  uint: [{ name: 'uint 300 of 0 to 1000', component: c.uint({ max: 1000 }), value: 300, hex: '2c01' }],
  bool: [{ name: 'bool true', component: c.bool(), value: true, hex: '01' }],
  enum: [
    {
      name: 'enum "bot" of "player", "bot", "shot"',
      component: c.enum('player', 'bot', 'shot'),
      value: 'bot',
      hex: '01',
    },
  ],
  scalar: [
    {
      name: 'scalar 0.07 of -1 to 1 by 0.01',
      component: c.scalar({ min: -1, max: 1, step: 0.01 }),
      value: 0.07,
      hex: '6b',
    },
  ],
  vec2: [
    {
      name: 'vec2 (1, -0.5) of -1 to 1 by 0.5',
      component: c.vec2({ min: -1, max: 1, step: 0.5 }),
      value: { x: 1, y: -0.5 },
      hex: '0c',
    },
  ],
  vec3: [
    {
      name: 'vec3 (-4, 0, 4) of -4 to 4 by 0.25',
      component: c.vec3({ min: -4, max: 4, step: 0.25 }),
      value: { x: -4, y: 0, z: 4 },
      hex: '000402',
    },
  ],
  angle: [
    { name: 'angle -pi / 2 of 8 bits', component: c.angle({ bits: 8 }), value: -Math.PI / 2, hex: '40' },
  ],
  quaternion: [
    {
      name: 'quaternion of 10 bits, no rotation: the chart 0, and 0 of -511 to 511 three times',
      component: c.quaternion(),
      value: { x: 0, y: 0, z: 0, w: 1 },
      hex: 'fcf7df7f',
    },
  ],
  entityId: [{ name: 'entityId 5', component: c.entityId(), value: 5, hex: '05000000' }],
  json: [
    {
      name: 'json {"a":null,"b":[1]} of up to 32 bytes',
      component: c.json({ maxBytes: 32 }),
      value: { b: [1], a: null },
      hex: 'd29e4898888e5b1d1b1b8b889888ce564c571f',
    },
    { name: 'json null of up to 32 bytes', component: c.json({ maxBytes: 32 }), value: null, hex: '00' },
  ],
  string: [
    {
      name: 'string "hé" of up to 4 bytes',
      component: c.string({ maxBytes: 4 }),
      value: 'hé',
      hex: '431b4e05',
    },
    { name: 'string "" of up to 64 bytes', component: c.string(), value: '', hex: '00' },
  ],
  struct: [
    {
      name: 'struct of uint 5 of 0 to 7 and bool true',
      component: c.struct({ power: c.uint({ max: 7 }), on: c.bool() }),
      value: { power: 5, on: true },
      hex: '0d',
    },
  ],
  optional: [
    {
      name: 'optional uint of 0 to 100, absent',
      component: c.optional(c.uint({ max: 100 })),
      value: undefined,
      hex: '00',
    },
    {
      name: 'optional uint of 0 to 100, 100',
      component: c.optional(c.uint({ max: 100 })),
      value: 100,
      hex: 'c9',
    },
  ],
};

/** An input of a definition with `rewind: { ms: 500 }` at 20 ticks a second. */
export const laggedType = new RecordType({ fire: c.bool() }, [numberLane(0, 320, 'snap')]);
export interface LaggedInput {
  readonly fire: boolean;
  readonly lag: number;
}
export const lagged: readonly BinaryVector<LaggedInput>[] = [
  {
    name: 'an input that fires; its player saw what was 3.5 ticks before the tick before it',
    value: { fire: true, lag: 112 },
    hex: 'e100',
  },
];

export const vectors = [...payloads, ...frames, ...lagged, ...Object.values(records).flat()];
