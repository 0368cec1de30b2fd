/** A world with a past, as shard.ts makes it, for tests: people with a head, and carts. */
import type { DrawMode } from '../core/component.ts';
import { c } from '../core/components.ts';
import { box, capsule, sphere } from '../core/hitbox.ts';
import { RecordType } from '../core/record-type.ts';
import type { RewindSpec } from '../core/rewind.ts';
import { planRewind } from '../core/rewind-plan.ts';
import { WorldColumns } from '../core/world-columns.ts';
import { History } from './history.ts';
import { Moment } from './moment.ts';
import type { AnyWorld } from './private-rows.ts';
import { PastWorld } from './rewound.ts';

export const TELEPORT = 4;

export const hitboxes = {
  body: capsule({ from: { x: 0, y: 0.4 }, to: { x: 0, y: 1.2 }, radius: 0.4 }),
  head: sphere({ center: { x: 0, y: 1.6 }, radius: 0.25 }),
  cart: box({ half: { x: 1, y: 0.5, z: 0.7 } }),
};

function componentsOf(draw: DrawMode) {
  return {
    position: c.vec3({ min: -64, max: 64, step: 0.01 }).teleport(TELEPORT).drawn(draw),
    yaw: c.angle({ bits: 10 }),
    kind: c.enum('person', 'cart'),
    name: c.string(),
  };
}
type Spec = RewindSpec<ReturnType<typeof componentsOf>>;

/** At 30 ticks a second, 500 ms: 15 ticks are remembered. */
export function pastOf(
  spec: Partial<Spec> = {},
  { everyTicks = 1, draw = 'linear' }: { everyTicks?: number; draw?: DrawMode } = {},
) {
  const type = new RecordType(componentsOf(draw));
  const whole: Spec = { components: ['position', 'yaw', 'kind'], ms: 500, hitboxes, ...spec };
  const plan = planRewind(whole, type, { tickRate: 30, snapshotEvery: everyTicks });
  const world = new WorldColumns<ReturnType<typeof componentsOf>, Record<never, never>>(type, {
    seed: 'a',
    stepSeed: 'b',
    maxEntities: 1000,
    emit: () => {},
  });
  const history = new History(plan, world as unknown as AnyWorld);
  const moment = new Moment(history);
  return {
    world,
    history,
    tick() {
      world.tick++;
      history.record();
    },
    at: (tick: number, own = 0) => new PastWorld(moment, history.clamp(tick), own),
  };
}
