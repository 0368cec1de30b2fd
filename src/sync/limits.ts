/** How much the rows that clients follow may cost. */

/** What is read to find out who sees a change that other rows decide about (`exists` in a read policy). */
export interface SurveyLimits {
  /** Rows of the other entity that may meet one `exists` for one row: members of a room who are here, say. */
  readonly maxWitnesses: number;
  /** Rows that one change of the other entity may show or hide: the messages of the room. */
  readonly maxReached: number;
  /** Reads and rows that they find, for one transaction or one look at the log; the last read may go beyond. */
  readonly maxRead: number;
  /** Transactions behind the part of the log that a catch-up looks at. */
  readonly maxLater: number;
}

/** Beyond them a client reads the log by itself, or makes a new copy: right, but dearer. */
export const DEFAULT_SURVEY: SurveyLimits = {
  maxWitnesses: 1000,
  maxReached: 1000,
  maxRead: 10_000,
  maxLater: 2000,
};

/** What watched queries may cost. */
export interface WatchLimits {
  /** Watched queries of one session at once. */
  readonly perSession: number;
  /** Rows that one run may read. */
  readonly maxRows: number;
  /** Time of one run. All watched queries of a server wait for it. */
  readonly maxMs: number;
  /** UTF-16 units of a result as JSON. */
  readonly maxResult: number;
  /** UTF-16 units of all that a session is told at once. */
  readonly maxAnswer: number;
  /** A query that goes over one of these so many times in a row is ended. */
  readonly maxOverruns: number;
}

export const DEFAULT_WATCH: WatchLimits = {
  perSession: 200,
  maxRows: 20_000,
  maxMs: 1000,
  maxResult: 1 << 20,
  maxAnswer: 16 << 20,
  maxOverruns: 3,
};

/** What subscriptions may hold and send. */
export interface LiveLimits {
  /** Rows of one subscription; it is ended when it has more. Also the largest `limit`. */
  readonly maxSubscriptionRows: number;
  /** Rows that are held behind the `limit` of a query, to slide in when rows before them leave. */
  readonly reserveRows: number;
  /** Different queries, by different audiences, at once. */
  readonly maxSets: number;
  /** Rows that all queries with a limit may hold together, reserves included. */
  readonly maxHeldRows: number;
  /** Characters of the first rows of all subscriptions of a session; one that goes beyond is refused. */
  readonly maxFirstChars: number;
}

export const DEFAULT_LIVE: LiveLimits = {
  maxSubscriptionRows: 10_000,
  reserveRows: 50,
  maxSets: 20_000,
  maxHeldRows: 1_000_000,
  maxFirstChars: 32 << 20,
};
