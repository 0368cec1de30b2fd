/** What may be set about documents on a server. Each limit has a default here and a test at its edge. [N3] */
import type { BackoffOptions } from '../../src/base/backoff.ts';
import type { BlobOptions } from './blob-parts.ts';
import type { PushRateOptions } from './push-rate.ts';
import type { QuarantineOptions } from './quarantine.ts';
import type { SuspectOptions } from './suspects.ts';

/** For `docs(options)`. Times in ms, sizes in bytes. */
export interface DocsOptions extends SuspectOptions, QuarantineOptions, PushRateOptions, BlobOptions {
  /** Entities of which every update is tried in the materialiser before anybody gets it. [D3] */
  tryFirst: readonly string[];
  /** How long a document stays loaded after its last reader left. [D4] */
  lingerMs: number;
  /** About as many bytes of documents stay loaded; above it those without readers go, the one unused longest first. */
  maxBytes: number;
  /** Documents loaded at once; one more is refused as `overloaded`. */
  maxDocs: number;
  /** Readers of one document at once; one more is refused as `overloaded`. */
  maxReaders: number;
  /** Bytes of one push. A larger one is refused as `too_large`. */
  maxUpdateBytes: number;
  /**
   * Bytes of an update that the thread that serves everybody imports. A larger one goes to a worker, and its document
   * with it until it is unloaded.
   */
  maxImportBytes: number;
  /** Bytes of a stored snapshot that this thread loads; a larger document is held by a worker from the start. */
  maxLoadBytes: number;
  /**
   * Bytes of a stored document that `ctx.docs` reads and edits, on the thread that serves everybody; a larger one
   * is refused as `too_large`.
   */
  maxEditBytes: number;
  /** Bytes of stored documents that are kept ready for the next edit by `ctx.docs`; those used longest ago go. */
  maxScratchBytes: number;
  /** Bytes of one document received and not yet durable; more is refused as `overloaded`, to be sent later. */
  maxUndurableBytes: number;
  /** Pushes refused for good on one channel before it is closed as `bad_message`. */
  maxRefusals: number;
  /** Bytes of updates that came before what they build on, after which the document forgets them. */
  maxPendingBytes: number;
  /** Longest stretch of changes that the history shows as one. */
  historyMs: number;
  /** Stretches of changes that a document's history keeps; older ones go. */
  maxHistory: number;
  /** Named versions of a document; one more is refused as `overloaded`. */
  maxNames: number;
  /**
   * Characters that a row shows of a text in its document; of a longer one it shows the beginning. A map, a list or a
   * tree that is longer as JSON shows as the field's default.
   */
  maxColumnChars: number;
  /** Least time between two projections of one document to its row. */
  projectMs: number;
  /** Reads that wait at once for a revision of one document to show in its row; one more fails as `overloaded`. */
  maxProjectionWaits: number;
  /** Where documents are read and snapshots made: in a worker thread, or on the server's own (tests, bundled servers). */
  materialiser: 'worker' | 'inline';
  /** Documents of which the materialiser keeps a copy; the one unused longest is let go. */
  maxShadows: number;
  /** Traps in the materialiser's WebAssembly after which its worker is replaced. [D3] */
  maxTraps: number;
  /** Bytes of WebAssembly memory after which the materialiser's worker is replaced when it has nothing to do. */
  maxWorkerBytes: number;
  /** How long one job of the materialiser may take before its worker is replaced. */
  jobTimeoutMs: number;
  /** Jobs that wait for the materialiser's worker; one more fails as `overloaded` and is tried again. */
  maxJobs: number;
  /** Updates in a document's log after which they are folded into a snapshot. */
  compactUpdates: number;
  /** Bytes of updates in a document's log after which they are folded into a snapshot. */
  compactBytes: number;
  /**
   * How long the history of a document is kept at least: when nobody has it open, older operations are dropped that
   * every known device holds and no named version needs. 0: the whole history is kept. [D6]
   */
  trimHistoryMs: number;
  /** How long a device that does not come back is waited for. */
  deviceMs: number;
  /** Devices of one document that are waited for; with one more, the one that was away longest is not. */
  maxDevices: number;
  /** Documents that wait to be trimmed; one more has its turn after it was opened again. */
  maxTrims: number;
  /** The least time between two commits of one document; the first one after a pause waits for nothing. */
  commitMs: number;
  /** Each reader lengthens that time by this much, up to `maxCommitMs`: a commit is a frame to each of them. */
  commitMsPerReader: number;
  /** The longest that time gets. */
  maxCommitMs: number;
  /** Pushes in wait for a commit that begins before that time. */
  commitPushes: number;
  /** How long `received` waits; a commit that is faster is told alone. */
  receivedMs: number;
  /** Operations from which on a new reader gets a snapshot instead of the updates; it imports faster. */
  snapshotOps: number;
  /** Waits between attempts to write or project when the store fails. [D10] */
  retry: BackoffOptions;
  /** Least time between two awareness frames of one document. */
  awarenessMs: number;
  /** How long an awareness state lives when it is not said again. [D7] */
  awarenessTimeoutMs: number;
  /** How long `drain` waits for a store that fails. */
  drainMs: number;
}

/** What counts where `docs(options)` says nothing. */
export const DEFAULT_DOCS: DocsOptions = {
  tryFirst: [],
  pushesPerSecond: 20_000,
  pushBytesPerSecond: 32 << 20,
  suspectMs: 3_600_000,
  maxStrikes: 3,
  barMs: 600_000,
  maxSuspects: 10_000,
  maxMainTraps: 20,
  maxQuarantined: 1000,
  maxQuarantinedBytes: 64 << 20,
  partBytes: 128 << 10,
  lingerMs: 30_000,
  maxBytes: 256 << 20,
  maxDocs: 20_000,
  maxReaders: 10_000,
  maxUpdateBytes: 4 << 20,
  maxImportBytes: 16 << 10,
  maxLoadBytes: 256 << 10,
  maxEditBytes: 256 << 10,
  maxScratchBytes: 4 << 20,
  maxUndurableBytes: 16 << 20,
  maxRefusals: 16,
  maxPendingBytes: 256 << 10,
  historyMs: 60_000,
  maxHistory: 1000,
  maxNames: 100,
  maxColumnChars: 64 << 10,
  projectMs: 250,
  maxProjectionWaits: 1000,
  materialiser: 'worker',
  maxShadows: 500,
  maxTraps: 20,
  maxWorkerBytes: 512 << 20,
  jobTimeoutMs: 20_000,
  maxJobs: 20_000,
  compactUpdates: 500,
  compactBytes: 1 << 20,
  trimHistoryMs: 0,
  deviceMs: 30 * 86_400_000,
  maxDevices: 1000,
  maxTrims: 1000,
  receivedMs: 20,
  commitMs: 2,
  commitMsPerReader: 0.06,
  maxCommitMs: 16,
  commitPushes: 32,
  snapshotOps: 2000,
  retry: { baseMs: 200, capMs: 10_000 },
  awarenessMs: 50,
  awarenessTimeoutMs: 30_000,
  drainMs: 10_000,
};
