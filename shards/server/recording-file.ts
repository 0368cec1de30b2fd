/**
 * A recording as a file: states of a shard, and between them what happened. A file that was cut off, as by kill -9,
 * is good up to its last whole part. Written by recording.ts, read by replay-recording.ts.
 *
 *   file   "TERNIONR" | version u8 | parts
 *   part   kind u8 (1 state, 2 batch) | length u32 | bytes
 *   state  of state-codec.ts: the shard after the batch that it names, which stands before it
 *   batch  number varuint | entries of journal.ts
 */
import { type FileHandle, open } from 'node:fs/promises';
import { Reader, Writer } from '../../src/base/bytes.ts';
import { Fault } from '../../src/base/fault.ts';
import type { LogBatch } from './journal.ts';

export const RECORDING_VERSION = 1;
const MAGIC = new TextEncoder().encode('TERNIONR');
const HEAD_BYTES = 5;
const STATE = 1;
const BATCH = 2;

export type RecordingPart =
  | { readonly kind: 'state'; readonly bytes: Uint8Array }
  | { readonly kind: 'batch'; readonly batch: LogBatch };

export function recordingHead(): Uint8Array {
  return new Writer(16).bytes(MAGIC).u8(RECORDING_VERSION).finish();
}

export function statePart(bytes: Uint8Array): Uint8Array {
  return new Writer(bytes.length + HEAD_BYTES).u8(STATE).u32(bytes.length).bytes(bytes).finish();
}

export function batchPart({ number, bytes }: LogBatch): Uint8Array {
  const body = new Writer(bytes.length + 8).varuint(number).bytes(bytes).finish();
  return new Writer(body.length + HEAD_BYTES).u8(BATCH).u32(body.length).bytes(body).finish();
}

/**
 * The parts of a file one after another; `cut` is called when its end is missing. Throws Fault `not_found`, `invalid`
 * when it is no recording, `unsupported` for another version, `bad_message` for what no recording holds.
 */
export async function* readRecording(path: string, cut: () => void): AsyncGenerator<RecordingPart, void> {
  const file = await open(path, 'r').catch(() => {
    throw new Fault('not_found', `no file ${path}`);
  });
  try {
    const head = await readBytes(file, MAGIC.length + 1);
    if (typeof head === 'string' || MAGIC.some((byte, i) => head[i] !== byte))
      throw new Fault('invalid', `${path} is no recording of a shard`);
    const version = head[MAGIC.length];
    if (version !== RECORDING_VERSION)
      throw new Fault('unsupported', `a recording of version ${version}, and this is ${RECORDING_VERSION}`);
    for (;;) {
      const part = await readPart(file);
      if (part === 'end') return;
      if (part === 'cut') return cut();
      yield part;
    }
  } finally {
    await file.close();
  }
}

async function readPart(file: FileHandle): Promise<RecordingPart | 'end' | 'cut'> {
  const head = await readBytes(file, HEAD_BYTES);
  if (typeof head === 'string') return head;
  const reader = new Reader(head);
  const kind = reader.u8();
  const length = reader.u32();
  if (kind !== STATE && kind !== BATCH) throw new Fault('bad_message', `a part of kind ${kind}`);
  if (length > (await file.stat()).size) return 'cut';
  const bytes = await readBytes(file, length);
  if (typeof bytes === 'string') return 'cut';
  if (kind === STATE) return { kind: 'state', bytes };
  const body = new Reader(bytes);
  return { kind: 'batch', batch: { number: body.varuint(), bytes: body.rest() } };
}

async function readBytes(file: FileHandle, length: number): Promise<Uint8Array | 'end' | 'cut'> {
  const bytes = new Uint8Array(length);
  let at = 0;
  while (at < length) {
    const { bytesRead } = await file.read(bytes, at, length - at);
    if (bytesRead === 0) return at === 0 ? 'end' : 'cut';
    at += bytesRead;
  }
  return bytes;
}
