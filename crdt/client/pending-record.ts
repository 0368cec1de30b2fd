/**
 * The bytes in which a client keeps edits that are not durable yet: whose they are, of which life of the
 * document, and one Loro update per peer id. [D2] [S8]
 *
 *   u8 version=1 | u8 has owner (string) | string epoch | varuint count | (u64 peer, blob update)*
 */
import { Reader, Writer } from '../../src/base/bytes.ts';
import { Fault } from '../../src/base/fault.ts';

export interface PendingEntry {
  readonly peer: bigint;
  /** Operations of this peer alone. */
  readonly bytes: Uint8Array;
}

export interface PendingRecord {
  readonly owner: string | null;
  readonly epoch: string;
  readonly entries: readonly PendingEntry[];
}

const VERSION = 1;
const MAX_ENTRIES = 1000;
const MAX_TEXT_BYTES = 1024;

export function encodePending({ owner, epoch, entries }: PendingRecord): Uint8Array {
  const writer = new Writer(256).u8(VERSION).u8(owner === null ? 0 : 1);
  if (owner !== null) writer.string(owner);
  writer.string(epoch).varuint(entries.length);
  for (const { peer, bytes } of entries) writer.u64(peer).blob(bytes);
  return writer.finish();
}

/** Throws `bad_message` for what this code did not write. The entries are copies. */
export function decodePending(bytes: Uint8Array): PendingRecord {
  const reader = new Reader(bytes);
  if (reader.u8() !== VERSION) throw new Fault('bad_message', 'pending edits of another version');
  const owner = reader.u8() === 1 ? reader.string(MAX_TEXT_BYTES) : null;
  const epoch = reader.string(MAX_TEXT_BYTES);
  const count = reader.varuint();
  if (count > MAX_ENTRIES) throw new Fault('too_large', `${count} pending edits`);
  const entries: PendingEntry[] = [];
  for (let i = 0; i < count; i++) {
    entries.push({ peer: reader.u64(), bytes: reader.blob(bytes.length).slice() });
  }
  reader.end();
  return { owner, epoch, entries };
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
