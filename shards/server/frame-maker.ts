/**
 * Makes the frames of a shard: the world after a tick -> grid -> the streams that somebody holds, each advanced
 * once -> a frame for each player who is ready for one. shard.ts calls `begin`, `aim` for each of them, `advance`,
 * then `frame` for each. Players with equal sights share the bytes of the body. [T2] [T8]
 */
import { ChunkEncoder } from '../core/chunk-encoder.ts';
import type { Components } from '../core/component.ts';
import type { AnyShardDef, Player } from '../core/define-shard.ts';
import { FrameBody } from '../core/frame-body.ts';
import { FrameWriter, type TailState } from '../core/frame-writer.ts';
import { TAIL_PARTS, type TailPart } from '../core/frames.ts';
import { ONE_CELL, PLACELESS, planGrid } from '../core/interest.ts';
import { TextPool } from '../core/text-pool.ts';
import type { Events } from '../core/world.ts';
import type { WorldColumns } from '../core/world-columns.ts';
import { FramePlan } from './frame-plan.ts';
import { Grid } from './grid.ts';
import type { SeeingRung, Sight } from './sight.ts';
import { Sights } from './sight.ts';
import { type Feed, Streams } from './streams.ts';
import { TailFeeds } from './tail.ts';
import type { View } from './view.ts';

/** Ticks whose time is remembered, to tell how old an acknowledged frame is. */
const REMEMBERED_TICKS = 1024;

/** What a frame says of the player's own inputs. */
export interface InputReport {
  readonly newestInput: number;
  readonly waiting: number;
}

export class FrameMaker {
  readonly texts: TextPool;
  readonly #world: WorldColumns<Components, Events>;
  readonly #grid: Grid;
  readonly #streams: Streams;
  readonly #sights: Sights;
  readonly #tails: TailFeeds;
  readonly #plan = new FramePlan();
  readonly #writer: FrameWriter;
  /** Of players whose frame nobody shares. */
  readonly #body = new FrameBody();
  readonly #places: number[] = [];
  readonly #madeMs = new Float64Array(REMEMBERED_TICKS);
  #frame = 0;

  constructor(def: AnyShardDef, world: WorldColumns<Components, Events>) {
    const { interest, layouts } = def;
    this.#world = world;
    this.texts = new TextPool(layouts.all.placeBits);
    const deps = { texts: this.texts, lives: (id: number) => world.rowOf(id) !== -1 };
    const encoders = {
      all: new ChunkEncoder(layouts.all, deps),
      owner: new ChunkEncoder(layouts.owner, deps),
      team: new ChunkEncoder(layouts.team, deps),
    };
    const plan = interest.kind === 'grid' ? planGrid(interest, def.entityType) : ONE_CELL;
    this.#grid = new Grid(plan, world.table);
    this.#streams = new Streams(encoders, this.#grid);
    this.#sights = new Sights(interest.kind === 'visibleTo' ? undefined : plan, this.#streams);
    this.#tails = new TailFeeds(def, world, this.#streams);
    this.#writer = new FrameWriter(this.texts);
  }

  /** Cells that hold entities or are seen. */
  get cells(): number {
    return this.#grid.size;
  }

  /** Streams that somebody holds. */
  get streams(): number {
    return this.#streams.size;
  }

  /** When the frame of a tick was made; of one long ago, an older time. */
  madeMs(tick: number): number {
    return this.#madeMs[tick % REMEMBERED_TICKS]!;
  }

  /** A frame is due: the world is as it shall be seen. */
  begin(nowMs: number): void {
    this.#frame++;
    this.#madeMs[this.#world.tick % REMEMBERED_TICKS] = nowMs;
    this.#grid.update(this.#world.rowsUsed);
  }

  /** Gives a player who gets this frame the streams that it needs. */
  aim(view: View, player: Player, rung: SeeingRung): void {
    const row = this.#world.rowOf(player.entityId);
    if (row !== -1) view.place = this.#grid.placeOf(row);
    const sight = this.#sights.take(view.place, rung);
    view.aim(sight, this.#tails.take(player, { row, sight }));
  }

  advance(): void {
    this.#streams.advance(this.#frame);
  }

  /** The frame of a player who was aimed; what he holds is then noted in his view. The bytes are his. */
  frame(view: View, inputs: InputReport, nowMs: number): Uint8Array {
    const { tick } = this.#world;
    const sight = view.next.sight!;
    const head = { ...inputs, frame: this.#frame, tick, base: view.frame, baseTick: view.frame === 0 ? 0 : view.tick };
    const shared = view.sight === sight && view.frame === this.#frame - 1 && view.frame > 0 && !view.marks;
    const body = (shared && this.#sharedBody(view, sight, nowMs)) || this.#ownBody(view, sight, nowMs);
    const tail = this.#tailOf(view);
    this.#places.length = 0;
    this.#note(view, body.places);
    for (const part of tail ?? []) if (typeof part === 'object') this.#note(view, part.places);
    const bytes = this.#writer.write({ head, places: this.#places, body, ...(tail && { tail }) });
    view.took(this.#frame, tick, body === sight.body ? undefined : this.#plan.marks(view, sight));
    this.release(...view.left());
    return bytes;
  }

  /** The player holds nothing any more: he waits, or has left. */
  forget(view: View): void {
    this.release(...view.reset());
  }
}
