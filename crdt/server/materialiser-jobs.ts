/**
 * All work on attached documents, as plain functions: bytes in, JSON and bytes out. Both hosts of the
 * materialiser run them (inline-host.ts, materialiser-worker.ts), on a desk of their own. A new kind of work is one
 * more function in JOBS and nothing else; materialiser.test.ts holds all of them to the same answers on both hosts.
 *
 * A shadow is an attached copy of a document that lives from job to job; other documents live for one job
 * (`withDocument`). Bytes may trap: the document is dead then, and only that one. [D3]
 */
import { LoroDoc } from 'loro-crdt';
import { Fault } from '../../src/base/fault.ts';
import type { Json, JsonObject } from '../../src/base/json.ts';
import {
  addAll,
  append,
  between,
  type Entries,
  emptyCopy,
  type Filled,
  factsOf,
  fill,
  frontAt,
} from './copy-jobs.ts';
import { freeQuietly } from './free-quietly.ts';
import { restoreTo, viewAt } from './history-jobs.ts';
import { type Column, readColumns } from './read-fields.ts';
import { proven, type Span, slice, trial } from './trial-jobs.ts';
import { type TrimInput, trim } from './trim-jobs.ts';
import type { FactsJson } from './update-facts.ts';

/** Byte inputs: never written to, and valid only while the job runs. */
export type Bytes = readonly Uint8Array[];

export interface Answer<T extends Json = Json> {
  readonly json: T;
  readonly bytes: Bytes;
}

/** A shadow, and what it is given first: updates in order. `fresh`: it is begun, and must not be otherwise. */
export type Feed = { shadow: number; fresh: boolean };

/** The shadows of one host. */
export class Desk {
  readonly #shadows = new Map<number, LoroDoc>();

  get size(): number {
    return this.#shadows.size;
  }

  /** The shadow with the bytes in it. One that fails is closed: it would lack what its owner thinks it has. */
  fed({ shadow, fresh }: Feed, bytes: Bytes): LoroDoc {
    if (fresh) {
      this.close(shadow);
      this.#shadows.set(shadow, new LoroDoc());
    }
    const doc = this.#shadows.get(shadow);
    if (!doc) throw new Fault('unavailable', 'no such shadow');
    try {
      importAll(doc, bytes);
    } catch (error) {
      this.close(shadow);
      throw error;
    }
    return doc;
  }

  /** As `fed`, of a detached copy (copy-jobs.ts); with `work` instead of the bare import. */
  kept<T>({ shadow, fresh }: Feed, bytes: Bytes, work: (doc: LoroDoc) => T): T {
    if (fresh) {
      this.close(shadow);
      this.#shadows.set(shadow, emptyCopy(bytes[0]));
    }
    const doc = this.#shadows.get(shadow);
    if (!doc) throw new Fault('unavailable', 'no such copy');
    try {
      return work(doc);
    } catch (error) {
      this.close(shadow);
      throw error;
    }
  }

  close(shadow: number): void {
    const doc = this.#shadows.get(shadow);
    this.#shadows.delete(shadow);
    if (doc) freeQuietly(doc);
  }

