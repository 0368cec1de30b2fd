/**
 * Components of several lanes. Reading one gives a view that writes through (`entity.position.x += 1`),
 * the same object each time; assigning copies field by field.
 */
import { assert } from '../../src/base/assert.ts';
import { compileView } from './compile-view.ts';
import {
  assertPart,
  Component,
  type Components,
  type Kind,
  type Values,
  type Vec2,
  type Vec3,
} from './component.ts';
import { type Lane, numberLane } from './lane.ts';
import { type Accessor, PARTS, ROW, type RowView, TABLE } from './row-view.ts';
import { scalar } from './scalar-components.ts';
import { type Range, scaleOf, toQuanta } from './scale.ts';

/** Two fixed-point numbers of the same range. */
export function vec2(range: Range): Component<Vec2> {
  const scale = scaleOf(range);
  const axis = scalar(range);
  return new Component({
    json: { vec2: axis.json },
    scale,
    lanes: [...axis.lanes, ...axis.lanes],
    bind: (lane, parts) => {
      const part = parts.push(compileView({ x: axis, y: axis }, lane)) - 1;
      return {
        get: partOf<Vec2>(part),
        set(this: RowView, value: Vec2) {
          const { columns } = this[TABLE];
          columns[lane]!.values[this[ROW]] = toQuanta(scale, value.x);
          columns[lane + 1]!.values[this[ROW]] = toQuanta(scale, value.y);
        },
      };
    },
  });
}

/** Three fixed-point numbers of the same range. */
export function vec3(range: Range): Component<Vec3> {
  const scale = scaleOf(range);
  const axis = scalar(range);
  return new Component({
    json: { vec3: axis.json },
    scale,
    lanes: [...axis.lanes, ...axis.lanes, ...axis.lanes],
    bind: (lane, parts) => {
      const part = parts.push(compileView({ x: axis, y: axis, z: axis }, lane)) - 1;
      return {
        get: partOf<Vec3>(part),
        set(this: RowView, value: Vec3) {
          const { columns } = this[TABLE];
          columns[lane]!.values[this[ROW]] = toQuanta(scale, value.x);
          columns[lane + 1]!.values[this[ROW]] = toQuanta(scale, value.y);
          columns[lane + 2]!.values[this[ROW]] = toQuanta(scale, value.z);
        },
      };
    },
  });
}

/** Several components under one name; also the form of a shard's input. */
export function struct<F extends Components>(fields: F): Struct<F> {
  return new Struct(fields);
}

export class Struct<F extends Components> extends Component<Values<F>> {
  readonly fields: F;

  constructor(fields: F) {
    for (const field of Object.values(fields)) assertPart(field);
    super(structKind(fields));
    this.fields = fields;
  }
}

function structKind<F extends Components>(fields: F): Kind<Values<F>> {
  const names = Object.keys(fields);
  return {
    json: Object.entries(fields).map(([name, field]) => [name, field.json]),
    lanes: joinLanes(Object.values(fields)),
    bind: (lane, parts) => {
      const part = parts.push(compileView(fields, lane)) - 1;
      return {
        get: partOf<Values<F>>(part),
        set(this: RowView, value: Values<F>) {
          const view = this[PARTS][part]! as unknown as Values<F>;
          for (const name of names as (keyof F)[]) view[name] = value[name];
        },
      };
    },
  };
}

/** A component that not every entity has: `undefined` when absent. Costs one bit where it is absent. */
export function optional<T>(inner: Component<T>): Component<T | undefined> {
  assertPart(inner);
  assert(
    inner.lanes.every((lane) => lane.guard === -1),
    'an optional component inside an optional one',
  );
  const lanes = [numberLane(0, 1, 'snap'), ...inner.lanes.map((lane): Lane => ({ ...lane, guard: 0 }))];
  return new Component({
    json: { optional: inner.json },
    scale: inner.scale,
    lanes,
    bind: (guard, parts) => {
      const accessor: Accessor<T> = inner.bind(guard + 1, parts);
      return {
        get(this: RowView): T | undefined {
          return this[TABLE].columns[guard]!.values[this[ROW]] === 1 ? accessor.get.call(this) : undefined;
        },
        set(this: RowView, value: T | undefined) {
          this[TABLE].columns[guard]!.values[this[ROW]] = value === undefined ? 0 : 1;
          if (value !== undefined) return accessor.set.call(this, value);
          // Absent components hold their initial values, so that equal states have equal columns.
          for (let i = 1; i < lanes.length; i++) this[TABLE].resetLane(guard + i, this[ROW]);
        },
      };
    },
  });
}

/** The lanes of components one after another, each guard counted from the first of all. */
export function joinLanes(components: readonly Component<unknown>[]): Lane[] {
  const lanes: Lane[] = [];
  for (const component of components) {
    const first = lanes.length;
    for (const lane of component.lanes) {
      lanes.push(lane.guard === -1 ? lane : { ...lane, guard: first + lane.guard });
    }
  }
  return lanes;
}

function partOf<T>(part: number): Accessor<T>['get'] {
  return function (this: RowView): T {
    return this[PARTS][part]! as unknown as T;
  };
}
