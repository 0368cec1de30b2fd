/**
 * Makes the frames of a shard: the world after a tick -> grid -> the streams that somebody holds, each advanced
 * once -> a frame for each player who is ready for one. shard.ts calls `begin`, `aim` for each of them, `advance`,
 * then `frame` for each. Players with equal sights share the bytes of the body. [T2] [T8]
 */
import type { LatestSlot } from '../../src/plugin/channel.ts';
import { ChunkEncoder } from '../core/chunk-encoder.ts';
import type { Components } from '../core/component.ts';
import type { AnyShardDef } from '../core/define-shard.ts';
import { FrameBody } from '../core/frame-body.ts';
import { FrameWriter, type TailState } from '../core/frame-writer.ts';
import { ONE_CELL, planGrid } from '../core/interest.ts';
import type { Player } from '../core/player.ts';
import { TextPool } from '../core/text-pool.ts';
import type { Events } from '../core/world.ts';
import type { WorldColumns } from '../core/world-columns.ts';
import type { ShardCounts } from './counts.ts';
import { FramePlan } from './frame-plan.ts';
import { Grid } from './grid.ts';
import { isAbove, type LadderOptions, LETDOWNS } from './ladder.ts';
import { type Sight, Sights } from './sight.ts';
import { Streams } from './streams.ts';
import { Tails } from './tail.ts';
import { type Outlook, View } from './view.ts';

/** Ticks whose time is remembered, to tell how old an acknowledged frame is. */
const REMEMBERED_TICKS = 1024;

/** What a frame says of the player's own inputs. */
export interface InputReport {
  readonly newestInput: number;
  readonly waiting: number;
}

export class FrameMaker {
  readonly texts: TextPool;
  readonly #def: AnyShardDef;
  readonly #counts: ShardCounts;
  readonly #world: WorldColumns<Components, Events>;
  readonly #grid: Grid;
  readonly #streams: Streams;
  readonly #sights: Sights;
  readonly #tails: Tails;
  readonly #plan = new FramePlan();
  readonly #writer: FrameWriter;
  /** Of players whose frame nobody shares. */
  readonly #body = new FrameBody();
  /** Scratch: texts to tell of, and what is said of the tail. */
  readonly #places: number[] = [];
  readonly #tail: TailState[] = [];
  readonly #madeMs = new Float64Array(REMEMBERED_TICKS);
  #frame = 0;
  #views = 0;

  constructor(def: AnyShardDef, world: WorldColumns<Components, Events>, counts: ShardCounts) {
    this.#def = def;
    this.#counts = counts;
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
    this.#tails = new Tails(def, world, this.#streams);
    this.#writer = new FrameWriter(this.texts, def.snapshotEvery);
  }

  /** Cells that hold entities or are seen. */
  get cells(): number {
    return this.#grid.size;
  }

  /** Streams that somebody holds. */
  get streams(): number {
    return this.#streams.size;
  }

