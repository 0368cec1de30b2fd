/** Whoever follows a document, and what it brings: reader.ts is the one that does. */
import type { PeerID } from 'loro-crdt';
import type { Fault } from '../../src/base/fault.ts';
import type { Versions } from '../core/versions.ts';

/** Whoever follows a document. */
export interface Follower {
  /** Who it is to peer-lease.ts. */
  readonly owner: string;
  /** Whose operations it may push now. */
  readonly peer: PeerID | null;
  /** New revisions. `frame` is shared; `own` when this follower's own operations are all there is in it. */
  updated(update: { frame: Uint8Array; before: Versions; own: Own | null }): void;
  /** Pushes marked up to here are durable. False: a later mark is waited for. */
  settled(mark: number): boolean;
  /** The row is another; rights may be too. */
  rowChanged(): void;
  /** Other rows, which decide about this one, have changed. */
  rightsChanged(): void;
  /** The document is no more, for this reason. */
  ended(fault: Fault): void;
}

/** The revisions that a frame holds. */
export interface Own {
  readonly rev: number;
  readonly revs: number;
}

/** Who made an update; null for somebody who is not known. */
export type Authors = ReadonlySet<Follower | null>;
