/**
 * The entities as they are drawn: between two snapshots, or a little beyond the newest one, column by column. The
 * objects are kept for as long as their entities are there, and nothing is allocated while none comes or goes.
 * What the player predicts (foretold.ts) is listed here, and drawn by predict.ts.
 */
import type { Components } from '../core/component.ts';
import { blend, curve, type DrawPlan, drawPlan } from '../core/draw-plan.ts';
import type { RecordType, Row } from '../core/record-type.ts';
import type { Snapshot } from '../core/snapshot.ts';
import type { Table } from '../core/table.ts';
import { Fading } from './fading.ts';
import type { Foretold } from './foretold.ts';
import { RotationBlend } from './rotation-blend.ts';

/** Which moment to draw. Filled again for each frame. */
export interface Between<C extends Components> {
  from: Snapshot<C>;
  /** The one behind `from`; the same where there is none. */
  to: Snapshot<C>;
  /** The one before `from`, for curves; the same where there is none. */
  before: Snapshot<C>;
  /** How much of the way from `from` to `to`; above 1, so much further on. */
  share: number;
  nowMs: number;
}

export class EntityViews<C extends Components> {
  /** Fractions of quanta. */
  readonly table: Table<Row<C>>;
  readonly #plan: DrawPlan;
  readonly #everyTicks: number;
  readonly #fading: Fading;
  readonly #rotation = new RotationBlend();
  readonly #rows = new Map<number, number>();
  readonly #free: number[] = [];
  #list: Row<C>[] = [];
  #ids = new Int32Array(16);
  /** Of each entity of the shown snapshot: its row here (-1: not drawn from it), and in the snapshots (-1: not there). */
  #out = new Int32Array(16);
  #from = new Int32Array(16);
  #to = new Int32Array(16);
  #before = new Int32Array(16);
  /** By component and entity: 1 where it teleports from one to the other. */
  #jumps: Uint8Array[];
  #fromTick = -1;
  #toTick = -1;
  #shownTick = -1;
  #version = -1;
  #holds = false;

  /** `everyTicks`: ticks from one snapshot to the next; `correctionMs`: when half of a step is drawn that late frames made. */
  constructor(
    type: RecordType<C>,
    { everyTicks, correctionMs }: { everyTicks: number; correctionMs: number },
  ) {
    this.table = type.table(16, 'fractional');
    this.#plan = drawPlan(type);
    this.#everyTicks = everyTicks;
    this.#fading = new Fading(this.#plan, type, correctionMs);
    this.#jumps = this.#plan.groups.map(() => new Uint8Array(16));
  }

  /** In order of ids. A new list when entities have come or gone, else the same one. */
  get list(): readonly Row<C>[] {
    return this.#list;
  }

  /** The row of an entity, or -1. */
  rowOf(id: number): number {
    return this.#rows.get(id) ?? -1;
  }

  /** What is drawn now was guessed: the next `show` goes on from it, and comes to what is right little by little. */
  hold(): void {
    this.#holds = true;
  }

