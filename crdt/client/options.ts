/** What may be set about documents on a client. */
import type { BackoffOptions } from '../../src/base/backoff.ts';

/** For `openDocWith`. Times in ms. */
export interface DocOptions {
  /** The first edit leaves at once; those that follow within this time leave together. */
  batchMs: number;
  /** Edits are on this device within this time; less when the page loses the focus, is hidden, or closes it. */
  persistMs: number;
  /** What others edited is on this device within this time. */
  copyMs: number;
  /** Documents of which this device keeps a copy, so that they open without network; the ones used last stay. 0: none. */
  keepDocs: number;
  /** Bytes of all copies together. A document that is larger is not kept. Unsent edits are always kept. */
  keepBytes: number;
  /** `lazy`: the first open loads the text without its history, which stays on the server. `full`: with it. */
  history: 'lazy' | 'full';
  /** Pushes on their way; the next one waits and takes all edits made meanwhile. */
  maxInFlight: number;
  /** Bytes of one push; more edits than this leave in several. A single operation may be larger. */
  maxPushBytes: number;
  /** How long a document stays open after its last handle was closed. */
  lingerMs: number;
  /** How often a closed document with pending edits waits `lingerMs` more; what is left is sent at the next open. */
  maxLingers: number;
  /** Waits before a refused join or push is tried again. */
  retry: BackoffOptions;
  /** How often a document that cannot be read is loaded anew from the server before it is refused. */
  maxRestarts: number;
  /** Bytes of the largest frame taken from the server. */
  maxFrameBytes: number;
  /** Least time between two awareness frames. */
  awarenessMs: number;
  /** How often an awareness state is said again; the server forgets it after 30 s. */
  awarenessRefreshMs: number;
  /** Edits within this time of each other are undone together. */
  undoMergeMs: number;
  /** Steps that can be undone. */
  undoSteps: number;
}

/** What counts for a document that is opened without options. */
export const DEFAULT_DOC: DocOptions = {
  batchMs: 30,
  persistMs: 100,
  copyMs: 1000,
  keepDocs: 200,
  keepBytes: 64 << 20,
  history: 'lazy',
  maxInFlight: 8,
  maxPushBytes: 1 << 20,
  lingerMs: 1000,
  maxLingers: 10,
  retry: { baseMs: 500, capMs: 15_000 },
  maxRestarts: 3,
  maxFrameBytes: 256 << 20,
  awarenessMs: 50,
  awarenessRefreshMs: 10_000,
  undoMergeMs: 500,
  undoSteps: 100,
};
