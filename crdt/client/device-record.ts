/**
 * The bytes in which a device keeps a document: its unsent edits, a copy, what came after the copy, and the list of
 * all copies. Written and read by device-doc.ts. Whoever reads checks owner and epoch. [D2] [S8]
 *
 *   pending  u8 version | owner | string epoch | varuint n | u64 spare * n | varuint m | (string epoch, u64 peer, varuint end, blob) * m
 *   copy     u8 version | owner | string epoch | blob snapshot
 *   tail     u8 version | string epoch | varuint copyBytes | blob base | blob update
 *   list     u8 version | varuint n | (string key, varuint bytes) * n       the one used last stands last
 *   owner    u8 0 for null; u8 1 and a string
 */
import { Reader, Writer } from '../../src/base/bytes.ts';
import { Fault } from '../../src/base/fault.ts';

/** Edits of one peer id that the server has not called durable. */
export interface PendingEntry {
  /** The life of the document that they belong to. */
  readonly epoch: string;
  readonly peer: bigint;
  /** The peer's operations with these edits. */
  readonly end: number;
  /** Operations of this peer alone. None: a page has taken them to make them anew; nobody else may. */
  readonly bytes: Uint8Array;
}

export interface PendingRecord {
  readonly owner: string | null;
  /** Of the spares. */
  readonly epoch: string;
  /** Leased to this identity and never used. [D9] */
  readonly spares: readonly bigint[];
  readonly entries: readonly PendingEntry[];
}

export interface CopyRecord {
  readonly owner: string | null;
  readonly epoch: string;
  readonly snapshot: Uint8Array;
}

export interface TailRecord {
  readonly epoch: string;
  /** Of the copy that this continues. */
  readonly copyBytes: number;
  /** The version vector of the copy. */
  readonly base: Uint8Array;
  readonly update: Uint8Array;
}

export interface ListedCopy {
  readonly key: string;
  readonly bytes: number;
}

const VERSION = 2;
const MAX_ENTRIES = 1000;
const MAX_TEXT_BYTES = 1024;

export function encodePending({ owner, epoch, spares, entries }: PendingRecord): Uint8Array {
  const writer = begin(owner).string(epoch).varuint(spares.length);
  for (const spare of spares) writer.u64(spare);
  writer.varuint(entries.length);
  for (const { epoch: life, peer, end, bytes } of entries) {
    writer.string(life).u64(peer).varuint(end).blob(bytes);
  }
  return writer.finish();
}

/** This and those below throw `bad_message` for what this code did not write. The bytes are copies. */
export function decodePending(bytes: Uint8Array): PendingRecord {
  const reader = new Reader(bytes);
  const owner = readBegin(reader);
  const epoch = reader.string(MAX_TEXT_BYTES);
  const spares = Array.from({ length: count(reader) }, () => reader.u64());
  const entries = Array.from({ length: count(reader) }, () => ({
    epoch: reader.string(MAX_TEXT_BYTES),
    peer: reader.u64(),
    end: reader.varuint(),
    bytes: reader.blob(bytes.length).slice(),
  }));
  reader.end();
  return { owner, epoch, spares, entries };
}

export function encodeCopy({ owner, epoch, snapshot }: CopyRecord): Uint8Array {
  return begin(owner).string(epoch).blob(snapshot).finish();
}

export function decodeCopy(bytes: Uint8Array): CopyRecord {
  const reader = new Reader(bytes);
  const owner = readBegin(reader);
  const epoch = reader.string(MAX_TEXT_BYTES);
  const snapshot = reader.blob(bytes.length).slice();
  reader.end();
  return { owner, epoch, snapshot };
}

export function encodeTail({ epoch, copyBytes, base, update }: TailRecord): Uint8Array {
  return new Writer(256).u8(VERSION).string(epoch).varuint(copyBytes).blob(base).blob(update).finish();
}

export function decodeTail(bytes: Uint8Array): TailRecord {
  const reader = new Reader(bytes);
  readVersion(reader);
  const [epoch, copyBytes] = [reader.string(MAX_TEXT_BYTES), reader.varuint()];
  const [base, update] = [reader.blob(bytes.length).slice(), reader.blob(bytes.length).slice()];
  reader.end();
  return { epoch, copyBytes, base, update };
}

export function encodeList(copies: readonly ListedCopy[]): Uint8Array {
  const writer = new Writer(256).u8(VERSION).varuint(copies.length);
  for (const { key, bytes } of copies) writer.string(key).varuint(bytes);
  return writer.finish();
}

export function decodeList(bytes: Uint8Array): ListedCopy[] {
  const reader = new Reader(bytes);
  readVersion(reader);
  const length = reader.varuint();
  const copies: ListedCopy[] = [];
  for (let i = 0; i < length; i++)
    copies.push({ key: reader.string(MAX_TEXT_BYTES), bytes: reader.varuint() });
  reader.end();
  return copies;
}

function begin(owner: string | null): Writer {
  const writer = new Writer(256).u8(VERSION);
  return owner === null ? writer.u8(0) : writer.u8(1).string(owner);
}

function readBegin(reader: Reader): string | null {
  readVersion(reader);
  return reader.u8() === 1 ? reader.string(MAX_TEXT_BYTES) : null;
}

function readVersion(reader: Reader): void {
  if (reader.u8() !== VERSION) throw new Fault('bad_message', 'a record of another version');
}

function count(reader: Reader): number {
  const length = reader.varuint();
  if (length > MAX_ENTRIES) throw new Fault('too_large', `${length} entries`);
  return length;
}
