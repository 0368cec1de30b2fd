/**
 * The client's copy of the cells that it holds, and of the parts of its tail: applies frames, and fills
 * snapshots with the entities that are visible now. [T2] What it holds is, cell by cell, what the server's
 * streams hold; a cell whose hash is another is named in `desyncs`, and the client asks for it again.
 *
 * All that comes from the wire is checked; memory is bounded by the definition's limits. [N1] After a thrown
 * Fault the replica is of no use.
 */
import { BitReader } from '../../src/base/bits.ts';
import type { Reader } from '../../src/base/bytes.ts';
import { Fault } from '../../src/base/fault.ts';
import { CellState } from './cell-state.ts';
import { ChunkDecoder } from './chunk-decoder.ts';
import type { ChunkLayout, ChunkLayouts } from './chunk-layout.ts';
import type { Components } from './component.ts';
import { CrosserCells } from './crossers.ts';
import { decodeFrameHeader, type FrameHeader, HAS_CHANGES, HAS_TAIL, HAS_TEXTS } from './frame-header.ts';
import { MAX_CELLS, MAX_LEVEL, TAIL_PARTS, type TailPart } from './frames.ts';
import type { Snapshot } from './snapshot.ts';
import { SnapshotFiller } from './snapshot-filler.ts';
import { Text } from './text.ts';
import { TextBook } from './text-book.ts';

const MAX_CELL = 2 ** 31 - 1;
const MAX_TEXT_BYTES = 4096;

export interface HeldCell {
  readonly cell: number;
  readonly level: number;
  readonly state: CellState;
  /** The frame in which it was entered at this level. */
  readonly since: number;
}

export class CellReplica<C extends Components> {
  /** Of the last frame; 0 before the first. */
  frame = 0;
  tick = 0;
  /** Cells and parts of the tail that differ from the server's, as of the last frame. */
  readonly desyncs: (number | TailPart)[] = [];
  readonly #layouts: ChunkLayouts;
  readonly #everyTicks: number;
  readonly #most: number;
  readonly #texts: TextBook;
  readonly #cells: ChunkDecoder;
  readonly #tails: readonly { part: TailPart; decoder: ChunkDecoder; state: CellState }[];
  readonly #filler = new SnapshotFiller<C>();
  readonly #crossers: CrosserCells;
  /** In order of their numbers. */
  #held: HeldCell[] = [];
  readonly #tailHeld = [false, false, false];

