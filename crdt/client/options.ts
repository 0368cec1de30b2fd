/** What may be set about documents on a client. */
import type { BackoffOptions } from '../../src/base/backoff.ts';

export interface DocOptions {
  /** The first edit leaves at once; those that follow within this time leave together. */
  batchMs: number;
  /** Least time between two saves of the pending edits of one document. */
  persistMs: number;
  /** Pushes on their way; the next one waits and takes all edits made meanwhile. */
  maxInFlight: number;
  /** How long a document stays open after its last handle was closed. */
  lingerMs: number;
  /** How often a closed document with pending edits waits `lingerMs` more; what is left is sent at the next open. */
  maxLingers: number;
  /** Waits before a refused join or push is tried again. */
  retry: BackoffOptions;
  /** Bytes of the largest frame taken from the server. */
  maxFrameBytes: number;
  /** Least time between two awareness frames. */
  awarenessMs: number;
  /** How often an awareness state is said again; the server forgets it after 30 s. */
  awarenessRefreshMs: number;
}

export const DEFAULT_DOC: DocOptions = {
  batchMs: 30,
  persistMs: 100,
  maxInFlight: 8,
  lingerMs: 1000,
  maxLingers: 10,
  retry: { baseMs: 500, capMs: 15_000 },
  maxFrameBytes: 256 << 20,
  awarenessMs: 50,
  awarenessRefreshMs: 10_000,
};
