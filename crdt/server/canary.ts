/**
 * Tries bytes where a trap hurts nobody: in the materialiser (trial-jobs.ts). Used by push-trials.ts before an import,
 * by sift.ts on a log, by rebuild.ts on updates of which one killed a replica. [D3]
 */
import { isFault } from '../../src/base/fault.ts';
import type { Materialiser } from './materialiser.ts';
import type { Laboratory, Verdict } from './sift.ts';
import type { Span } from './trial-jobs.ts';
import { parseFacts, type UpdateFacts } from './update-facts.ts';

type Bytes = readonly Uint8Array[];

export class Canary implements Laboratory {
  readonly #materialiser: Pick<Materialiser, 'run'>;
  #traps = 0;

  constructor(materialiser: Pick<Materialiser, 'run'>) {
    this.#materialiser = materialiser;
  }

  /** Trials that trapped since the start. */
  get traps(): number {
    return this.#traps;
  }

  /** All of them in this order, each on top of those before it. Throws when there is nobody to try it. */
  async trial(bytes: Bytes): Promise<Verdict> {
    return (await this.#attempt(() => this.#materialiser.run('trial', {}, bytes))) ?? 'fine';
  }

  /** What an update says of itself, which to read may trap or take long; else what it is. */
  async inspect(update: Uint8Array): Promise<UpdateFacts | Exclude<Verdict, 'fine'>> {
    let facts: UpdateFacts | undefined;
    const verdict = await this.#attempt(async () => {
      facts = parseFacts((await this.#materialiser.run('inspect', {}, [update])).json);
    });
    return facts ?? verdict!;
  }

  /** Of one update on a document; `base`: the document is bad without it, which is not its author's doing. */
  async trialOn(base: Bytes, update: Uint8Array): Promise<Verdict | 'base'> {
    const verdict = await this.trial([...base, update]);
    if (verdict === 'fine' || verdict === 'gap') return verdict;
    return (await this.trial(base)) === 'fine' ? verdict : 'base';
  }

  async slice(
    bytes: Bytes,
    spans: readonly Span[] | null,
  ): Promise<{ spans: readonly Span[]; pieces: Bytes } | null> {
    let found: { spans: readonly Span[]; pieces: Bytes } | null = null;
    await this.#attempt(async () => {
      const answer = await this.#materialiser.run('slice', { spans: spans && [...spans] }, bytes);
      found = { spans: answer.json, pieces: answer.bytes };
    });
    return found;
  }

  async fold(bytes: Bytes): Promise<Uint8Array> {
    return (await this.#materialiser.run('snapshotOf', {}, bytes)).bytes[0]!;
  }

  /** Null: it went well. */
  async #attempt(work: () => Promise<unknown>): Promise<Exclude<Verdict, 'fine'> | null> {
    try {
      await work();
      return null;
    } catch (error) {
      const verdict = verdictOf(error);
      if (verdict === 'trap') this.#traps++;
      return verdict;
    }
  }
}

/** What the failure of a job says of its bytes. Throws the error when it says nothing of them. */
export function verdictOf(error: unknown): Exclude<Verdict, 'fine'> {
  if (isFault(error, 'stale_cursor')) return 'gap';
  if (isFault(error, 'invalid')) return 'refused';
  if (isFault(error, 'internal')) return 'trap';
  throw error;
}
