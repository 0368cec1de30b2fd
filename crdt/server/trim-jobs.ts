/**
 * Cuts the history of a document, for the table of jobs (materialiser-jobs.ts). Asked for by trimmer.ts. [D6]
 */
import type { LoroDoc, PeerID } from 'loro-crdt';
import { reaches, rootOf } from '../core/shallow.ts';
import { common, toVector, type Versions, versionsOf } from '../core/versions.ts';
import { parseVersion } from './doc-version.ts';
import { proven } from './trial-jobs.ts';

export type TrimInput = {
  /** All that is newer than this version stays; null: the present one. */
  upTo: string | null;
  /** Versions that must be there still. */
  names: readonly string[];
  /** What everybody holds; null: nobody is there to be asked. */
  held: readonly (readonly [PeerID, number])[] | null;
};

/** The document without what came before; none when nothing may go. Loro may keep more than it has to. */
export function trim(doc: LoroDoc, { upTo, names, held }: TrimInput): Uint8Array[] {
  const present = versionsOf(doc);
  const cut = upTo === null ? present : versionsAt(doc, upTo);
  if (!cut) return []; // it is gone already
  let floor = held ? common(cut, new Map(held)) : cut;
  for (const name of names) {
    const named = versionsAt(doc, name);
    if (named) floor = common(floor, named);
  }
  const vector = toVector(floor);
  const frontiers = doc.vvToFrontiers(vector);
  vector.free();
  const root = rootOf(doc);
  if (frontiers.length === 0 || !reaches(root, floor)) return [];
  return [proven(doc.export({ mode: 'shallow-snapshot', frontiers }))];
}

/** Null: the document does not have this version, or not any more. */
function versionsAt(doc: LoroDoc, version: string): Versions | null {
  const present = versionsOf(doc);
  const front = parseVersion(version);
  if (front.some(({ peer, counter }) => counter >= (present.get(peer) ?? 0))) return null;
  try {
    const vector = doc.frontiersToVV(front);
    const versions = vector.toJSON();
    vector.free();
    return versions;
  } catch (error) {
    if (error instanceof Error && error.name !== 'RuntimeError') return null;
    throw error;
  }
}
