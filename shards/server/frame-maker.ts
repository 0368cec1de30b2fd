/**
 * Makes the frames of a shard: the world after a tick -> grid -> the streams that somebody holds, each advanced
 * once -> a frame for each player who is ready for one. Players with equal sights share the bytes of the body, and
 * a player for whom nothing changes costs no memory but that of his frame. Called by shard.ts. [T2] [T8]
 */
import type { LatestSlot } from '../../src/plugin/channel.ts';
import { ChunkEncoder } from '../core/chunk-encoder.ts';
import type { Components } from '../core/component.ts';
import type { AnyShardDef } from '../core/define-shard.ts';
import { FrameBody } from '../core/frame-body.ts';
import { type FrameHeader, MAX_BACK } from '../core/frame-header.ts';
import { type FrameParts, FrameWriter, type TailState } from '../core/frame-writer.ts';
import { ONE_CELL, planGrid } from '../core/interest.ts';
import type { Player } from '../core/player.ts';
import { TextPool } from '../core/text-pool.ts';
import type { Events } from '../core/world.ts';
import type { WorldColumns } from '../core/world-columns.ts';
import type { ShardCounts } from './counts.ts';
import { FramePlan } from './frame-plan.ts';
import { Grid } from './grid.ts';
import { isAbove, type LadderOptions, LETDOWNS, type Rung } from './ladder.ts';
import type { Seat } from './seat.ts';
import { type SeeingRung, type Sight, Sights } from './sight.ts';
import { Streams } from './streams.ts';
import { Tails } from './tail.ts';
import { type Outlook, View } from './view.ts';

/** Ticks whose time is remembered, to tell how old an acknowledged frame is. */
const REMEMBERED_TICKS = 1024;

interface Parts extends FrameParts {
  readonly head: { -readonly [K in keyof FrameHeader]: FrameHeader[K] };
  readonly places: number[];
  body: FrameBody;
  tail: readonly TailState[] | undefined;
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
  /** The frame that is being written, and its tail: filled for each player anew, so nothing is allocated. */
  readonly #parts: Parts;
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
    const head = { frame: 0, tick: 0, base: 0, baseTick: 0, newestInput: 0, waiting: 0 };
    this.#parts = { head, places: [], body: this.#body, tail: undefined };
  }

  /** What a player who has just come is sent, from the next frame on. */
  view(latest: LatestSlot, ladder: LadderOptions, nowMs: number): View {
    const { bytesPerSecond } = this.#def.limits;
    // One of long ago has an older time: the player seems later than he is.
    const madeMs = (tick: number) => this.#madeMs[tick % REMEMBERED_TICKS]!;
    const deps = { number: ++this.#views, latest, texts: this.texts, madeMs };
    return new View(deps, { ladder, bytesPerSecond }, { tick: this.#world.tick, nowMs });
  }

  /** A frame is due: makes those of all players who are ready for one, and puts them into their slots. */
  make(seats: Iterable<Seat>, nowMs: number): void {
    this.#frame++;
    this.#madeMs[this.#world.tick % REMEMBERED_TICKS] = nowMs;
    this.#grid.update(this.#world.rowsUsed);
    for (const seat of seats) if (seat.state.name === 'playing') this.#aim(seat, seat.state.view, nowMs);
    this.#streams.advance(this.#frame);
    for (const seat of seats) {
      if (seat.state.name === 'playing' && seat.state.view.next) this.#put(seat, seat.state.view, nowMs);
    }
    this.#counts.cells = this.#grid.size;
    this.#counts.streams = this.#streams.size;
  }

  /** Gives a player who gets this frame the streams that it needs. */
  #aim(player: Player, view: View, nowMs: number): void {
    const before = view.ladder.rung;
    const rung = view.rung(nowMs);
    const letdown = LETDOWNS[rung];
    if (rung !== before && letdown && !isAbove(rung, before)) this.#counts[letdown]++;
    const unseen = rung === 'waiting' || rung === 'closed';
    if (unseen || this.#frame - view.frame > MAX_BACK) this.forget(view);
    if (unseen || !view.ready(nowMs)) {
      this.#counts.framesSkipped++;
      return;
    }
    const row = this.#world.rowOf(player.entityId);
    if (row !== -1) view.place = this.#grid.placeOf(row);
    view.next = this.#outlook(player, view, { row, rung: this.#rungOf(rung) });
  }

  /** Where frames come with events, the next one may be long in coming: nothing waits for it. */
  #rungOf<R extends Rung>(rung: R): R | 'all' {
    return this.#def.eventDriven ? 'all' : rung;
  }

  /** The same as he has, if nothing changed for him. */
  #outlook(player: Player, view: View, { row, rung }: { row: number; rung: SeeingRung }): Outlook {
    const { outlook, place, number } = view;
    const here = row !== -1;
    const team = this.#tails.teamOf(row);
    const same = outlook?.sight.place === place && outlook.sight.rung === rung;
    if (same && outlook.here === here && outlook.team === team) return outlook;
    const sight = this.#sights.take(place, rung);
    const tail = this.#tails.take({ player, view: number, row, team, sight });
    return { sight, here, team, tail };
  }

  #put(seat: Seat, view: View, nowMs: number): void {
    const { sight } = view.next!;
    const shared = this.#sharedBody(view, sight);
    const body = shared ?? this.#ownBody(view, sight);
    const marks = shared ? undefined : this.#plan.marks(view, sight);
    const tail = this.#tailOf(view);
    this.#parts.places.length = 0;
    this.#note(view, body.places);
    if (tail) for (const part of tail) if (typeof part === 'object') this.#note(view, part.places);
    this.#parts.body = body;
    this.#parts.tail = tail;
    this.#writeHead(seat, view);
    const bytes = this.#writer.write(this.#parts);
    const before = view.outlook;
    view.hold(this.#frame, this.#world.tick, marks);
    view.put(bytes, nowMs);
    if (before !== view.outlook) this.#drop(before);
    this.#counts.framesSent++;
  }

  #writeHead({ inputs }: Seat, view: View): void {
    const { head } = this.#parts;
    head.frame = this.#frame;
    head.tick = this.#world.tick;
    head.base = view.frame;
    head.baseTick = view.frame === 0 ? 0 : view.tick;
    head.newestInput = inputs.newest;
    head.waiting = inputs.waiting;
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
      sight.body.clear();
      for (const slice of sight.slices) slice.run.say(sight.body, slice, this.#frame);
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
    const { tail } = view.next!;
    const held = view.frame === 0 ? undefined : view.outlook?.tail;
    let news = false;
    for (let part = 0; part < tail.length; part++) {
      const feed = tail[part];
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
    for (let i = 0; i < places.length; i++) {
      if (view.texts.add(places[i]!)) this.#parts.places.push(places[i]!);
    }
  }

  #drop(outlook: Outlook | undefined): void {
    if (!outlook) return;
    this.#tails.drop(outlook.tail);
    this.#sights.drop(outlook.sight);
  }
}
