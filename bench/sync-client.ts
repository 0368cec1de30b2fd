/** What the sync loads do with a client of Ternion and of each peer alike. */

export interface SyncClient {
  /** Resolves when all `rows` items are here, and the server has confirmed that they are all. */
  all(rows: number): Promise<void>;
  /** Opens a view of the 1,000 items of the highest ranks; resolves when it is complete. */
  openView(): Promise<void>;
  /** Calls back when a row with this rank is in the view. */
  whenInView(rank: number, seen: () => void): void;
  /** Writes a new item, seen by this client at once. */
  insert(rank: number): void;
  close(): Promise<void>;
}

export interface SyncClientOptions {
  readonly url: string;
  readonly token: string;
}

export const VIEW_ROWS = 1000;
