/** Crowds that move in some way, as a world of columns: what the codec is measured and tuned on. */
import { c } from '../../shards/core/components.ts';
import { RecordType } from '../../shards/core/record-type.ts';
import type { Events } from '../../shards/core/world.ts';
import { WorldColumns } from '../../shards/core/world-columns.ts';

export const crowdType = new RecordType({
  position: c.vec2({ min: -2048, max: 2048, step: 0.01 }),
  yaw: c.angle({ bits: 10 }),
  health: c.uint({ max: 100 }),
  kind: c.enum('player', 'bot', 'shot'),
  name: c.string({ maxBytes: 16 }),
});
export type Crowd = WorldColumns<typeof crowdType.fields, Events>;

/** How they move: on straight lines with a turn now and then, by stick, or by keys. */
export const WALKS = ['straight', 'stick', 'keys'] as const;
export type Walk = (typeof WALKS)[number];

/** No multiple of the quanta of stick and place, as real speeds are not. */
const SPEED = 4.6;
const DT = 0.05;

/** A small generator of its own, so that runs repeat. */
export function chance(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Walkers {
  readonly world: Crowd;
  /** Moves everybody by one tick. */
  tick(): void;
}

/** `count` entities in a square of `side` meters. */
export function walkers(walk: Walk, count: number, side: number): Walkers {
  const random = chance(7);
  const world: Crowd = new WorldColumns(crowdType, {
    seed: 's',
    stepSeed: 's',
    maxEntities: count,
    emit: () => {},
  });
  const headings = new Float64Array(count);
  const drifts = new Float64Array(count);
  const going = new Uint8Array(count).fill(1);
  for (let i = 0; i < count; i++) {
    headings[i] = random() * Math.PI * 2;
    world.spawn({
      position: { x: (random() - 0.5) * side, y: (random() - 0.5) * side },
      health: 100,
      kind: 'bot',
      name: `bot ${i}`,
    });
  }
  const list = world.entities;
  const tick = () => {
    world.tick++;
    for (let i = 0; i < count; i++) {
      const entity = list[i]!;
      if (walk === 'straight') {
        if (random() < 0.05) headings[i] = random() * Math.PI * 2;
      } else if (walk === 'keys') {
        if (random() < 0.03) headings[i] = Math.floor(random() * 8) * (Math.PI / 4);
        if (random() < 0.02) going[i] = random() < 0.8 ? 1 : 0;
      } else {
        // A stick is moved for a while, then held.
        if (random() < 0.05) drifts[i] = random() < 0.5 ? 0 : (random() - 0.5) * 0.2;
        headings[i]! += drifts[i]!;
      }
      const { position } = entity;
      // The stick is quantized, as inputs are.
      const mx = Math.round(Math.cos(headings[i]!) * 50) / 50;
      const my = Math.round(Math.sin(headings[i]!) * 50) / 50;
      if (going[i] === 1) {
        position.x += mx * SPEED * DT;
        position.y += my * SPEED * DT;
        entity.yaw = headings[i]!;
      }
      if (Math.abs(position.x) > side / 2 || Math.abs(position.y) > side / 2) {
        headings[i]! += Math.PI;
        position.x = Math.max(-side / 2, Math.min(side / 2, position.x));
        position.y = Math.max(-side / 2, Math.min(side / 2, position.y));
      }
      if (random() < 0.002) entity.health = Math.floor(random() * 101);
    }
  };
  return { world, tick };
}
