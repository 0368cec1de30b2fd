/**
 * The codec alone, without sockets: bytes per visible entity and frame, and what encoding costs. Run it by
 * `node --conditions=ternion-source bench/codec/measure.ts`.
 */
import { CellStream } from '../../shards/core/cell-stream.ts';
import { ChunkEncoder } from '../../shards/core/chunk-encoder.ts';
import { chunkLayouts } from '../../shards/core/chunk-layout.ts';
import { FrameBody } from '../../shards/core/frame-body.ts';
import { FrameWriter } from '../../shards/core/frame-writer.ts';
import { KnownTexts } from '../../shards/core/known-texts.ts';
import { TextPool } from '../../shards/core/text-pool.ts';
import { crowdType, WALKS, type Walk, walkers } from './crowd.ts';

/** What the channel and the WebSocket put before a frame. */
const ENVELOPE_BYTES = 5;
const FRAMES = 300;
const WARM_UP = 60;

interface Scene {
  readonly name: string;
  readonly walk: Walk;
  readonly count: number;
  readonly side: number;
  /** Side of a cell; 0: one cell for all. */
  readonly cell: number;
  readonly radius: number;
  readonly players: number;
}

/** Time of this process alone: others may be busy on the machine. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function measure(scene: Scene): void {
  const { count, side, cell, radius } = scene;
  const { world, tick } = walkers(scene.walk, count, side);
  const layouts = chunkLayouts(crowdType.fields, count);
  const texts = new TextPool(layouts.all.placeBits);
  const encoder = new ChunkEncoder(layouts.all, { texts, lives: (id) => world.rowOf(id) !== -1 });
  const across = cell === 0 ? 1 : Math.ceil(side / cell);
  const streams = Array.from(
    { length: across * across },
    (_, n) => new CellStream(encoder, { cell: n, level: 0 }),
  );
  const writer = new FrameWriter(texts, 1);
  const body = new FrameBody();
  const players = Array.from({ length: scene.players }, (_, i) => ({
    id: 1 + Math.floor((i * count) / scene.players),
    held: new Set<number>(),
    base: { frame: 0, tick: 0 },
    known: new KnownTexts(texts),
  }));
  const all = new Int32Array(count);
  const starts = new Int32Array(across * across + 1);
  const rows = new Int32Array(count);
  const place = (row: number) => {
    const { columns } = world.table;
    const at = (lane: number) => {
      const meters = columns[lane]!.values[row]! * 0.01 + side / 2;
      return Math.max(0, Math.min(across - 1, Math.floor(meters / (cell || side))));
    };
    return at(1) * across + at(0);
  };
  let bytes = 0;
  let visible = 0;
  let frames = 0;
  let advanceMs = 0;
  let composeMs = 0;
  for (let frame = 1; frame <= FRAMES; frame++) {
    tick();
    const measured = frame > WARM_UP;
    let begin = cpuMs();
    for (let i = 0; i < count; i++) all[i] = world.rowOf(world.entities[i]!.id);
    starts.fill(0);
    for (let i = 0; i < count; i++) starts[place(all[i]!) + 1]!++;
    for (let n = 1; n < starts.length; n++) starts[n]! += starts[n - 1]!;
    const next = starts.slice();
    for (let i = 0; i < count; i++) rows[next[place(all[i]!)]!++] = all[i]!;
    const mid = cpuMs();
    for (let n = 0; n < streams.length; n++) {
      streams[n]!.advance(frame, {
        table: world.table,
        rows,
        from: starts[n]!,
        count: starts[n + 1]! - starts[n]!,
      });
    }
    if (measured) advanceMs += cpuMs() - mid;
    begin = cpuMs();
    for (const player of players) {
      const own = place(world.rowOf(player.id));
      const reach = cell === 0 ? 0 : Math.floor(radius / cell);
      const wanted: number[] = [];
      const [ox, oy] = [own % across, Math.floor(own / across)];
      for (let y = Math.max(0, oy - reach); y <= Math.min(across - 1, oy + reach); y++) {
        for (let x = Math.max(0, ox - reach); x <= Math.min(across - 1, ox + reach); x++)
          wanted.push(y * across + x);
      }
      const set = new Set(wanted);
      body.clear();
      for (const n of [...player.held].sort((a, b) => a - b)) if (!set.has(n)) body.leave(n);
      for (const n of wanted) if (!player.held.has(n)) body.enter(n, 0);
      for (const n of wanted) {
        const stream = streams[n]!;
        if (measured) visible += stream.count;
        if (!player.held.has(n)) body.say(stream.count === 0 ? undefined : stream.key());
        else body.say(stream.neededSince(player.base.frame) === 'nothing' ? undefined : stream.delta);
      }
      player.held = set;
      const places = body.places.filter((p) => player.known.add(p));
      const head = {
        frame,
        tick: frame,
        base: player.base.frame,
        baseTick: player.base.tick,
        newestInput: frame + 3,
        waiting: 2,
      };
      const out = writer.write({ head, places, body });
      player.base = { frame, tick: frame };
      if (measured) {
        frames++;
        bytes += out.to - out.from + ENVELOPE_BYTES;
      }
    }
    if (measured) composeMs += cpuMs() - begin;
  }
  const steps = FRAMES - WARM_UP;
  console.log(
    `${scene.name.padEnd(34)} ${(visible / frames).toFixed(1).padStart(6)} visible ${(bytes / frames).toFixed(0).padStart(5)} B a frame ` +
      `${(bytes / visible).toFixed(3)} B per entity; advance ${((advanceMs / steps / count) * 1e6).toFixed(0)} ns per entity, ` +
      `compose ${((composeMs / frames) * 1e3).toFixed(1)} us per player (this bench's own sets included)`,
  );
}

for (const walk of WALKS) {
  // About 80 visible in 49 cells of 1.6 each, and in 25 cells of 3.2.
  measure({
    name: `grid ${walk} 1.6 per cell`,
    walk,
    count: 2000,
    side: 1120,
    cell: 32,
    radius: 96,
    players: 50,
  });
  measure({
    name: `grid ${walk} 3.2 per cell`,
    walk,
    count: 2000,
    side: 800,
    cell: 32,
    radius: 64,
    players: 50,
  });
  measure({ name: `all visible ${walk}`, walk, count: 300, side: 200, cell: 0, radius: 0, players: 5 });
}
