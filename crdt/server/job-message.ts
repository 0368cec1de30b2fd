/**
 * What travels between worker-host.ts and materialiser-worker.ts: all jobs of one turn in one message, and one
 * message back for each. Bytes that are not in shared memory already travel in one buffer, which is handed over.
 */
import type { Fault } from '../../src/base/fault.ts';
import type { Json } from '../../src/base/json.ts';
import type { Bytes, JobInput, JobName } from './materialiser-jobs.ts';

export interface JobRequest {
  /** Grows by one with each job of a worker. */
  readonly n: number;
  readonly name: JobName;
  readonly input: JobInput<JobName>;
  readonly parts: readonly Part[];
}

/** Bytes in shared memory, or how many of the message's own buffer come next. */
export type Part = Uint8Array | number;

export interface ToWorker {
  readonly requests: readonly JobRequest[];
  readonly buffer: ArrayBuffer;
}

export interface FromWorker {
  readonly n: number;
  readonly result: { json: Json; bytes: Bytes } | { fault: ReturnType<Fault['toJSON']>; trap: boolean };
  /** What the worker holds outside of its heap: nearly all of it is the memory of its WebAssembly. */
  readonly memoryBytes: number;
}

/** Results from here on are handed over in shared memory, so that nobody has to copy them again. */
const SHARED_BYTES = 64 * 1024;

/** Fills one buffer with the bytes of many jobs. */
export class Packer {
  readonly #pieces: Uint8Array[] = [];
  #length = 0;

  add(bytes: Bytes): Part[] {
    return bytes.map((piece) => {
      if (piece.buffer instanceof SharedArrayBuffer) return piece;
      this.#pieces.push(piece);
      this.#length += piece.length;
      return piece.length;
    });
  }

  finish(): ArrayBuffer {
    const whole = new Uint8Array(this.#length);
    let at = 0;
    for (const piece of this.#pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    return whole.buffer;
  }
}

/** The bytes of each job of a message, in order. */
export function* unpack({ requests, buffer }: ToWorker): Generator<{ request: JobRequest; bytes: Bytes }> {
  let at = 0;
  for (const request of requests) {
    const bytes = request.parts.map((part) => {
      if (typeof part !== 'number') return part;
      at += part;
      return new Uint8Array(buffer, at - part, part);
    });
    yield { request, bytes };
  }
}

/** Large bytes moved to shared memory; the buffers of the others are to be handed over. */
export function shared(bytes: Bytes): { bytes: Bytes; transfer: ArrayBuffer[] } {
  const transfer: ArrayBuffer[] = [];
  const moved = bytes.map((piece) => {
    if (piece.length >= SHARED_BYTES) {
      const copy = new Uint8Array(new SharedArrayBuffer(piece.length));
      copy.set(piece);
      return copy;
    }
    const own = piece.slice();
    transfer.push(own.buffer);
    return own;
  });
  return { bytes: moved, transfer };
}
