/** Computes a recording again and compares: each hash, and each state that is in it. [T1] */
import { Fault } from '../../src/base/fault.ts';
import type { AnyShardDef } from '../core/define-shard.ts';
import { readRecording } from './recording-file.ts';
import { type Divergence, Replay } from './replay.ts';
import { decodeState } from './state-codec.ts';
import { worldDifferences } from './world-difference.ts';

export interface ReplayReport {
  readonly shard: string;
  readonly id: string;
  readonly firstTick: number;
  readonly lastTick: number;
  /** Compared, and equal. */
  readonly hashes: number;
  readonly states: number;
  /** Batches that were never written: what follows was taken up from the next state. */
  readonly gaps: number;
  /** The file has no end: the process was killed. */
  readonly cut: boolean;
  /** The first difference; undefined when all is equal. */
  readonly divergence: Divergence | undefined;
  /** The last tick that is known to be equal. */
  readonly verifiedTick: number;
  /** What differs in the first state after that. */
  readonly differences: readonly string[];
}

/**
 * `defs` by their names. Throws Fault `not_found`, `invalid` or `unsupported` for a file that cannot be replayed, or
 * that another version of the definition has written.
 */
export async function replayRecording(
  path: string,
  defs: ReadonlyMap<string, AnyShardDef>,
): Promise<ReplayReport> {
  let cut = false;
  let run: Run | undefined;
  const parts = readRecording(path, () => {
    cut = true;
  });
  for await (const part of parts) {
    if (part.kind === 'state') {
      run ??= new Run(defs, decodeState(part.bytes));
      if (!run.state(part.bytes)) break;
    } else run?.batch(part.batch);
  }
  if (!run) throw new Fault('invalid', `${path} holds no state of a shard`);
  return { ...run.report(), cut };
}

class Run {
  readonly #def: AnyShardDef;
  readonly #first: ReturnType<typeof decodeState>;
  #replay: Replay;
  #batch: number;
  #begun = false;
  #gap = false;
  readonly #past = { hashes: 0, states: 0, gaps: 0 };
  #differences: readonly string[] = [];
  #stateDivergence: Divergence | undefined;

  constructor(defs: ReadonlyMap<string, AnyShardDef>, first: ReturnType<typeof decodeState>) {
    const def = defs.get(first.name);
    if (!def) throw new Fault('not_found', `the module has no shard ${first.name}`);
    if (def.hash !== first.hash)
      throw new Fault(
        'unsupported',
        `the recording is of another version of ${first.name}: ${first.hash}, not ${def.hash}`,
      );
    this.#def = def;
    this.#first = first;
    this.#batch = first.batch;
    this.#replay = new Replay(def, first);
  }

  batch(batch: { number: number; bytes: Uint8Array }): void {
    if (batch.number !== this.#batch + 1 && !this.#gap) {
      this.#gap = true;
      this.#past.gaps++;
    }
    this.#batch = batch.number;
    if (!this.#gap) this.#replay.apply(batch);
  }

  /** False when it differs: there is no use in going on. */
  state(bytes: Uint8Array): boolean {
    const state = decodeState(bytes);
    if (!this.#begun || this.#gap) {
      this.#begun = true;
      this.#past.hashes += this.#gap ? this.#replay.hashes : 0;
      this.#batch = state.batch;
      if (this.#gap) this.#replay = new Replay(this.#def, state);
      this.#gap = false;
      return true;
    }
    this.#differences = worldDifferences(this.#def, state.world, this.#replay.state().world);
    if (this.#differences.length === 0 && !this.#replay.divergence) {
      this.#past.states++;
      return true;
    }
    this.#stateDivergence = { tick: state.world.tick, reason: 'the state differs' };
    return false;
  }

  report(): Omit<ReplayReport, 'cut'> {
    const replay = this.#replay;
    return {
      shard: this.#def.name,
      id: this.#first.id,
      firstTick: this.#first.world.tick,
      lastTick: replay.tick,
      hashes: this.#past.hashes + replay.hashes,
      states: this.#past.states,
      gaps: this.#past.gaps,
      divergence: replay.divergence ?? this.#stateDivergence,
      verifiedTick: replay.verifiedTick,
      differences: this.#differences,
    };
  }
}
