/**
 * One cell of the world at one level of detail, for as long as a player holds it: made into chunks once per
 * frame, however many players see it. A stream of level n has a step in every 2^n-th frame. [T2]
 *
 * The owner calls `advance` in every frame that is `due`. Until the next step `neededSince` says what a holder
 * lacks: nothing (he advances as predicted), `delta`, or `key()`; who is new here gets `key()`.
 */
import { CellState } from './cell-state.ts';
import { Chunk } from './chunk.ts';
import { HASH_EVERY } from './chunk-bits.ts';
import type { ChunkEncoder, Rows, Step } from './chunk-encoder.ts';

export class CellStream {
  readonly cell: number;
  readonly level: number;
  /** What there was to say in the newest step; only when not `quiet`. Overwritten by the next step. */
  readonly delta = new Chunk();
  readonly #encoder: ChunkEncoder;
  readonly #state: CellState;
  readonly #step: Step;
  readonly #key = new Chunk();
  #deltaTexts = 0;
  #keyFrame = -1;
  #keyTexts = 0;
  #frame = -1;
  #quiet = true;
  #loudFrame = -1;
  #loudBefore = -1;

  constructor(encoder: ChunkEncoder, options: { cell: number; level: number }) {
    this.cell = options.cell;
    this.level = options.level;
    this.#encoder = encoder;
    this.#step = { frame: 0, level: options.level, hashed: false, chunk: this.delta };
    this.#state = new CellState(encoder.layout);
  }

  /** Whether this frame is a step of the stream. */
  due(frame: number): boolean {
    return frame % (1 << this.level) === 0;
  }

  /** The newest step; -1 before the first. */
  get frame(): number {
    return this.#frame;
  }

  /** Entities in the newest step. */
  get count(): number {
    return this.#state.count;
  }

  /** Nothing is to be sent for the newest step to those who were up to date. */
  get quiet(): boolean {
    return this.#quiet;
  }

  /** The last step with a change that was not predicted. */
  get loudFrame(): number {
    return this.#loudFrame;
  }

  /** What brings a holder who has all up to frame `base` to the newest step. */
  neededSince(base: number): 'nothing' | 'delta' | 'key' {
    if (base < this.#loudBefore) return 'key';
    if (this.#quiet) return 'nothing';
    const named = this.delta.places.length > 0;
    return named && !this.#encoder.texts.fresh(this.#deltaTexts) ? 'key' : 'delta';
  }

  /** The cell holds these entities in this frame. */
  advance(frame: number, rows: Rows): void {
    const step = Math.floor(frame / 2 ** this.level);
    // Spread over the cells, so that no frame has all the hashes. An empty cell needs none.
    const hashed = (step + this.cell * 37) % HASH_EVERY === 0 && rows.count > 0 && this.#frame !== -1;
    this.#step.frame = frame;
    this.#step.hashed = hashed;
    this.#loudBefore = this.#loudFrame;
    const loud = this.#encoder.delta(this.#state, rows, this.#step);
    if (loud || this.#frame === -1) this.#loudFrame = frame;
    this.#deltaTexts = this.#encoder.texts.added;
    this.#frame = frame;
    this.#quiet = !loud && !hashed;
  }

  /** All there is as of the newest step, for those who hold nothing of it. */
  key(): Chunk {
    if (this.#keyFrame !== this.#frame || !this.#encoder.texts.fresh(this.#keyTexts)) {
      this.#encoder.key(this.#state, this.#key);
      this.#keyFrame = this.#frame;
      this.#keyTexts = this.#encoder.texts.added;
    }
    return this.#key;
  }
}