  /** Who is in `from` is shown; from a share of 1 on, who is in `to`. Those who are `foretold` are only listed. */
  show(between: Between<C>, foretold?: Foretold): void {
    const { from, to, share, nowMs } = between;
    const shown = share < 1 ? from : to;
    const same = shown.tick === this.#shownTick && this.#version === (foretold?.version ?? 0);
    if (this.#holds) this.#fading.keep(this.table);
    if (!same) this.#match(shown, foretold);
    if (!same || from.tick !== this.#fromTick || to.tick !== this.#toTick)
      this.#pair(between, shown, foretold);
    const { lanes } = this.#plan;
    for (let i = 0; i < lanes.length; i++) {
      const plan = lanes[i]!;
      if (plan.lane.textBytes > 0) this.#showTexts(i, shown);
      else if (plan.blend === 'snap') this.#showSteps(i, shown);
      else if (plan.blend === 'chart') this.#showRotations(i, between);
      else if (plan.blend !== 'axis') this.#showNumbers(i, between);
    }
    if (this.#holds) this.#fading.absorb(this.table, nowMs);
    else this.#fading.add(this.table, nowMs);
    this.#holds = false;
  }

  /** An entity that is drawn goes on under another id. */
  rename(id: number, to: number): void {
    const row = this.#rows.get(id);
    if (row === undefined || this.#rows.has(to)) return;
    this.#rows.delete(id);
    this.#rows.set(to, row);
    this.table.ids[row] = to;
    this.#shownTick = -1;
  }

  /** Snapshots of another stay follow, whose ticks may be any. */
  begin(): void {
    this.#fromTick = -1;
    this.#toTick = -1;
    this.#shownTick = -1;
    this.#version = -1;
  }

  #showTexts(lane: number, shown: Snapshot<C>): void {
    const out = this.table.columns[lane]!.texts;
    const { texts } = shown.table.columns[lane]!;
    for (let n = 0; n < shown.count; n++) if (this.#out[n] !== -1) out[this.#out[n]!] = texts[n]!;
  }

  #showSteps(lane: number, shown: Snapshot<C>): void {
    const out = this.table.columns[lane]!.values;
    const { values } = shown.table.columns[lane]!;
    for (let n = 0; n < shown.count; n++) if (this.#out[n] !== -1) out[this.#out[n]!] = values[n]!;
  }

  #showNumbers(index: number, { from, to, before, share }: Between<C>): void {
    const plan = this.#plan.lanes[index]!;
    const { lane } = plan;
    const out = this.table.columns[index]!.values;
    const a = from.table.columns[index]!.values;
    const b = to.table.columns[index]!.values;
    const earlier = before.table.columns[index]!.values;
    const { count } = share < 1 ? from : to;
    const jumps = this.#jumps[plan.group]!;
    const most = (plan.teleport * (to.tick - from.tick)) / this.#everyTicks;
    const curved = plan.blend === 'hermite' && before !== from && share < 1;
    const pace = curved ? (to.tick - from.tick) / (from.tick - before.tick) : 0;
    for (let n = 0; n < count; n++) {
      const row = this.#out[n]!;
      if (row === -1) continue;
      const i = this.#from[n]!;
      const j = this.#to[n]!;
      const h = this.#before[n]!;
      let value: number;
      if (jumps[n] === 1) value = share < 1 ? a[i]! : b[j]!;
      else if (curved && h !== -1 && Math.abs(a[i]! - earlier[h]!) * pace <= most)
        value = curve((a[i]! - earlier[h]!) * pace, a[i]!, b[j]! - a[i]!, share);
      else value = blend(plan, a[i]!, b[j]!, share);
      out[row] = share > 1 && plan.blend !== 'angle' ? Math.max(lane.min, Math.min(lane.max, value)) : value;
    }
  }

  #showRotations(index: number, { from, to, share }: Between<C>): void {
    const rotation = this.#rotation;
    const { count } = share < 1 ? from : to;
    const jumps = this.#jumps[this.#plan.lanes[index]!.group]!;
    for (let n = 0; n < count; n++) {
      const row = this.#out[n]!;
      if (row === -1) continue;
      if (jumps[n] === 0) {
        rotation.from(from.table, index, this.#from[n]!).to(to.table, index, this.#to[n]!).turn(share);
      } else if (share < 1) rotation.from(from.table, index, this.#from[n]!);
      else rotation.from(to.table, index, this.#to[n]!);
      rotation.write(this.table, index, row);
    }
  }

  /** Brings list and rows in line with the entities of a snapshot and those that are foretold. */
  #match(shown: Snapshot<C>, foretold: Foretold | undefined): void {
    this.#shownTick = shown.tick;
    this.#version = foretold?.version ?? 0;
    const count = this.#gather(shown, foretold);
    let same = this.#list.length === count;
    for (let i = 0; i < count && same; i++) same = this.#list[i]!.id === this.#ids[i];
    if (same) return;
    const ids = this.#ids.slice(0, count);
    const wanted = new Set(ids);
    for (const [id, row] of this.#rows) {
      if (wanted.has(id)) continue;
      this.#rows.delete(id);
      this.#free.push(row);
      this.table.ids[row] = 0;
    }
    this.#list = Array.from(ids, (id) => this.table.at(this.#take(id)));
  }

  /** Lists the ids of all that are drawn, in their order; gives their number. */
  #gather(shown: Snapshot<C>, foretold: Foretold | undefined): number {
    const most = shown.count + (foretold?.size ?? 0);
    if (this.#ids.length < most) this.#ids = new Int32Array(most * 2);
    let count = 0;
    for (let n = 0; n < shown.count; n++) {
      const id = shown.table.ids[n]!;
      if (!foretold?.has(id)) this.#ids[count++] = id;
    }
    for (let slot = 0; slot < (foretold?.size ?? 0); slot++) {
      const id = foretold!.shownAt(slot);
      if (id === 0) continue;
      let at = count++;
      for (; at > 0 && this.#ids[at - 1]! > id; at--) this.#ids[at] = this.#ids[at - 1]!;
      this.#ids[at] = id;
    }
    return count;
  }

  #take(id: number): number {
    const known = this.#rows.get(id);
    if (known !== undefined) return known;
    const row = this.#free.pop() ?? this.#rows.size;
    this.table.reserve(row + 1);
    this.table.ids[row] = id;
    this.#fading.clear(row);
    this.#rows.set(id, row);
    return row;
  }

  /** Finds the entities of the shown snapshot in the others, and who teleports. */
  #pair({ from, to, before }: Between<C>, shown: Snapshot<C>, foretold: Foretold | undefined): void {
    this.#fromTick = from.tick;
    this.#toTick = to.tick;
    if (this.#out.length < shown.count) this.#reserve(shown.count * 2);
    const { ids } = shown.table;
    for (let n = 0; n < shown.count; n++) {
      const id = ids[n]!;
      this.#out[n] = foretold?.has(id) ? -1 : this.#rows.get(id)!;
      this.#from[n] = shown === from ? n : from.find(id);
      this.#to[n] = shown === to ? n : to.find(id);
      this.#before[n] = before.find(id);
    }
    const frames = (to.tick - from.tick) / this.#everyTicks;
    for (let group = 0; group < this.#jumps.length; group++) {
      const jumps = this.#jumps[group]!;
      for (let n = 0; n < shown.count; n++) jumps[n] = this.#isFar(group, n, { from, to, frames }) ? 1 : 0;
    }
  }

  /** It is only in one of the two snapshots, or further away in the other than it goes in so many frames. */
  #isFar(
    group: number,
    n: number,
    { from, to, frames }: { from: Snapshot<C>; to: Snapshot<C>; frames: number },
  ): boolean {
    const i = this.#from[n]!;
    const j = this.#to[n]!;
    if (i === -1 || j === -1) return true;
    for (const index of this.#plan.groups[group]!) {
      const { lane, teleport } = this.#plan.lanes[index]!;
      const a = from.table.columns[index]!.values[i]!;
      const b = to.table.columns[index]!.values[j]!;
      if (lane.guard !== -1) {
        const guardA = from.table.columns[lane.guard]!.values[i];
        if (guardA === 0 || to.table.columns[lane.guard]!.values[j] === 0) return true;
      }
      if (teleport === Number.POSITIVE_INFINITY) continue;
      if (Math.abs(b - a) > teleport * Math.max(1, frames)) return true;
    }
    return false;
  }

  #reserve(count: number): void {
    this.#out = new Int32Array(count);
    this.#from = new Int32Array(count);
    this.#to = new Int32Array(count);
    this.#before = new Int32Array(count);
    this.#jumps = this.#jumps.map(() => new Uint8Array(count));
  }
}
