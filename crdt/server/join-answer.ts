/**
 * What a client gets that joins or joins anew: all that is durable, as far as it lacks it. Of a document that this
 * thread holds it is made at once; else the worker is asked, and what became durable meanwhile follows as updates. Used
 * by reader.ts.
 */
import type { JoinKind } from '../core/down-frame.ts';
import type { Wants } from '../core/up-frame.ts';
import { NO_VERSIONS, spansBetween, type Versions } from '../core/versions.ts';
import type { DocEntry } from './doc-entry.ts';
import type { DocsOptions } from './options.ts';
import type { Delta } from './replica.ts';

/** The bytes of an answer, and the revision that they lead to. */
export interface JoinBytes {
  readonly mode: JoinKind;
  readonly bytes: Uint8Array;
  readonly tail: Uint8Array;
  readonly rev: number;
  readonly durable: Versions;
}

interface Asked {
  /** What the client holds of this life of the document; null: it has to begin anew. */
  readonly from: Versions | null;
  readonly wants: Wants;
}

const NO_BYTES = new Uint8Array(0);

/**
 * Operations that are looked up for one client on the thread that serves everybody, at most: where more are missing, the
 * document moves to the worker. Those of 20,000 edits of a word take 8 ms.
 */
const MAX_SPAN_OPS = 50_000;

/** A promise only if the worker has to be asked. */
export function answerTo(
  entry: DocEntry,
  asked: Asked,
  options: DocsOptions,
): JoinBytes | Promise<JoinBytes> {
  const { rev, durable } = entry;
  const from = asked.from ?? NO_VERSIONS;
  const snapshot = from.size === 0 ? snapshotOf(entry, asked.wants, options) : null;
  const base = snapshot?.versions ?? from;
  const made = (update: Uint8Array | null): JoinBytes => {
    const mode = !asked.from ? 'reset' : snapshot ? snapshot.mode : update ? 'delta' : 'none';
    const rest = update ?? NO_BYTES;
    if (!snapshot) return { mode, bytes: rest, tail: NO_BYTES, rev, durable };
    return { mode, bytes: snapshot.bytes, tail: rest, rev, durable };
  };
  if (!entry.isRemote && opsBetween(base, durable) <= MAX_SPAN_OPS)
    return made(entry.after(base)?.bytes ?? null);
  return entry.intake
    .moved()
    .then(() => entry.between(base, durable))
    .then(made);
}

/** What imports faster than updates, if there is such a thing. */
function snapshotOf(
  entry: DocEntry,
  { lazy }: Wants,
  { snapshotOps }: DocsOptions,
): (Delta & { mode: JoinKind }) | null {
  if (entry.opCount < snapshotOps && entry.reaches(NO_VERSIONS)) return null;
  const shallow = lazy ? entry.snapshot('shallow') : null;
  if (shallow) return { ...shallow, mode: 'shallow' };
  const full = entry.snapshot('full');
  return full && { ...full, mode: 'snapshot' };
}

function opsBetween(from: Versions, to: Versions): number {
  return spansBetween(from, to).reduce((sum, { len }) => sum + len, 0);
}
