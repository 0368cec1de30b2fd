/**
 * Components of one number: numbers, flags, choices, angles, ids. Reading gives real units; writing rounds
 * and clamps to what the wire can say, so the simulation never holds a value that a client cannot have.
 */
import { assert } from '../../src/base/assert.ts';
import { Component, type Kind } from './component.ts';
import { idLane, numberLane } from './lane.ts';
import { ROW, type RowView, TABLE } from './row-view.ts';
import { fromQuanta, type Range, type Scale, scaleOf, toQuanta } from './scale.ts';

/** A whole number. Written fractions round; what is out of range clamps. It is drawn without steps between. */
export function int({ min, max }: { min: number; max: number }): Component<number> {
  return new Component({
    json: { int: [min, max] },
    lanes: [numberLane(min, max, 'snap')],
    bind: fixedPoint(scaleOf({ min, max, step: 1 })),
  });
}

/** A whole number from 0 on. */
export function uint(range: { max: number }): Component<number> {
  return int({ min: 0, max: range.max });
}

/** A fixed-point number. */
export function scalar(range: Range): Component<number> {
  const scale = scaleOf(range);
  return new Component({
    json: { scalar: [range.min, range.max, range.step] },
    lanes: [numberLane(scale.minQuanta, scale.maxQuanta, 'linear')],
    bind: fixedPoint(scale),
  });
}

function fixedPoint(scale: Scale): Kind<number>['bind'] {
  return (lane) => ({
    get(this: RowView) {
      return fromQuanta(scale, this[TABLE].columns[lane]!.values[this[ROW]]!);
    },
    set(this: RowView, value: number) {
      this[TABLE].columns[lane]!.values[this[ROW]] = toQuanta(scale, value);
    },
  });
}

/** An angle in radians, in [-pi, pi); written angles of any size wrap. */
export function angle(options: { bits: number }): Component<number> {
  assert(options.bits >= 1 && options.bits <= 24, `an angle of ${options.bits} bits`);
  const turn = 2 ** options.bits;
  const half = turn / 2;
  const unit = (2 * Math.PI) / turn;
  return new Component({
    json: { angle: options.bits },
    lanes: [numberLane(-half, half - 1, 'angle')],
    bind: (lane) => ({
      get(this: RowView) {
        return this[TABLE].columns[lane]!.values[this[ROW]]! * unit;
      },
      set(this: RowView, value: number) {
        const steps = Math.round(value / unit) + half;
        this[TABLE].columns[lane]!.values[this[ROW]] = (((steps % turn) + turn) % turn) - half;
      },
    }),
  });
}

export function bool(): Component<boolean> {
  return new Component({
    json: 'bool',
    lanes: [numberLane(0, 1, 'snap')],
    bind: (lane) => ({
      get(this: RowView) {
        return this[TABLE].columns[lane]!.values[this[ROW]] === 1;
      },
      set(this: RowView, value: boolean) {
        this[TABLE].columns[lane]!.values[this[ROW]] = value ? 1 : 0;
      },
    }),
  });
}

/** One of a few words; the first is the initial one. */
export function oneOf<const V extends readonly [string, ...string[]]>(...words: V): Component<V[number]> {
  assert(new Set(words).size === words.length, `the same word twice in ${words.join(', ')}`);
  return new Component<V[number]>({
    json: { enum: [...words] },
    lanes: [numberLane(0, words.length - 1, 'snap')],
    bind: (lane) => ({
      get(this: RowView): V[number] {
        return words[this[TABLE].columns[lane]!.values[this[ROW]]!]!;
      },
      set(this: RowView, value: V[number]) {
        const index = words.indexOf(value);
        assert(index >= 0, `${JSON.stringify(value)} is not one of ${words.join(', ')}`);
        this[TABLE].columns[lane]!.values[this[ROW]] = index;
      },
    }),
  });
}

/**
 * The id of an entity; 0 is none. What is no id becomes 0. It says nothing of whether that entity lives or is seen:
 * after a despawn the id stays, no other entity ever gets it, and `world.get` finds nothing.
 */
export function entityId(): Component<number> {
  const lane = idLane();
  return new Component({
    json: 'entityId',
    lanes: [lane],
    bind: (at) => ({
      get(this: RowView) {
        return this[TABLE].columns[at]!.values[this[ROW]]!;
      },
      set(this: RowView, value: number) {
        const sound = Number.isInteger(value) && value > 0 && value <= lane.max;
        this[TABLE].columns[at]!.values[this[ROW]] = sound ? value : 0;
      },
    }),
  });
}
