/** Settings of what sync over HTTP may take (`http` of HostOptions). [N3] */
import type { Limits } from '../protocol/limits.ts';

export interface HttpLimits {
  /** Sessions at once, those included that have ended and were not fetched yet. */
  readonly sessions: number;
  /** A session that no request has asked about for this long is over. */
  readonly idleMs: number;
  /** Longest wait of a poll for something to tell. */
  readonly longPollMs: number;
  /** Rows of one page of a copy. */
  readonly copyRows: number;
}

export const DEFAULT_HTTP: HttpLimits = {
  sessions: 10_000,
  idleMs: 30_000,
  longPollMs: 25_000,
  copyRows: 2000,
};

/** Room for what stands around the frames, and for more than one small frame. */
const PUSH_SLACK_BYTES = 256 << 10;

/** Bytes of a body with frames: the largest frame, each of whose characters may need a backslash. */
export function pushBytes({ textBytes, binaryBytes }: Limits): number {
  return 2 * Math.max(textBytes, binaryBytes) + PUSH_SLACK_BYTES;
}
