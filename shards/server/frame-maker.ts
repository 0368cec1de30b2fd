/**
 * Makes the frames of a shard: the world after a tick -> grid -> the streams that somebody holds, each advanced
 * once -> a frame for each player who is ready for one, sight by sight. Players with equal sights share the bytes of
 * the body; who holds all that the frame before said costs a short head and a copy of them. Called by shard.ts. [T2] [T8]
 *
 *   turned --aimed--> looks through a sight --moved, another rung--> turned
 *                     looks through a sight --waits, left--> holds no streams
 */
import type { LatestSlot } from '../../src/plugin/channel.ts';
import { ChunkEncoder } from '../core/chunk-encoder.ts';
import type { Components } from '../core/component.ts';
import type { AnyShardDef } from '../core/define-shard.ts';
import { FrameBody } from '../core/frame-body.ts';
import { MAX_BACK } from '../core/frame-header.ts';
import { ONE_CELL, planGrid } from '../core/interest.ts';
import { TextPool } from '../core/text-pool.ts';
import type { Events } from '../core/world.ts';
import type { WorldColumns } from '../core/world-columns.ts';
import type { ShardCounts } from './counts.ts';
import { Eyes } from './eyes.ts';
import { FrameComposer } from './frame-composer.ts';
import { FramePlan } from './frame-plan.ts';
import { Grid } from './grid.ts';
import { isAbove, type LadderOptions, LETDOWNS, type Rung } from './ladder.ts';
import { type Crowd, Onlookers } from './onlookers.ts';
import { type SeeingRung, type Sight, Sights } from './sight.ts';
import { Streams } from './streams.ts';
import { Tails } from './tail.ts';
import { type Outlook, View, type Viewer } from './view.ts';

/** Ticks whose time is remembered, to tell how old an acknowledged frame is. */
const REMEMBERED_TICKS = 1024;

/**
 * The time by which players are late goes on by so many frames with each frame at most: a server that is behind takes
 * nobody for slow, and does not send everything anew when it can do least. [T9]
 */
const MOST_FRAMES_LATE = 2;