  /** What a player who has just come is sent, from the next frame on. */
  view(latest: LatestSlot, ladder: LadderOptions, nowMs: number): View {
    const { bytesPerSecond } = this.#def.limits;
    // One of long ago has an older time: the player seems later than he is.
    const madeMs = (tick: number) => this.#madeMs[tick % REMEMBERED_TICKS]!;
    const deps = { number: ++this.#views, latest, texts: this.texts, madeMs };
    return new View(deps, { ladder, bytesPerSecond }, { tick: this.#world.tick, nowMs });
  }

  /** A frame is due: the world is as it shall be seen. */
  begin(nowMs: number): void {
    this.#frame++;
    this.#madeMs[this.#world.tick % REMEMBERED_TICKS] = nowMs;
    this.#grid.update(this.#world.rowsUsed);
  }

  /** Gives a player who is ready for this frame the streams that it needs. False: it is not made for him. */
  aim(view: View, player: Player, nowMs: number): boolean {
    const before = view.ladder.rung;
    const rung = view.rung(nowMs);
    const letdown = LETDOWNS[rung];
    if (rung !== before && letdown && !isAbove(rung, before)) this.#counts[letdown]++;
    const unseen = rung === 'waiting' || rung === 'closed';
    if (unseen) this.forget(view);
    if (unseen || !view.ready(nowMs)) {
      this.#counts.framesSkipped++;
      return false;
    }
    const row = this.#world.rowOf(player.entityId);
    if (row !== -1) view.place = this.#grid.placeOf(row);
    // Where frames come with events, the next one may be long in coming: nothing waits for it.
    const sight = this.#sights.take(view.place, this.#def.eventDriven ? 'all' : rung);
    view.next = { sight, tail: this.#tails.take({ player, view: view.number, row, sight }) };
    return true;
  }

  /** The streams that have a step make it, once for all who hold them. */
  advance(): void {
    this.#streams.advance(this.#frame);
  }

  /** Makes and puts the frame of a player who was aimed. */
  put(view: View, inputs: InputReport, nowMs: number): void {
    const { tick } = this.#world;
    const { sight } = view.next!;
    const base = view.frame;
    const head = { ...inputs, frame: this.#frame, tick, base, baseTick: base === 0 ? 0 : view.tick };
    const shared = this.#sharedBody(view, sight);
    const body = shared ?? this.#ownBody(view, sight);
    const marks = shared ? undefined : this.#plan.marks(view, sight);
    const tail = this.#tailOf(view);
    this.#places.length = 0;
    this.#note(view, body.places);
    for (const part of tail ?? []) if (typeof part === 'object') this.#note(view, part.places);
    const bytes = this.#writer.write({ head, places: this.#places, body, ...(tail && { tail }) });
    const before = view.outlook;
    view.put(bytes, { frame: this.#frame, tick, marks }, nowMs);
    this.#drop(before);
    this.#counts.framesSent++;
  }

  /** The player begins anew, or has left: he holds nothing any more. */
  forget(view: View): void {
    const { outlook } = view;
    view.forget();
    this.#drop(outlook);
  }

  /** The body of those who had all of their sight in the frame before; undefined for who is not one of them. */
  #sharedBody(view: View, sight: Sight): FrameBody | undefined {
    if (view.outlook?.sight !== sight || view.frame !== this.#frame - 1 || view.marks) return undefined;
    if (sight.bodyFrame !== this.#frame) {
      sight.body ??= new FrameBody();
      sight.bodyFrame = this.#frame;
      this.#plan.decide(view, sight, this.#frame);
      this.#plan.write(sight.body, view, sight);
    }
    return view.budget && sight.body!.bits.byteLength > view.budget.left ? undefined : sight.body;
  }

  #ownBody(view: View, sight: Sight): FrameBody {
    this.#plan.decide(view, sight, this.#frame);
    if (view.budget) this.#plan.trim(sight, view.budget);
    this.#plan.write(this.#body, view, sight);
    return this.#body;
  }

  /** What is said of the tail; undefined when there is nothing new. */
  #tailOf(view: View): readonly TailState[] | undefined {
    const held = view.frame === 0 ? undefined : view.outlook?.tail;
    let news = false;
    for (const [part, feed] of view.next!.tail.entries()) {
      const before = held?.[part];
      let state: TailState = 'none';
      if (feed && (feed !== before || view.staleTail[part])) state = feed.stream.key();
      else if (feed) {
        const need = feed.stream.neededSince(view.frame);
        state = need === 'nothing' ? 'quiet' : need === 'delta' ? feed.stream.delta : feed.stream.key();
      }
      this.#tail[part] = state;
      news ||= feed ? state !== 'quiet' : before !== undefined;
    }
    return news ? this.#tail : undefined;
  }

  /** Adds the texts that he has yet to be told of. */
  #note(view: View, places: readonly number[]): void {
    for (const place of places) if (view.texts.add(place)) this.#places.push(place);
  }

  #drop(outlook: Outlook | undefined): void {
    if (!outlook) return;
    this.#tails.drop(outlook.tail);
    this.#sights.drop(outlook.sight);
  }
}
