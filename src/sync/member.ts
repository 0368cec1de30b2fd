/** A session as FanOut and LiveRows see it. */
import type { Viewer } from '../policy/viewer.ts';

/** A replica that is up to date and takes batches as they come. */
export interface Member {
  readonly viewer: Viewer;
  /** Where the client's copy stands. */
  readonly cursor: number;
  /** `text` is a batch from `cursor` to `to`. */
  deliver(text: string, to: number): void;
  /** What it missed, if anything, is to be found in the log. */
  restart(): void;
}
