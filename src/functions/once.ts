/**
 * One transaction, at most once per op id: the ledger is asked first, and written with the changes. [L1] [L3]
 * Used by Functions for mutations and row writes.
 */
import { fnv1a64 } from '../base/hash.ts';
import { canonicalJson, isJsonObject, type Json } from '../base/json.ts';
import type { Viewer } from '../policy/viewer.ts';
import type { JobContext } from '../store/group-commit.ts';
import type { Store } from '../store/store.ts';
import { findInLedger, type LedgerEntry, type LedgerKey, ledgerEntry, ledgerTrim } from './ledger.ts';

/** `seq` is the transaction that holds the effects; null when nothing was written. */
export interface CallResult {
  readonly value: Json | undefined;
  readonly seq: number | null;
}

export interface OnceDeps {
  readonly store: Store;
  /** Undefined: without an op id it runs each time. */
  readonly key: LedgerKey | undefined;
  /** Name of the function, where one runs. */
  readonly pure?: string;
}

/** Resolves when it is durable, with the stored result if it ran before. */
export async function writeOnce(
  { store, key, pure }: OnceDeps,
  work: (context: JobContext) => Promise<Json | undefined>,
): Promise<CallResult> {
  let repeated: LedgerEntry | undefined;
  const { value, seq } = await store.write(
    async (context) => {
      if (key) {
        repeated = await findInLedger(context.tx, key);
        if (repeated) return repeated.value;
      }
      const result = await work(context);
      if (key) {
        const at = store.now();
        context.atEnd((seq) => ledgerEntry(key, { value: result, seq, at }));
        context.atEnd((seq) => ledgerTrim(seq, at));
      }
      return result;
    },
    pure === undefined ? {} : { pure },
  );
  return { value, seq: repeated ? repeated.seq : seq };
}

/** `call` says in a few bytes what an op id stands for; the arguments may be large. */
export function ledgerKey(
  opId: string | undefined,
  viewer: Viewer,
  [name, args]: readonly [name: string, args: Json],
): LedgerKey | undefined {
  if (opId === undefined) return undefined;
  const empty = isJsonObject(args) && Object.keys(args).length === 0;
  return { opId, viewer: viewer.userId ?? '', call: `${name} ${empty ? '' : fnv1a64(canonicalJson(args))}` };
}
