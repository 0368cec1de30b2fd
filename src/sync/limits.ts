/** How much is read to find out who sees a change that other rows decide about (`exists` in a read policy). */

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
