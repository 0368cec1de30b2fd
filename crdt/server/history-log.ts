/**
 * The history of documents in SQL: who changed a document when, and versions with a name. A line of it says from
 * which version a stretch of changes began; the stretch ends where the next one begins. So a document that is
 * written without a pause costs one line in `historyMs` and not one for each update. Written with the updates
 * themselves, in their transaction; times are the server's.
 */
import { Fault } from '../../src/base/fault.ts';
import { parseShape, s } from '../../src/base/shape.ts';
import type { SqlRow } from '../../src/store/sql-driver.ts';
import type { Transaction } from '../../src/store/transaction.ts';
import type { DocRef } from '../core/doc-ref.ts';
import {
  type DocChange,
  type HistoryPage,
  MAX_NAME_CHARS,
  MAX_PAGE,
  type NamedVersion,
  type PageWish,
} from '../core/history.ts';
import type { DocsOptions } from './options.ts';
import type { LogSource } from './stored-doc.ts';

export const HISTORY_TABLES = [
  `CREATE TABLE IF NOT EXISTS _doc_history (entity TEXT NOT NULL, id TEXT NOT NULL, rev INTEGER NOT NULL,
    at INTEGER NOT NULL, authors TEXT NOT NULL, since TEXT NOT NULL, PRIMARY KEY (entity, id, rev)) STRICT`,
  `CREATE TABLE IF NOT EXISTS _doc_names (entity TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL,
    version TEXT NOT NULL, at INTEGER NOT NULL, author TEXT NOT NULL, PRIMARY KEY (entity, id, name)) STRICT`,
];

const DEFAULT_PAGE = 50;

const authorsShape = s.array(s.string());

/** One update, for the history. */
export interface Note {
  /** Owners of peer ids, as `ownerOf` says them. */
  readonly authors: readonly string[];
  readonly at: number;
  /** The version before the update. */
  readonly since: string;
}

export class HistoryLog {
  readonly #options: DocsOptions;

  constructor(options: DocsOptions) {
    this.#options = options;
  }

  /** Revision `rev` was appended. Returns the stretch that it belongs to. */
  async note(
    tx: Transaction,
    ref: DocRef,
    { rev, authors, at, since }: Note & { rev: number },
  ): Promise<Pick<Note, 'at' | 'authors'>> {
    const key = [ref.entity, ref.id];
    const { historyMs, maxHistory } = this.#options;
    const [last] = await tx.all(
      'SELECT rev, at, authors FROM _doc_history WHERE entity = ? AND id = ? ORDER BY rev DESC LIMIT 1',
      key,
    );
    if (last && at - Number(last.at) < historyMs) {
      const before = authorsOf(last);
      const all = [...new Set([...before, ...authors])];
      if (all.length > before.length)
        await tx.run('UPDATE _doc_history SET authors = ? WHERE entity = ? AND id = ? AND rev = ?', [
          JSON.stringify(all),
          ...key,
          Number(last.rev),
        ]);
      return { at: Number(last.at), authors: all };
    }
    await tx.run('INSERT INTO _doc_history (entity, id, rev, at, authors, since) VALUES (?, ?, ?, ?, ?, ?)', [
      ...key,
      rev,
      at,
      JSON.stringify(authors),
      since,
    ]);
    await tx.run(
      `DELETE FROM _doc_history WHERE entity = ? AND id = ? AND rev <= (SELECT rev FROM _doc_history
        WHERE entity = ? AND id = ? ORDER BY rev DESC LIMIT 1 OFFSET ?)`,
      [...key, ...key, maxHistory],
    );
    return { at, authors };
  }

