/**
 * A walk over a bad link, frame by frame: what is drawn of the player and of somebody else, beside what the server
 * had. Server, link and page run in one process over a simulated clock, so a seed gives the same walk everywhere.
 * For bench/netcode.ts, which measures it, and bench/netcode-plot.ts, which shows it.
 */
import { c, cos, defineShard, sin } from 'ternion/shards';
import type { LinkQuality } from '../src/testing/link-lane.ts';
import { SimShards } from '../test/shards/sim-shards.ts';

const FRAME_MS = 1000 / 60;
/** Metres in a second, and in a second squared. */
const SPEED = 4.6;
const ACCELERATION = 26;
/** Until the page has found its place: not part of the trace. */
const SETTLE_MS = 10_000;

/** 80 ms there and back, 20 ms of jitter, and one packet in 50 that must be sent again: a stall of 200 ms and more. */
export const BAD_LINK: LinkQuality = { latencyMs: 40, jitterMs: 20, loss: 0.02 };

const street = defineShard({
  name: 'street',
  tickRate: 30,
  components: {
    kind: c.enum('walker', 'bot'),
    position: c.vec2({ min: -2048, max: 2048, step: 0.01 }).drawn('hermite').teleport(2),
    velocity: c.vec2({ min: -16, max: 16, step: 0.02 }),
  },
  input: c.struct({ move: c.vec2({ min: -1, max: 1, step: 0.02 }) }),
  authorize: () => true,
  start(world) {
    world.spawn({ kind: 'bot' });
  },
  join(world) {
    return world.spawn({ kind: 'walker' });
  },
  step(_world, walker, { move }, dt) {
    const dx = move.x * SPEED - walker.velocity.x;
    const dy = move.y * SPEED - walker.velocity.y;
    const change = Math.sqrt(dx * dx + dy * dy);
    const part = change > ACCELERATION * dt ? (ACCELERATION * dt) / change : 1;
    walker.velocity.x += dx * part;
    walker.velocity.y += dy * part;
    walker.position.x += walker.velocity.x * dt;
    walker.position.y += walker.velocity.y * dt;
  },
  tick(world, dt) {
    for (const bot of world.entities) {
      if (bot.kind !== 'bot') continue;
      const angle = world.tick / 60;
      bot.position.x += cos(angle) * SPEED * dt;
      bot.position.y += sin(angle) * SPEED * dt;
    }
  },
});

export interface Drawn {
  readonly ms: number;
  /** The ticks that are drawn of the player and of others, with fractions. */
  readonly ownTick: number;
  readonly otherTick: number;
  readonly own: Point;
  readonly other: Point;
  /** Where the server had them in these ticks. */
  readonly ownTruth: Point;
  readonly otherTruth: Point;
  readonly delayMs: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Walk {
  readonly frames: readonly Drawn[];
  readonly ticks: number;
  readonly mispredictions: number;
  /** From each change of the input to the first frame that shows it. */
  readonly keyToScreenMs: readonly number[];
}

/** Straight on, with a turn every 2 seconds and a stop at every fifth. */
function directionAt(ms: number): Point {
  const leg = Math.floor(ms / 2000);
  if (leg % 5 === 4) return { x: 0, y: 0 };
  const angle = (leg * 0.7) % (2 * Math.PI);
  return { x: Math.cos(angle), y: Math.sin(angle) };
}

export async function walk(seed: number, seconds: number, link = BAD_LINK): Promise<Walk> {
  const truth = new Map<number, Map<number, Point>>();
  const def = defineShard({
    ...street,
    tick(world, dt) {
      street.tick?.(world, dt);
      const points = new Map<number, Point>();
      for (const { id, position } of world.entities) points.set(id, { x: position.x, y: position.y });
      truth.set(world.tick, points);
    },
  });
  const sim = new SimShards({ street: def }, { start: [{ shard: 'street', id: 'one' }] }, { seed });
  await sim.instance.start?.();
  const { handle } = await sim.join(def, { userId: 'ann', ...link }, { id: 'one' });
  await sim.env.clock.advance(SETTLE_MS);
  const begin = { ...handle.stats, tick: handle.clock.tick, mispredictions: handle.stats.mispredictions };
  const seen: Omit<Drawn, 'ownTruth' | 'otherTruth'>[] = [];
  const keyToScreenMs: number[] = [];
  let held: Point = { x: 0, y: 0 };
  let pressed: { ms: number; standing: Point } | undefined;
  for (let ms = 0; ms < seconds * 1000; ms += FRAME_MS) {
    await sim.env.clock.advance(FRAME_MS);
    const move = directionAt(ms);
    const own = copy(handle.me!.position);
    if (pressed && Math.hypot(own.x - pressed.standing.x, own.y - pressed.standing.y) > 0.001) {
      keyToScreenMs.push(sim.env.clock.monotonic() - pressed.ms);
      pressed = undefined;
    }
    const other = handle.entities.find(({ kind }) => kind === 'bot')!;
    seen.push({
      ms,
      own,
      other: copy(other.position),
      ownTick: handle.clock.ownPlayhead,
      otherTick: handle.clock.playhead,
      delayMs: handle.stats.interpolationDelayMs,
    });
    if (held.x === 0 && held.y === 0 && (move.x !== 0 || move.y !== 0)) {
      pressed = { ms: sim.env.clock.monotonic(), standing: own };
    }
    held = move;
    handle.send({ move });
  }
  const ticks = handle.clock.tick - begin.tick;
  const mispredictions = handle.stats.mispredictions - begin.mispredictions;
  const me = handle.me!.id;
  const bot = handle.entities.find(({ kind }) => kind === 'bot')!.id;
  handle.leave();
  await sim.env.clock.advance(2000);
  const at = (id: number, tick: number) => between(truth, id, tick);
  const frames = seen.flatMap((frame) => {
    const ownTruth = at(me, frame.ownTick);
    const otherTruth = at(bot, frame.otherTick);
    return ownTruth && otherTruth ? [{ ...frame, ownTruth, otherTruth }] : [];
  });
  return { frames, ticks, mispredictions, keyToScreenMs };
}

function copy({ x, y }: Point): Point {
  return { x, y };
}

/** Where the server had an entity, in straight lines from tick to tick. */
function between(truth: Map<number, Map<number, Point>>, id: number, tick: number): Point | undefined {
  const a = truth.get(Math.floor(tick))?.get(id);
  const b = truth.get(Math.floor(tick) + 1)?.get(id);
  const share = tick - Math.floor(tick);
  return a && b && { x: a.x + (b.x - a.x) * share, y: a.y + (b.y - a.y) * share };
}
