/**
 * The one door to a SQL database. Async so that Postgres fits behind it; sqlite.ts is the first
 * implementation. A driver has one connection that writes, used by one caller at a time (group-commit.ts).
 */
export type SqlValue = null | number | bigint | string | Uint8Array;
export type SqlRow = Record<string, SqlValue>;

export interface SqlDriver {
  /** False also after a failure in which the database gave up the transaction by itself. */
  readonly inTransaction: boolean;
  /** Runs one statement and returns its rows. Statements are cached by text: bind values, do not inline them. */
  all(sql: string, params?: readonly SqlValue[]): Promise<SqlRow[]>;
  /** As `all`, each row as a list in the order of its columns: half the price where rows are many. */
  lists(sql: string, params?: readonly SqlValue[]): Promise<SqlValue[][]>;
  /** Runs one statement for its effect and returns how many rows it changed. */
  run(sql: string, params?: readonly SqlValue[]): Promise<number>;
  close(): Promise<void>;
}
