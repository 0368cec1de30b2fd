/**
 * Reads what documents say. A shadow is an attached copy: importing into it is slow under concurrent writers
 * and may trap, so this is an interface that a worker thread will stand behind.
 */
import type { JsonObject } from '../../src/base/json.ts';
import type { AnyEntity } from '../../src/schema/define-schema.ts';
import type { Versions } from '../core/versions.ts';

export interface Shadow {
  /** What it holds. Feed it what lies beyond. */
  readonly versions: Versions;
  /** Imports `update`, which reaches up to `versions`, and returns the columns of the row. */
  read(update: Uint8Array | null, versions: Versions): Promise<JsonObject>;
  close(): void;
}

export interface Materialiser {
  /** An empty shadow for a document of this entity. */
  open(entity: AnyEntity): Shadow;
  /** A whole document, given as one update, as a snapshot with its full history. */
  snapshot(updates: Uint8Array): Promise<Uint8Array>;
  close(): Promise<void>;
}
