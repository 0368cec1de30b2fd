/**
 * At most once, for actions: I/O cannot be rolled back, so an op id is entered before the action begins,
 * and its outcome afterwards, success or failure. Who sends the op id again gets that outcome; an action
 * that the server did not survive is not run again. [L3]
 */
import { CODES, type Code } from '../base/codes.ts';
import type { Env } from '../base/env.ts';
import { Fault, toFault } from '../base/fault.ts';
import { type Infer, parseShape, s, tagged } from '../base/shape.ts';
import type { Store } from '../store/store.ts';
import { findInLedger, type LedgerEntry, type LedgerKey, ledgerEntry, settleLedger } from './ledger.ts';
import type { CallResult } from './once.ts';

const outcomeShape = tagged({
  running: s.object({}),
  done: s.object({ value: s.optional(s.json()), seq: s.nullable(s.int(0)) }),
  failed: s.object({
    code: s.oneOf(...(Object.keys(CODES) as Code[])),
    message: s.string(),
    data: s.optional(s.json()),
  }),
});
type Outcome = Infer<typeof outcomeShape>;

export class ActionLedger {
  readonly #env: Env;
  readonly #store: Store;
  /** By what identifies a call. Those who send it again meanwhile wait for the same end. */
  readonly #running = new Map<string, Promise<CallResult>>();

  constructor(env: Env, store: Store) {
    this.#env = env;
    this.#store = store;
  }

  /** Rejects with `conflict` when the op id was used for something else, and as the action did. */
  run(key: LedgerKey, work: () => Promise<CallResult>): Promise<CallResult> {
    const name = JSON.stringify([key.viewer, key.opId, key.call]);
    let running = this.#running.get(name);
    if (!running) {
      running = this.#begin(key, work).finally(() => this.#running.delete(name));
      this.#running.set(name, running);
    }
    return running;
  }

  async #begin(key: LedgerKey, work: () => Promise<CallResult>): Promise<CallResult> {
    const earlier = await this.#enter(key);
    if (earlier) return repeat(earlier);
    let result: CallResult;
    try {
      result = await work();
    } catch (error) {
      await this.#settle(key, { t: 'failed', ...toFault(error).toJSON() });
      throw error;
    }
    const { value, seq } = result;
    await this.#settle(key, value === undefined ? { t: 'done', seq } : { t: 'done', seq, value });
    return result;
  }

  async #enter(key: LedgerKey): Promise<LedgerEntry | undefined> {
    const { value } = await this.#store.write(async ({ tx, atEnd }) => {
      const earlier = await findInLedger(tx, key);
      const at = this.#store.now();
      if (!earlier) atEnd(() => ledgerEntry(key, { value: { t: 'running' }, seq: null, at }));
      return earlier;
    });
    return value;
  }

  /** The caller gets the outcome also where it could not be stored: what was done is done. */
  async #settle(key: LedgerKey, outcome: Outcome): Promise<void> {
    try {
      await this.#store.write(({ tx }) => settleLedger(tx, key.opId, outcome));
    } catch (error) {
      this.#env.log.error('action.not_stored', { call: key.call, error: String(error) });
    }
  }
}

function repeat({ value }: LedgerEntry): CallResult {
  const outcome = parseShape(outcomeShape, value, 'ledger');
  if (outcome.t === 'done') return { value: outcome.value, seq: outcome.seq };
  if (outcome.t === 'failed') throw Fault.fromJSON(outcome);
  throw new Fault('cancelled', 'the server went down while this action ran; it is not run again');
}