  /** `head`: the version of the document. */
  async page(source: LogSource, ref: DocRef, wish: PageWish & { head: () => string }): Promise<HistoryPage> {
    const { limit = DEFAULT_PAGE, before, head } = wish;
    if (!(Number.isInteger(limit) && limit >= 1 && limit <= MAX_PAGE))
      throw new Fault('invalid', `limit must be a whole number in 1..${MAX_PAGE}`);
    // One more at either end: where the newest stretch of this page ends, and whether there is another page.
    const rows = await source.all(
      `SELECT rev, at, authors, since FROM _doc_history WHERE entity = ? AND id = ? AND rev <= ?
        ORDER BY rev DESC LIMIT ?`,
      [ref.entity, ref.id, before ?? Number.MAX_SAFE_INTEGER, limit + 2],
    );
    const bound = before === undefined ? undefined : rows.find((row) => Number(row.rev) === before);
    const own = bound ? rows.filter((row) => row !== bound) : rows;
    let version = bound ? String(bound.since) : head();
    const changes: DocChange[] = [];
    for (const row of own.slice(0, limit)) {
      const since = String(row.since);
      const authors = authorsOf(row).map(userIdOf);
      changes.push({ version, since, at: Number(row.at), authors });
      version = since;
    }
    const last = own[limit - 1];
    return { changes, before: own.length > limit && last ? Number(last.rev) : null };
  }

  /**
   * A version of which all operations are older than `atMs`, the newest one that is known: `now` for the present one.
   * Null: there is none.
   */
  async before(source: LogSource, ref: DocRef, atMs: number): Promise<string | 'now' | null> {
    const key = [ref.entity, ref.id];
    const [last] = await source.all(
      'SELECT rev FROM _doc_history WHERE entity = ? AND id = ? AND at <= ? ORDER BY rev DESC LIMIT 1',
      [...key, atMs - this.#options.historyMs],
    );
    if (!last) return null;
    const [next] = await source.all(
      'SELECT since FROM _doc_history WHERE entity = ? AND id = ? AND rev > ? ORDER BY rev LIMIT 1',
      [...key, Number(last.rev)],
    );
    return next ? String(next.since) : 'now';
  }

  /** Throws `invalid` for a bad name, `conflict` for one that is taken, `overloaded` over `maxNames`. */
  async name(
    tx: Transaction,
    ref: DocRef,
    named: { name: string; version: string; at: number; author: string },
  ): Promise<void> {
    const { name, version, at, author } = named;
    if (name.trim() === '' || name.length > MAX_NAME_CHARS)
      throw new Fault('invalid', `a version's name has 1 to ${MAX_NAME_CHARS} characters`);
    const key = [ref.entity, ref.id];
    const [row] = await tx.all(
      'SELECT COUNT(*) AS count, TOTAL(name = ?) AS taken FROM _doc_names WHERE entity = ? AND id = ?',
      [name, ...key],
    );
    if (Number(row?.taken) > 0) throw new Fault('conflict', 'the document has a version of that name');
    const { maxNames } = this.#options;
    if (Number(row?.count) >= maxNames) throw new Fault('overloaded', `more than ${maxNames} named versions`);
    await tx.run('INSERT INTO _doc_names (entity, id, name, version, at, author) VALUES (?, ?, ?, ?, ?, ?)', [
      ...key,
      name,
      version,
      at,
      author,
    ]);
  }

  /** The newest first. */
  async names(source: LogSource, ref: DocRef): Promise<NamedVersion[]> {
    const rows = await source.all(
      'SELECT name, version, at, author FROM _doc_names WHERE entity = ? AND id = ? ORDER BY at DESC, name',
      [ref.entity, ref.id],
    );
    return rows.map(({ name, version, at, author }) => ({
      name: String(name),
      version: String(version),
      at: Number(at),
      author: userIdOf(String(author)),
    }));
  }

  /** Throws `not_found`. */
  async unname(tx: Transaction, ref: DocRef, name: string): Promise<void> {
    const gone = await tx.run('DELETE FROM _doc_names WHERE entity = ? AND id = ? AND name = ?', [
      ref.entity,
      ref.id,
      name,
    ]);
    if (gone === 0) throw new Fault('not_found', 'the document has no version of that name');
  }
}

function authorsOf(row: SqlRow): string[] {
  return parseShape(authorsShape, JSON.parse(String(row.authors)), 'authors');
}

/** Owners are `user:<id>` or `anonymous`; who was not known is nobody either. */
function userIdOf(owner: string): string | null {
  return owner.startsWith('user:') ? owner.slice('user:'.length) : null;
}
