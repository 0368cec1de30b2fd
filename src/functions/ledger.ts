/**
 * Exactly-once results: an op id, once its mutation has committed, answers with the stored result. Written
 * in the same transaction as the mutation's changes. [L1] [L3] An op id belongs to one viewer and one call.
 */
import { Fault } from '../base/fault.ts';
import type { Json } from '../base/json.ts';
import type { Statement } from '../store/row-statements.ts';
import type { Transaction } from '../store/transaction.ts';

export const LEDGER_TABLES = [
  'DROP TABLE IF EXISTS _ledger', // its place in databases of before 2026-11-21, which nothing was released with
  `CREATE TABLE IF NOT EXISTS _results (
     n INTEGER PRIMARY KEY, op_id TEXT NOT NULL UNIQUE, viewer TEXT NOT NULL, call TEXT NOT NULL,
     at INTEGER NOT NULL, seq INTEGER, result TEXT) STRICT`,
];

const INSERT = 'INSERT INTO _results (op_id, viewer, call, at, seq, result) VALUES (?, ?, ?, ?, ?, ?)';

/** How long results are kept. */
export const LEDGER_KEEP_MS = 14 * 24 * 3600 * 1000;

/** A transaction whose seq is a multiple of it looks at the TRIM_ROWS oldest entries. */
const TRIM_EVERY = 256;
const TRIM_ROWS = 1024;
/** From the oldest entry on: to the first that is kept, or to the last that is looked at. */
const TRIM = `DELETE FROM _results WHERE n < coalesce(
  (SELECT n FROM _results WHERE n < (SELECT min(n) FROM _results) + ?1 AND at >= ?2 ORDER BY n LIMIT 1),
  (SELECT min(n) FROM _results) + ?1)`;

export interface LedgerKey {
  readonly opId: string;
  /** Who asks; another viewer never gets the result. */
  readonly viewer: string;
  /** Function and arguments, so that an op id cannot be reused for something else. */
  readonly call: string;
}

export interface LedgerEntry {
  readonly value: Json | undefined;
  readonly seq: number | null;
}

/** Undefined for an op id that never committed. Throws `conflict` when it was used for something else. */
export async function findInLedger(tx: Transaction, key: LedgerKey): Promise<LedgerEntry | undefined> {
  const [row] = await tx.all('SELECT viewer, call, seq, result FROM _results WHERE op_id = ?', [key.opId]);
  if (!row) return undefined;
  if (row.viewer !== key.viewer || row.call !== key.call) {
    throw new Fault('conflict', 'this op id was used for another call');
  }
  return {
    value: row.result === null ? undefined : JSON.parse(String(row.result)),
    seq: row.seq === null ? null : Number(row.seq),
  };
}

/** The statement that enters a result. */
export function ledgerEntry(key: LedgerKey, entry: LedgerEntry & { at: number }): Statement {
  const result = entry.value === undefined ? null : JSON.stringify(entry.value);
  return { sql: INSERT, params: [key.opId, key.viewer, key.call, entry.at, entry.seq, result] };
}

/**
 * The statement that forgets some of the results older than LEDGER_KEEP_MS; undefined when it is not the turn
 * of this transaction. More are forgotten than are entered, so the ledger is as long as it must be.
 */
export function ledgerTrim(seq: number | null, now: number): Statement | undefined {
  if (seq === null || seq % TRIM_EVERY !== 0) return undefined;
  return { sql: TRIM, params: [TRIM_ROWS, now - LEDGER_KEEP_MS] };
}

/** Replaces the value of an entry: what became of an action that was entered when it began. */
export async function settleLedger(tx: Transaction, opId: string, value: Json): Promise<void> {
  await tx.run('UPDATE _results SET result = ? WHERE op_id = ?', [JSON.stringify(value), opId]);
}
