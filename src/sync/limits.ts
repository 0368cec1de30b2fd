/** How much is read to find out who sees a change that other rows decide about (`exists` in a read policy). */

export interface SurveyLimits {
  /** Rows of the other entity that may meet one `exists` for one row: the members of a room, say. */
  readonly maxWitnesses: number;
  /** Rows that one change of the other entity may show or hide: the messages of the room. */
  readonly maxReached: number;
  /** Reads for one transaction, or for one look at the log. */
  readonly maxReads: number;
  /** Transactions behind the part of the log that a catch-up looks at. */
  readonly maxLater: number;
}

/** Beyond them a client reads the log by itself, or makes a new copy: right, but dearer. */
export const DEFAULT_SURVEY: SurveyLimits = {
  maxWitnesses: 1000,
  maxReached: 1000,
  maxReads: 1000,
  maxLater: 2000,
};
