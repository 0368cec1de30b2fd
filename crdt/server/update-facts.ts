/**
 * What an update says of itself, before it is imported. To read it takes longer than the import where an update holds
 * thousands of edits: then a worker does (copy-jobs.ts). Loro may trap on it.
 */
import { decodeImportBlobMeta, type OpId, type PeerID } from 'loro-crdt';
import type { Versions } from '../core/versions.ts';

export interface UpdateFacts {
  readonly mode: string;
  /** By peer, from where on and up to where its operations are in the update. */
  readonly starts: Versions;
  readonly ends: Versions;
  /** The operations that the first ones build on. */
  readonly front: readonly OpId[];
}

/** Facts as they travel between threads. */
export type FactsJson = {
  mode: string;
  starts: [PeerID, number][];
  ends: [PeerID, number][];
  front: [PeerID, number][];
};

/** Throws what Loro throws. */
export function readFacts(bytes: Uint8Array): UpdateFacts {
  const meta = decodeImportBlobMeta(bytes, true);
  try {
    return {
      mode: meta.mode,
      starts: meta.partialStartVersionVector.toJSON(),
      ends: meta.partialEndVersionVector.toJSON(),
      front: meta.startFrontiers,
    };
  } finally {
    meta.partialStartVersionVector.free();
    meta.partialEndVersionVector.free();
  }
}

export function factsJson({ mode, starts, ends, front }: UpdateFacts): FactsJson {
  return {
    mode,
    starts: [...starts],
    ends: [...ends],
    front: front.map(({ peer, counter }) => [peer, counter]),
  };
}

export function parseFacts({ mode, starts, ends, front }: FactsJson): UpdateFacts {
  return {
    mode,
    starts: new Map(starts),
    ends: new Map(ends),
    front: front.map(([peer, counter]) => ({ peer, counter })),
  };
}
