/** The code of docs/guides/netcode.md. */
import type { SyncEngine } from 'ternion/client';
import { c, defineShard, s } from 'ternion/shards';
import { joinShard, showOverlay } from 'ternion/shards/client';
import { useShard } from 'ternion/shards/react';

const SHOT_SPEED = 40;

export const arena = defineShard({
  name: 'arena',
  tickRate: 30,
  components: {
    kind: c.enum('player', 'shot'),
    position: c.vec2({ min: -512, max: 512, step: 0.01 }).drawn('hermite').teleport(5),
    yaw: c.angle({ bits: 10 }),
    health: c.int({ min: 0, max: 100 }).drawn('linear'),
    owner: c.entityId(),
    ticksLeft: c.uint({ max: 63 }),
  },
  input: c.struct({ move: c.vec2({ min: -1, max: 1, step: 0.02 }), fire: c.bool() }),
  events: { shot: s.object({ by: s.int() }), hit: s.object({ target: s.int() }) },
  authorize: () => true,
  join: (world) => world.spawn({ kind: 'player', health: 100 }),
  step(world, player, input, dt) {
    player.position.x += input.move.x * 5 * dt;
    player.position.y += input.move.y * 5 * dt;
    for (const shot of world.entities) {
      if (shot.kind !== 'shot' || shot.owner !== player.id) continue;
      shot.position.x += SHOT_SPEED * dt;
      if (shot.ticksLeft === 0) world.despawn(shot.id);
      else shot.ticksLeft--;
    }
    if (player.ticksLeft > 0) player.ticksLeft--;
    else if (input.fire) {
      player.ticksLeft = 6;
      world.spawn({ kind: 'shot', owner: player.id, position: player.position, ticksLeft: 45 });
      world.emit('shot', { by: player.id });
    }
  },
  tick(world) {
    for (const shot of world.entities) {
      const target = shot.kind === 'shot' ? world.entities.find((other) => isHit(other, shot)) : undefined;
      if (target) world.emit('hit', { target: target.id });
    }
  },
});

type Body = { readonly id: number; readonly kind: string; readonly position: { x: number; y: number } };

function isHit(other: Body, shot: Body & { readonly owner: number }): boolean {
  if (other.kind !== 'player' || other.id === shot.owner) return false;
  const dx = other.position.x - shot.position.x;
  const dy = other.position.y - shot.position.y;
  return dx * dx + dy * dy < 1;
}

/** Pressing the key once more takes it away. */
export function overlayKey(handle: Parameters<typeof showOverlay>[0], key: string): void {
  let hide: (() => void) | undefined;
  addEventListener('keydown', async (event) => {
    if (event.key !== key) return;
    hide?.();
    hide = hide ? undefined : await showOverlay(handle);
  });
}

interface Screen {
  readonly held: { x: number; y: number };
  readonly isFiring: boolean;
  move(id: number, x: number, y: number, yaw: number): void;
  flash(): void;
}

/** Plays until the returned function is called. */
export function play(engine: SyncEngine, screen: Screen): () => void {
  const handle = joinShard(engine, arena, { id: 'main', play: { maxDelayMs: 200, correctionMs: 120 } });
  handle.onEvent('shot', () => screen.flash());
  let running = true;
  const frame = () => {
    if (!running) return;
    handle.send({ move: screen.held, fire: screen.isFiring });
    for (const { id, position, yaw } of handle.entities) screen.move(id, position.x, position.y, yaw);
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  return () => {
    running = false;
    handle.leave();
  };
}

export function Health({ handle }: { handle: ReturnType<typeof joinShard<typeof arena>> }) {
  const health = useShard(handle, ({ me }) => me?.health);
  return <meter min={0} max={100} value={health ?? 0} />;
}
