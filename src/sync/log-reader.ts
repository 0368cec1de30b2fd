/**
 * What one viewer may see of the rows and of the log, read from the database: pages of a copy, and what
 * came after a cursor. Used by replica.ts, which follows a connection, and by pull.ts, which answers once.
 * [S4] Policies decide about each image.  [S8] A cursor is of one viewer's claims.
 */
import { isFault } from '../base/fault.ts';
import { fnv1a64 } from '../base/hash.ts';
import type { Access } from '../policy/access.ts';
import type { Viewer } from '../policy/viewer.ts';
import type { Cursor, RowOp } from '../protocol/row-batch.ts';
import type { Commit } from '../store/change-log.ts';
import type { Snapshot, Store } from '../store/store.ts';
import type { Surveyor } from './survey.ts';
import type { Visibility } from './visibility.ts';

/** Commits read from the log at once. */
export const LOG_COMMITS = 200;

export interface LogReaderDeps {
  readonly store: Store;
  readonly access: Pick<Access, 'audienceKey'>;
  readonly visibility: Visibility;
  readonly surveyor: Surveyor;
}

export interface Seen {
  readonly ops: RowOp[];
  readonly to: number;
  /** The log held no more. */
  readonly isAll: boolean;
}

export interface SeenPage {
  readonly rows: { row_id: string; data: RowOp['data'] & object }[];
  /** The id behind which the next page begins; null after the last. */
  readonly next: string | null;
}

export class LogReader {
  readonly #deps: LogReaderDeps;

  constructor(deps: LogReaderDeps) {
    this.#deps = deps;
  }

  /**
   * The epoch of this viewer's cursors: that of the store, and of what the policies know of him. A cursor
   * from before his claims changed stands for other rows, and is answered by a reset. [S8]
   */
  epoch(viewer: Viewer): string {
    const { store, access } = this.#deps;
    return `${store.epoch}.${fnv1a64(access.audienceKey(viewer))}`;
  }

  /** False: of another history or other claims, from the future, or below the horizon. */
  isGood({ epoch, seq }: Cursor, viewer: Viewer): boolean {
    const { store } = this.#deps;
    return epoch === this.epoch(viewer) && seq <= store.seq && seq >= store.horizon;
  }

  /** What the log holds behind `seq` for this viewer; undefined when it does not tell. */
  async since(seq: number, viewer: Viewer): Promise<Seen | undefined> {
    const { store, visibility, surveyor } = this.#deps;
    try {
      return await store.read(async (snapshot) => {
        const commits = await snapshot.since(seq, LOG_COMMITS);
        const to = commits.at(-1)?.seq ?? seq;
        const later = await this.#later(snapshot, commits);
        if (!later) return undefined;
        const findings = await surveyor.survey(snapshot, { commits, later }, { name: 'one', viewer });
        const ops = visibility.ops(commits, findings, viewer);
        return ops && { ops, to, isAll: commits.length < LOG_COMMITS };
      });
    } catch (error) {
      if (isFault(error, 'stale_cursor')) return undefined;
      throw error;
    }
  }

  /** The rows of `entity` behind `afterId` that this viewer may see, as they are now. */
  async page(entity: string, viewer: Viewer, of: { afterId: string; size: number }): Promise<SeenPage> {
    const { store, visibility } = this.#deps;
    const reader = visibility.reader(entity, viewer);
    const { rows, next } = await store.read((snapshot) =>
      snapshot.page(entity, { ...of, filter: reader.clause }),
    );
    const visible = rows.flatMap((row) => {
      const data = reader.row(row);
      return data ? [{ row_id: String(row.id), data }] : [];
    });
    return { rows: visible, next };
  }

  /** The commits behind these, if they are needed to know how other rows were; undefined when too many. */
  async #later(snapshot: Snapshot, commits: readonly Commit[]): Promise<Commit[] | undefined> {
    const { surveyor } = this.#deps;
    if (commits.length < LOG_COMMITS || !commits.some((commit) => surveyor.concerns(commit))) return [];
    const { maxLater } = surveyor.limits;
    const later = await snapshot.since(commits.at(-1)!.seq, maxLater + 1);
    return later.length > maxLater ? undefined : later;
  }
}