  clear(): void {
    for (const shadow of [...this.#shadows.keys()]) this.close(shadow);
  }
}

/** A document of these updates, freed after `work`. */
export function withDocument<T>(updates: Bytes, work: (doc: LoroDoc) => T): T {
  const doc = new LoroDoc();
  try {
    importAll(doc, updates);
    return work(doc);
  } finally {
    freeQuietly(doc);
  }
}

/**
 * Snapshots from here on are imported as updates. A snapshot loads in milliseconds, but the first change or import
 * after it is quadratic in the pieces of a text: a minute for 5 MB that were typed here and there, against 3 s.
 */
const LARGE_BYTES = 1 << 20;

/** Throws what Loro throws (a string for bad bytes, an Error on a trap), and a Fault for a gap. */
export function importAll(doc: LoroDoc, updates: Bytes): void {
  for (const update of updates) {
    if (doc.import(update.length < LARGE_BYTES ? update : asUpdates(update)).pending)
      throw new Fault('unavailable', 'an update that builds on what is missing');
  }
}

/** What is no whole document stays as it is. */
function asUpdates(bytes: Uint8Array): Uint8Array {
  const doc = new LoroDoc();
  try {
    doc.detach();
    return doc.import(bytes).pending || doc.isShallow() ? bytes : doc.export({ mode: 'update' });
  } finally {
    freeQuietly(doc);
  }
}

export const JOBS = {
  /** The values of a shadow's fields, as its bytes say; what does not fit a column is the caller's to judge. */
  read(
    desk: Desk,
    input: Feed & { columns: readonly Column[]; maxChars?: number },
    bytes: Bytes,
  ): Answer<JsonObject> {
    return { json: readColumns(desk.fed(input, bytes), input.columns, input.maxChars), bytes: [] };
  },

  /** A shadow as a snapshot with its full history. */
  snapshot(desk: Desk, input: Feed, bytes: Bytes): Answer<null> {
    return { json: null, bytes: [proven(desk.fed(input, bytes).export({ mode: 'snapshot' }))] };
  },

  /** A shadow as it is, without what led there. */
  shallow(desk: Desk, input: Feed, bytes: Bytes): Answer<null> {
    const doc = desk.fed(input, bytes);
    return { json: null, bytes: [doc.export({ mode: 'shallow-snapshot', frontiers: doc.frontiers() })] };
  },

  /** A document of these updates as a snapshot with its full history. */
  snapshotOf(_desk: Desk, _input: Record<string, never>, bytes: Bytes): Answer<null> {
    return { json: null, bytes: [withDocument(bytes, (doc) => proven(doc.export({ mode: 'snapshot' })))] };
  },

  /** Whether pages can live with these updates, one on top of the other; throws when they cannot. */
  trial(_desk: Desk, _input: Record<string, never>, bytes: Bytes): Answer<null> {
    trial(bytes);
    return { json: null, bytes: [] };
  },

  /** What an update says of itself; throws when it cannot be read. */
  inspect(_desk: Desk, _input: Record<string, never>, bytes: Bytes): Answer<FactsJson> {
    return { json: factsOf(bytes[0]!), bytes: [] };
  },

  /** Begins a copy of these updates. */
  fill(desk: Desk, input: Feed, bytes: Bytes): Answer<Filled> {
    return { json: desk.kept(input, bytes, (doc) => fill(doc, bytes)), bytes: [] };
  },

  /** Adds the last of these updates to a copy; throws when it does not fit, and the copy is gone then. */
  append(desk: Desk, input: Feed, bytes: Bytes): Answer<null> {
    desk.kept(input, bytes, (doc) => {
      addAll(doc, bytes.slice(0, -1));
      append(doc, bytes.at(-1)!);
    });
    return { json: null, bytes: [] };
  },

  /** Operations of a copy. */
  between(desk: Desk, input: Feed & { from: Entries; to: Entries }, bytes: Bytes): Answer<null> {
    const work = (doc: LoroDoc) => {
      addAll(doc, bytes);
      return between(doc, input);
    };
    return { json: null, bytes: [desk.kept(input, bytes, work)] };
  },

  /** The operations at the front of a version of a copy. */
  front(desk: Desk, input: Feed & { at: Entries }, bytes: Bytes): Answer<Entries> {
    const work = (doc: LoroDoc) => {
      addAll(doc, bytes);
      return frontAt(doc, input.at);
    };
    const front = desk.kept(input, bytes, work);
    return { json: front.map(({ peer, counter }) => [peer, counter]), bytes: [] };
  },

  /** Parts of what the last update adds to the others. */
  slice(_desk: Desk, { spans }: { spans: Span[] | null }, bytes: Bytes): Answer<Span[]> {
    const { pieces, ...found } = slice(bytes, spans);
    return { json: found.spans, bytes: pieces };
  },

  /** The values of the fields at a version of a document of these updates. */
  viewAt(
    _desk: Desk,
    input: { version: string; columns: readonly Column[] },
    bytes: Bytes,
  ): Answer<JsonObject> {
    return { json: withDocument(bytes, (doc) => viewAt(doc, input)), bytes: [] };
  },

  /** The edit by `peer` that makes a document of these updates what it was; no bytes when it is that. */
  restoreTo(_desk: Desk, input: { version: string; peer: string }, bytes: Bytes): Answer<null> {
    return { json: null, bytes: withDocument(bytes, (doc) => restoreTo(doc, input)) };
  },

  /** A document of these updates without what came before a version; no bytes when nothing may go. */
  trim(_desk: Desk, input: TrimInput, bytes: Bytes): Answer<null> {
    return { json: null, bytes: withDocument(bytes, (doc) => trim(doc, input)) };
  },

  /** Ends a shadow; one that is not there is no error. */
  close(desk: Desk, input: { shadow: number }): Answer<null> {
    desk.close(input.shadow);
    return { json: null, bytes: [] };
  },
};

export type JobName = keyof typeof JOBS;
export type JobInput<K extends JobName> = Parameters<(typeof JOBS)[K]>[1];
export type JobAnswer<K extends JobName> = ReturnType<(typeof JOBS)[K]>;

export type Outcome<A extends Answer = Answer> =
  | { ok: true; answer: A }
  /** `trap`: WebAssembly code panicked; some hundred of these kill the whole instance. */
  | { ok: false; fault: Fault; trap: boolean };

/** Never throws: what a job throws is an outcome. */
export function runJob<K extends JobName>(
  desk: Desk,
  job: { name: K; input: JobInput<K> },
  bytes: Bytes,
): Outcome<JobAnswer<K>> {
  try {
    const run = JOBS[job.name] as (desk: Desk, input: JobInput<K>, bytes: Bytes) => JobAnswer<K>;
    return { ok: true, answer: run(desk, job.input, bytes) };
  } catch (error) {
    const trap = isTrap(error);
    return { ok: false, fault: faultOf(error, trap), trap };
  }
}

/** Whether WebAssembly code panicked. Loro refuses bytes with a string. */
export function isTrap(error: unknown): boolean {
  return error instanceof Error && error.name === 'RuntimeError';
}

function faultOf(error: unknown, trap: boolean): Fault {
  if (error instanceof Fault) return error;
  if (typeof error === 'string')
    return new Fault('invalid', `Loro refuses these bytes: ${error.slice(0, 200)}`);
  const what = trap ? 'a document trapped' : 'a job failed';
  return new Fault('internal', `${what}: ${String(error).slice(0, 200)}`);
}
