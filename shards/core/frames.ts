/**
 * The binary payloads of a shard channel; the first byte is the kind. Normative: docs/wire.md, section 4.
 * All that comes from a peer is read with bounds; malformed bytes are a Fault `bad_message`. [N1]
 *
 *   up    0x21 input    ackTick | firstTick | count u8 | records as bits (input-codec.ts)
 *         0x22 message  MessagePack
 *         0x23 resync   0 to 2: a part of the tail; else a cell, and 3 more
 *         0x24 leave    (nothing): the player will not come back, his seat is free at once
 *   down  0x31 frame    frame-writer.ts, frame-header.ts, cell-replica.ts
 *         0x32 events   tick | MessagePack list of [name, data], or [name, data, tick] from the player's own step
 *         0x33 reject   inputTick (0: a message) | code u8
 *         0x34 transfer shard string | id string | ticket string: where the player is to go on
 *         0x35 spawned  tick | count | ids: what the player's own step has spawned, in order
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
  transfer: 0x34,
  spawned: 0x35,
} as const;

/** Levels of detail are 0 to this: a step in every frame, in every 2nd, 4th, 8th. */
export const MAX_LEVEL = 3;

/** A player holds no more cells than this, so a frame names no more. */
export const MAX_CELLS = 4096;

/**
 * What only this player is sent, beside the cells: entities shown to him one by one (`visibleTo`), components
 * for the owner of an entity, and those for his team. Each is a cell of its own.
 */
export const TAIL_PARTS = ['seen', 'owner', 'team'] as const;
export type TailPart = (typeof TAIL_PARTS)[number];

/** Why an input or a message was not taken; the index + 1 is the code on the wire. [T4] */
export const REJECTS = ['late', 'early', 'duplicate', 'too_large', 'rate_limited', 'invalid'] as const;
export type Reject = (typeof REJECTS)[number];

/** Of a ticket, which is ASCII. */
const MAX_TICKET_BYTES = 4096;

export function encodeMessage(message: Uint8Array): Uint8Array {
  return new Writer(message.length + 1).u8(KIND.message).bytes(message).finish();
}

/** Asks for a key chunk of a cell, or of a part of the tail. */
export function encodeResync(stream: number | TailPart): Uint8Array {
  const code = typeof stream === 'number' ? stream + TAIL_PARTS.length : TAIL_PARTS.indexOf(stream);
  return new Writer(8).u8(KIND.resync).varuint(code).finish();
}

/** `reader` stands behind the kind. */
export function decodeResync(reader: Reader): number | TailPart {
  const code = reader.varuint();
  reader.end();
  return TAIL_PARTS[code] ?? code - TAIL_PARTS.length;
}

export function encodeLeave(): Uint8Array {
  return Uint8Array.of(KIND.leave);
}

/** `events` are encoded already, each a MessagePack list of name, data and perhaps a tick; together they are one list. */
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

/** Another shard, by the name of its definition and its id, and the ticket into it. */
export interface Destination {
  readonly shard: string;
  readonly id: string;
  readonly ticket: string;
}

export function encodeTransfer({ shard, id, ticket }: Destination): Uint8Array {
  return new Writer(256).u8(KIND.transfer).string(shard).string(id).string(ticket).finish();
}

/** `reader` stands behind the kind. */
export function decodeTransfer(reader: Reader): Destination {
  const to = { shard: reader.string(64), id: reader.string(64), ticket: reader.string(MAX_TICKET_BYTES) };
  reader.end();
  return to;
}

/** `ids` in the order in which the step spawned them. */
export function encodeSpawned(tick: number, ids: readonly number[]): Uint8Array {
  const writer = new Writer(16).u8(KIND.spawned).varuint(tick).varuint(ids.length);
  for (const id of ids) writer.varuint(id);
  return writer.finish();
}

/** `reader` stands behind the kind; `each` gets the ids and their place among those of the tick, from 0. */
export function decodeSpawned(reader: Reader, each: (tick: number, nth: number, id: number) => void): void {
  const tick = reader.varuint();
  const count = reader.varuint();
  for (let nth = 0; nth < count; nth++) each(tick, nth, reader.varuint());
  reader.end();
}