export class FrameMaker {
  readonly texts: TextPool;
  readonly #def: AnyShardDef;
  readonly #counts: ShardCounts;
  readonly #world: WorldColumns<Components, Events>;
  readonly #grid: Grid;
  readonly #streams: Streams;
  readonly #sights: Sights;
  readonly #tails: Tails;
  readonly #eyes: Eyes;
  readonly #onlookers = new Onlookers();
  /** Whose next frame shows other streams than the last one. */
  readonly #turned = new Set<View>();
  readonly #plan = new FramePlan();
  readonly #composer: FrameComposer;
  /** Of those who had all of a sight in the frame before, and of one whose frame nobody shares. */
  readonly #shared = new FrameBody();
  readonly #own = new FrameBody();
  readonly #madeMs = new Float64Array(REMEMBERED_TICKS);
  readonly #mostMs: number;
  #nowMs = 0;
  #clockMs = Number.NaN;
  #tooSlow = false;
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
    this.#mostMs = def.eventDriven
      ? Number.POSITIVE_INFINITY
      : (MOST_FRAMES_LATE * def.snapshotEvery * 1000) / def.tickRate;
    const plan = interest.kind === 'grid' ? planGrid(interest, def.entityType) : ONE_CELL;
    this.#grid = new Grid(plan, world.table);
    this.#streams = new Streams(encoders, this.#grid);
    this.#sights = new Sights(interest.kind === 'visibleTo' ? undefined : plan, this.#streams);
    this.#tails = new Tails(def, world, this.#streams);
    this.#eyes = new Eyes(world, this.#grid, this.#tails.teamOf);
    this.#composer = new FrameComposer(this.texts, def.snapshotEvery);
  }

  /** What a player who has just come is sent, from the next frame on. */
  view(player: Viewer, latest: LatestSlot, ladder: LadderOptions): View {
    const { bytesPerSecond } = this.#def.limits;
    // One that is older yet has the time of a newer one.
    const madeMs = (tick: number) => this.#madeMs[tick % REMEMBERED_TICKS]!;
    const deps = { player, number: ++this.#views, latest, texts: this.texts, madeMs };
    const now = { tick: this.#world.tick, nowMs: this.#nowMs };
    const view = new View(deps, { ladder, bytesPerSecond }, now);
    this.#eyes.add(view);
    this.#turned.add(view);
    return view;
  }

  /** The player has left. */
  end(view: View): void {
    this.#forget(view);
    this.#turned.delete(view);
    this.#eyes.remove(view);
  }

  /**
   * A frame is due: makes those of all players who are ready for one, and puts them into their slots. True when a player
   * is on the last rung of the ladder by now.
   */
  make(clockMs: number): boolean {
    this.#frame++;
    if (this.#frame > 1) this.#nowMs += Math.min(clockMs - this.#clockMs, this.#mostMs);
    this.#clockMs = clockMs;
    this.#madeMs[this.#world.tick % REMEMBERED_TICKS] = this.#nowMs;
    this.#composer.begin(this.#frame, this.#world.tick);
    this.#grid.update(this.#world.rowsUsed);
    this.#eyes.follow(this.#turned);
    for (const view of this.#turned) this.#turn(view);
    this.#streams.advance(this.#frame);
    for (const crowd of this.#onlookers.crowds) this.#show(crowd);
    this.#counts.cells = this.#grid.size;
    this.#counts.streams = this.#streams.size;
    const tooSlow = this.#tooSlow;
    this.#tooSlow = false;
    return tooSlow;
  }

  /** Gives a player the streams that his next frame shows, unless he is to be sent nothing. */
  #turn(view: View): void {
    // Who looks through a sight is asked when his frame is made.
    const rung = view.aim ? view.ladder.rung : this.#rung(view);
    if (rung === 'waiting' || rung === 'closed') {
      this.#counts.framesSkipped++;
      return;
    }
    const sight = this.#sights.take(view.place, this.#seen(rung));
    const tail = this.#tails.take(view, sight);
    this.#aim(view, { sight, tail });
    this.#turned.delete(view);
  }

  /** The rung on which a player is now; his next fall is counted. */
  #rung(view: View): Rung {
    const before = view.ladder.rung;
    const rung = view.rung(this.#nowMs);
    if (rung === 'closed') this.#tooSlow = true;
    if (rung === before) return rung;
    const letdown = LETDOWNS[rung];
    if (letdown && !isAbove(rung, before)) this.#counts[letdown]++;
    return rung;
  }

  /** Where frames come with events, the next one may be long in coming: nothing waits for it. */
  #seen(rung: SeeingRung): SeeingRung {
    return this.#def.eventDriven ? 'all' : rung;
  }

  /** The frames of those who look through a sight. */
  #show({ sight, views }: Crowd): void {
    let shared = false;
    for (let i = views.length - 1; i >= 0; i--) {
      const view = views[i]!;
      if (!this.#keepsUp(view, sight)) {
        this.#counts.framesSkipped++;
        continue;
      }
      if (view.outlook?.sight === sight && view.frame === this.#frame - 1 && !view.marks) {
        if (!shared) {
          this.#shared.clear();
          this.#streams.say(this.#shared, sight.slices);
          shared = true;
        }
        if (!view.budget || this.#shared.bits.byteLength <= view.budget.left) {
          this.#put(view, this.#shared, undefined);
          continue;
        }
      }
      this.#plan.decide(view, sight, this.#frame);
      if (view.budget) this.#plan.trim(sight, view.budget);
      this.#plan.write(this.#own, view, sight);
      this.#put(view, this.#own, this.#plan.marks(view, sight));
    }
  }

  /** Whether a player is ready for a frame. Who is on another rung now has one when he has turned. */
  #keepsUp(view: View, sight: Sight): boolean {
    const rung = this.#rung(view);
    const waits = rung === 'waiting' || rung === 'closed';
    if (waits) this.#forget(view);
    else if (view.frame > 0 && this.#frame - view.frame > MAX_BACK) this.#beginAnew(view);
    if (!waits && this.#seen(rung) === sight.rung) return view.ready(this.#nowMs);
    this.#turned.add(view);
    return false;
  }

  #put(view: View, body: FrameBody, marks: Uint8Array | undefined): void {
    const frame = this.#composer.compose(view, body);
    const before = view.outlook;
    view.hold(this.#frame, this.#world.tick, marks);
    if (before !== view.aim) this.#drop(before);
    view.put(frame, this.#nowMs);
    this.#counts.framesSent++;
  }

  /** What his next frame shows; undefined: none is to come. */
  #aim(view: View, aim: Outlook | undefined): void {
    const before = view.aim;
    view.aim = aim;
    if (before) this.#onlookers.remove(view, before.sight);
    if (aim) this.#onlookers.add(view, aim.sight);
    if (before !== view.outlook) this.#drop(before);
  }

  /** His next frame builds on nothing. */
  #beginAnew(view: View): void {
    const { outlook } = view;
    view.forget();
    if (outlook !== view.aim) this.#drop(outlook);
  }

  /** He holds nothing any more. */
  #forget(view: View): void {
    this.#beginAnew(view);
    this.#aim(view, undefined);
  }

  #drop(outlook: Outlook | undefined): void {
    if (!outlook) return;
    this.#tails.drop(outlook.tail);
    this.#sights.drop(outlook.sight);
  }
}