  constructor(layouts: ChunkLayouts, options: { maxEntities: number; everyTicks: number }) {
    const { maxEntities } = options;
    this.#everyTicks = options.everyTicks;
    // On its way from level to level an entity may be in a cell of each.
    this.#most = maxEntities * (MAX_LEVEL + 1);
    this.#layouts = layouts;
    this.#texts = new TextBook(layouts.all.placeBits);
    this.#crossers = new CrosserCells(layouts.all, maxEntities);
    this.#cells = new ChunkDecoder(layouts.all, this.#texts, maxEntities);
    this.#tails = TAIL_PARTS.map((part) => {
      const layout = part === 'seen' ? layouts.all : layouts[part];
      const decoder = new ChunkDecoder(layout, this.#texts, maxEntities);
      return { part, decoder, state: new CellState(layout) };
    });
  }

  /** The cells held now, in order of their numbers. */
  get held(): readonly HeldCell[] {
    return this.#held;
  }

  /** What is held of a part of the tail. */
  tail(part: TailPart): CellState {
    return this.#tails[TAIL_PARTS.indexOf(part)]!.state;
  }

  /**
   * Bytes that each component has taken in all frames so far: its changes, and its part of entities that came. The bits
   * that say what has changed are nobody's, nor are texts, which are sent once.
   */
  componentBytes(): Record<string, number> {
    const sums: Record<string, number> = {};
    const add = ({ components }: ChunkLayout, { spentBits }: ChunkDecoder) => {
      for (const { name, first, end } of components) {
        let bits = 0;
        for (let lane = first; lane < end; lane++) bits += spentBits[lane]!;
        sums[name] = (sums[name] ?? 0) + bits / 8;
      }
    };
    add(this.#layouts.all, this.#cells);
    for (const { state, decoder } of this.#tails) add(state.layout, decoder);
    return sums;
  }

  /** A frame came; `reader` stands behind the kind. Throws Fault `bad_message`. */
  apply(reader: Reader): FrameHeader {
    const header = decodeFrameHeader(reader, this, this.#everyTicks);
    const { flags, frame, base } = header;
    this.desyncs.length = 0;
    if (base === 0) this.#forget();
    if ((flags & HAS_TEXTS) !== 0) this.#readTexts(reader);
    if ((flags & HAS_CHANGES) !== 0) this.#readChanges(reader, frame);
    this.#readCells(reader, header);
    this.frame = frame;
    this.tick = header.tick;
    return header;
  }

  /** Fills a snapshot with all entities that are visible now. */
  fill(snapshot: Snapshot<C>): void {
    snapshot.tick = this.tick;
    const [seen, owner, team] = this.#tails.map(({ state }) => state);
    this.#filler.fill(snapshot, {
      frame: this.frame,
      held: this.#held,
      crossers: this.#crossers.cells,
      seen: seen!,
      // What the owner is told is of this frame; what the team is told may be older.
      own: [team!, owner!],
    });
  }

  /** Whether an entity is only where it was expected in the last frame, for its cell had no step in it. */
  isGuessed(id: number): boolean {
    let guessed = false;
    for (const { level, state } of this.#held) {
      if (state.find(id) === -1) continue;
      if (this.frame % 2 ** level === 0) return false;
      guessed = true;
    }
    return guessed || this.#crossers.cells.some(({ state }) => state.find(id) !== -1);
  }

  #forget(): void {
    this.#held = [];
    this.#crossers.clear();
    for (const { state } of this.#tails) state.clear();
    this.#tailHeld.fill(false);
  }

  #readTexts(reader: Reader): void {
    const count = reader.varuint();
    for (let i = 0; i < count; i++) {
      const place = reader.varuint();
      this.#texts.set(place, Text.decode(reader.blob(MAX_TEXT_BYTES).slice()));
    }
  }

  #readChanges(reader: Reader, frame: number): void {
    const cells = new Map(this.#held.map((held) => [held.cell, held]));
    const leaves = reader.varuint();
    let last = -1;
    for (let i = 0; i < leaves; i++) {
      last += reader.varuint() + 1;
      if (!cells.delete(last)) throw new Fault('bad_message', 'left a cell that was not held');
    }
    const enters = reader.varuint();
    last = -1;
    for (let i = 0; i < enters; i++) {
      const code = reader.varuint();
      last += Math.floor(code / 4) + 1;
      if (last > MAX_CELL || cells.size >= MAX_CELLS) throw new Fault('bad_message', 'too many cells');
      const state = cells.get(last)?.state ?? new CellState(this.#layouts.all);
      cells.set(last, { cell: last, level: code % 4, state, since: frame });
    }
    this.#held = [...cells.values()].sort((a, b) => a.cell - b.cell);
  }

  #readCells(reader: Reader, { frame, base, flags }: FrameHeader & { readonly flags: number }): void {
    const bits = new BitReader(reader.rest());
    // In a frame in which all cells have a step, nobody is in between.
    const coarsest = this.#held.reduce((most, { level }) => Math.max(most, level), 0);
    const whole = frame % 2 ** coarsest === 0;
    if (whole || stepsBetween(coarsest, base, frame) > 0) this.#crossers.clear();
    else this.#crossers.advance(base, frame);
    for (const held of this.#held) {
      const { since, level, state, cell } = held;
      const entered = since === frame;
      const steps = stepsBetween(level, base, frame);
      if (!entered && steps === 0) continue;
      if (!bits.bool()) {
        if (entered) state.clear();
        else state.coast(base, frame, level);
        continue;
      }
      const step = frame - (frame % 2 ** level);
      if (steps > 1 && !entered) state.coast(base, step - 2 ** level, level);
      const at = { level, frame: step };
      const moved = whole ? undefined : (slot: number) => this.#crossers.add(state, slot, at);
      const of = { frame: step, fresh: entered, moved };
      if (!this.#cells.read(bits, state, of)) this.desyncs.push(cell);
    }
    if (!whole) this.#crossers.settle(this.#held);
    let entities = 0;
    for (const { state } of this.#held) entities += state.count;
    if (entities > this.#most) throw new Fault('bad_message', 'too many entities');
    this.#readTail(bits, { frame, base, said: (flags & HAS_TAIL) !== 0 });
    bits.end();
  }

  #readTail(bits: BitReader, at: { frame: number; base: number; said: boolean }): void {
    for (const [i, { part, decoder, state }] of this.#tails.entries()) {
      const said = at.said ? bits.read(2) : 1;
      const held = this.#tailHeld[i]!;
      if (said === 0) state.clear();
      else if (said === 1) {
        if (held) state.coast(at.base, at.frame, 0);
      } else if (said === 2) {
        if (held && at.frame - at.base > 1) state.coast(at.base, at.frame - 1, 0);
        const of = { frame: at.frame, fresh: !held };
        if (!decoder.read(bits, state, of)) this.desyncs.push(part);
      } else throw new Fault('bad_message', 'a part of the tail is in no known state');
      if (said !== 1) this.#tailHeld[i] = said === 2;
    }
  }
}

/** How many steps a stream of this level has after frame `from`, up to `to`. */
function stepsBetween(level: number, from: number, to: number): number {
  const period = 2 ** level;
  return Math.floor(to / period) - Math.floor(from / period);
}
