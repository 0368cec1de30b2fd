/**
 * The binary payloads of a shard channel; the first byte is the kind. Normative: docs/wire.md, section 3.
 * All that comes from a peer is read with bounds; malformed bytes are a Fault `bad_message`. [N1]
 *
 *   up    0x21 input    ackTick | firstTick | count u8 | records as bits (input-codec.ts)
 *         0x22 message  MessagePack
 *         0x23 resync   cell
 *         0x24 leave    (nothing): the player will not come back, his seat is free at once
 *   down  0x31 frame    tick | baseTick (0 = key) | newestInput | inputBuffer u8
 *                       | cells: count, then (cell, kind u8) each | a blob per cell that is not left | tail blob
 *         0x32 events   tick | MessagePack list of [name, data]
 *         0x33 reject   inputTick (0: a message) | code u8
 *
 * Numbers without a width are varuints; a blob is a varuint length and its bytes.
 */
import { type Reader, Writer } from '../../src/base/bytes.ts';
import { Fault } from '../../src/base/fault.ts';

export const KIND = {
  input: 0x21,
  message: 0x22,
  resync: 0x23,
  leave: 0x24,
  frame: 0x31,
  events: 0x32,
  reject: 0x33,
} as const;

/** How a cell stands in a frame. */
export const CELL_KINDS = ['delta', 'key', 'leave'] as const;
export type CellKind = (typeof CELL_KINDS)[number];

/** A frame names no more cells than this. */
export const MAX_CELLS = 4096;

/** Why an input or a message was not taken; the index + 1 is the code on the wire. [T4] */
export const REJECTS = ['late', 'early', 'duplicate', 'too_large', 'rate_limited', 'invalid'] as const;
export type Reject = (typeof REJECTS)[number];

export interface FrameHeader {
  /** The tick whose state this is. */
  readonly tick: number;
  /** The frame that delta chunks build on; 0 when there are none. */
  readonly baseTick: number;
  /** The newest tick for which an input of this player has arrived, in time or not; 0 before the first. */
  readonly newestInput: number;
  /** Inputs that wait for their tick, up to 255. */
  readonly inputBuffer: number;
}

export interface FrameCell {
  readonly cell: number;
  readonly kind: CellKind;
  /** Empty for `leave`. */
  readonly chunk: Uint8Array;
}

export interface Frame extends FrameHeader {
  readonly cells: readonly FrameCell[];
  /** What only this player may see; empty so far. */
  readonly tail: Uint8Array;
}

const EMPTY = new Uint8Array(0);

/** The bytes are new; chunks are copied into them. `writer` is scratch. */
export function encodeFrame(writer: Writer, header: FrameHeader, cells: readonly FrameCell[]): Uint8Array {
  writer.clear().u8(KIND.frame).varuint(header.tick).varuint(header.baseTick);
  writer.varuint(header.newestInput).u8(Math.min(header.inputBuffer, 255)).varuint(cells.length);
  for (const { cell, kind } of cells) writer.varuint(cell).u8(CELL_KINDS.indexOf(kind));
  for (const { kind, chunk } of cells) if (kind !== 'leave') writer.blob(chunk);
  return writer.varuint(0).finish();
}

/** `reader` stands behind the kind. Chunks are views of its bytes. */
export function decodeFrame(reader: Reader): Frame {
  const tick = reader.varuint();
  const baseTick = reader.varuint();
  const newestInput = reader.varuint();
  const inputBuffer = reader.u8();
  if (tick === 0 || baseTick >= tick) throw new Fault('bad_message', 'a frame before its base');
  const count = reader.varuint();
  if (count > MAX_CELLS || count > reader.left) throw new Fault('bad_message', 'too many cells');
  const heads: { cell: number; kind: CellKind }[] = [];
  for (let i = 0; i < count; i++) {
    const cell = reader.varuint();
    const kind = CELL_KINDS[reader.u8()];
    if (!kind) throw new Fault('bad_message', 'an unknown kind of cell');
    heads.push({ cell, kind });
  }
  const cells = heads.map((head) => ({
    ...head,
    chunk: head.kind === 'leave' ? EMPTY : reader.blob(reader.left),
  }));
  const tail = reader.blob(reader.left);
  reader.end();
  return { tick, baseTick, newestInput, inputBuffer, cells, tail };
}

export function encodeMessage(message: Uint8Array): Uint8Array {
  return new Writer(message.length + 1).u8(KIND.message).bytes(message).finish();
}

export function encodeResync(cell: number): Uint8Array {
  return new Writer(8).u8(KIND.resync).varuint(cell).finish();
}

export function encodeLeave(): Uint8Array {
  return Uint8Array.of(KIND.leave);
}

/** `events` are encoded already, each a MessagePack list of name and data; together they are one list. */
export function encodeEvents(tick: number, events: readonly Uint8Array[]): Uint8Array {
  const writer = new Writer(256).u8(KIND.events).varuint(tick);
  if (events.length < 16) writer.u8(0x90 | events.length);
  else
    writer
      .u8(0xdd)
      .u8(events.length >>> 24)
      .u8(events.length >>> 16)
      .u8(events.length >>> 8)
      .u8(events.length);
  for (const event of events) writer.bytes(event);
  return writer.finish();
}

/** `reader` stands behind the kind. The list is still MessagePack. */
export function decodeEvents(reader: Reader): { tick: number; list: Uint8Array } {
  return { tick: reader.varuint(), list: reader.rest() };
}

export function encodeReject(inputTick: number, reject: Reject): Uint8Array {
  return new Writer(8)
    .u8(KIND.reject)
    .varuint(inputTick)
    .u8(REJECTS.indexOf(reject) + 1)
    .finish();
}

/** `reader` stands behind the kind. */
export function decodeReject(reader: Reader): { inputTick: number; reject: Reject } {
  const inputTick = reader.varuint();
  const reject = REJECTS[reader.u8() - 1];
  reader.end();
  if (!reject) throw new Fault('bad_message', 'an unknown reject code');
  return { inputTick, reject };
}
