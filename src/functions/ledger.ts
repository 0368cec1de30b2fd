/**
 * Exactly-once results: an op id, once its mutation has committed, answers with the stored result. Written
 * in the same transaction as the mutation's changes. [L1] [L3] An op id belongs to one viewer and one call.
 */
import { Fault } from '../base/fault.ts';
import type { Json } from '../base/json.ts';
import type { Statement } from '../store/row-statements.ts';
import type { Transaction } from '../store/transaction.ts';

export const LEDGER_TABLES = [
  `CREATE TABLE IF NOT EXISTS _ledger (
     n INTEGER PRIMARY KEY, op_id TEXT NOT NULL UNIQUE, viewer TEXT NOT NULL, call TEXT NOT NULL,
     at INTEGER NOT NULL, seq INTEGER, result TEXT) STRICT`,
];

const INSERT = 'INSERT INTO _ledger (op_id, viewer, call, at, seq, result) VALUES (?, ?, ?, ?, ?, ?)';

/** How long results are kept. */
export const LEDGER_KEEP_MS = 14 * 24 * 3600 * 1000;

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
  const [row] = await tx.all('SELECT viewer, call, seq, result FROM _ledger WHERE op_id = ?', [key.opId]);
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

/** Forgets results older than LEDGER_KEEP_MS, from the oldest on to the first that is kept. */
export async function trimLedger(tx: Transaction, now: number): Promise<void> {
  const [kept] = await tx.all('SELECT n FROM _ledger WHERE at >= ? ORDER BY n LIMIT 1', [
    now - LEDGER_KEEP_MS,
  ]);
  if (kept) await tx.run('DELETE FROM _ledger WHERE n < ?', [kept.n!]);
  else await tx.run('DELETE FROM _ledger');
}

/** Replaces the value of an entry: what became of an action that was entered when it began. */
export async function settleLedger(tx: Transaction, opId: string, value: Json): Promise<void> {
  await tx.run('UPDATE _ledger SET result = ? WHERE op_id = ?', [JSON.stringify(value), opId]);
}
