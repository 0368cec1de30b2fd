import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { browserPacker } from '../../shards/client/browser-packer.ts';
import type { Component } from '../../shards/core/component.ts';
import { c } from '../../shards/core/components.ts';
import {
  decodeEvents,
  decodeReject,
  decodeResync,
  decodeSpawned,
  decodeTransfer,
  encodeEvents,
  encodeLeave,
  encodeMessage,
  encodeReject,
  encodeResync,
  encodeSpawned,
  encodeTransfer,
  KIND,
  REJECTS,
} from '../../shards/core/frames.ts';
import { InputDecoder, InputEncoder } from '../../shards/core/input-codec.ts';
import { MessageCodec } from '../../shards/core/message-codec.ts';
import { RecordReader, writeRecord } from '../../shards/core/record-codec.ts';
import { RecordType } from '../../shards/core/record-type.ts';
import { RESIDUAL_TABLES } from '../../shards/core/residual-tables.ts';
import { nodePacker } from '../../shards/server/node-packer.ts';
import { BitReader, BitWriter } from '../../src/base/bits.ts';
import { Reader } from '../../src/base/bytes.ts';
import { Fault } from '../../src/base/fault.ts';
import { parseShape, s } from '../../src/base/shape.ts';
import {
  frames,
  inputType,
  type LaggedInput,
  lagged,
  laggedType,
  payloads,
  records,
  type ShardInput,
  type ShardPayload,
} from './shards.vectors.ts';
import { binarySuite, type Codec, kindsOf, unhex } from './vector.ts';

const LIMITS = { maxBytes: 4096, maxDepth: 16 };
const eventList = s.array(s.array(s.json(), 3));

/** The same dispatch as in server/shard-channel.ts and client/join-shard.ts, both directions in one. */
function payloadCodec(messages: MessageCodec): Codec<ShardPayload> {
  return {
    encode: (payload) => {
      switch (payload.kind) {
        case 'input':
          return encodeInput(payload);
        case 'message':
          return encodeMessage(messages.encode(payload.message));
        case 'resync':
          return encodeResync(payload.stream);
        case 'leave':
          return encodeLeave();
        case 'events':
          return encodeEvents(
            payload.tick,
            payload.events.map((event) => messages.encode(event)),
          );
        case 'reject':
          return encodeReject(payload.inputTick, payload.reject);
        case 'transfer':
          return encodeTransfer(payload);
        case 'spawned':
          return encodeSpawned(payload.tick, payload.ids);
      }
    },
    decode: (bytes) => {
      const reader = new Reader(bytes);
      const kind = reader.u8();
      switch (kind) {
        case KIND.input:
          return decodeInput(bytes);
        case KIND.message:
          return { kind: 'message', message: messages.decode(reader.rest()) };
        case KIND.resync:
          return { kind: 'resync', stream: decodeResync(reader) };
        case KIND.leave:
          reader.end();
          return { kind: 'leave' };
        case KIND.events: {
          const { tick, list } = decodeEvents(reader);
          return { kind: 'events', tick, events: parseShape(eventList, messages.decode(list), 'events') };
        }
        case KIND.reject:
          return { kind: 'reject', ...decodeReject(reader) };
        case KIND.transfer:
          return { kind: 'transfer', ...decodeTransfer(reader) };
        case KIND.spawned: {
          const spawned: { tick: number; ids: number[] } = { tick: 0, ids: [] };
          decodeSpawned(reader, (tick, _, id) => {
            spawned.tick = tick;
            spawned.ids.push(id);
          });
          return { kind: 'spawned', ...spawned };
        }
        default:
          throw new Fault('bad_message', `no shard payload of kind ${kind}`);
      }
    },
    manyForms: ({ kind }) => kind === 'message' || kind === 'events',
  };
}

function encodeInput({ ackTick, firstTick, inputs }: Extract<ShardPayload, { kind: 'input' }>): Uint8Array {
  const table = inputType.table(inputs.length);
  inputs.forEach((input, row) => {
    inputType.assign(table.at(row), input);
  });
  const header = { ackTick, firstTick, count: inputs.length };
  return new InputEncoder().encode(header, table, (tick) => tick - firstTick);
}

function decodeInput(bytes: Uint8Array): ShardPayload {
  const decoder = new InputDecoder(inputType.lanes);
  decoder.open(bytes);
  const { ackTick, firstTick, count } = decoder;
  const table = inputType.table(1);
  const inputs: ShardInput[] = [];
  while (inputs.length < count) {
    decoder.next();
    decoder.record.copyTo(table, 0);
    const { move, fire } = table.at(0);
    inputs.push({ move: { x: move.x, y: move.y }, fire });
  }
  decoder.end();
  return { kind: 'input', ackTick, firstTick, inputs };
}

function recordCodec(component: Component<unknown>): Codec<unknown> {
  const type = new RecordType({ value: component });
  return {
    encode: (value) => {
      const table = type.table(1);
      if (value !== undefined) table.at(0).value = value;
      const bits = new BitWriter();
      writeRecord(bits, table, 0);
      return bits.finish();
    },
    decode: (bytes) => {
      const table = type.table(1);
      const bits = new BitReader(bytes);
      const record = new RecordReader(type.lanes);
      record.read(bits);
      bits.end();
      record.copyTo(table, 0);
      return JSON.parse(JSON.stringify(table.at(0))).value;
    },
  };
}

function laggedCodec(): Codec<LaggedInput> {
  const table = laggedType.table(1);
  return {
    encode: ({ fire, lag }) => {
      table.at(0).fire = fire;
      table.columns[1]!.values[0] = lag;
      const bits = new BitWriter();
      writeRecord(bits, table, 0);
      return bits.finish();
    },
    decode: (bytes) => {
      const bits = new BitReader(bytes);
      const record = new RecordReader(table.lanes);
      record.read(bits);
      bits.end();
      return { fire: record.values[0] === 1, lag: record.values[1]! };
    },
  };
}

binarySuite(
  'shard payloads, MessagePack of Node',
  payloadCodec(new MessageCodec(nodePacker(), LIMITS)),
  payloads,
);
binarySuite(
  'shard payloads, MessagePack of browsers',
  payloadCodec(new MessageCodec(browserPacker(), LIMITS)),
  payloads,
);
describe('records', () => {
  for (const [kind, vectors] of Object.entries(records)) {
    for (const vector of vectors) binarySuite(kind, recordCodec(vector.component), [vector]);
  }
});

binarySuite('inputs with a lag', laggedCodec(), lagged);

test('every kind has a vector', () => {
  expect({ ...kindsOf(payloads), frame: unhex(frames[0]!.hex)[0] }).toEqual(KIND);
});

test('every choice has a vector', () => {
  const values = payloads.map(({ value }) => value);
  expect(values.flatMap((value) => (value.kind === 'reject' ? [value.reject] : []))).toEqual([...REJECTS]);
});

test('every kind of component has a record', () => {
  expect(Object.keys(records).sort()).toEqual(Object.keys(c).sort());
  expect(Object.entries(records).filter(([, vectors]) => vectors.length === 0)).toEqual([]);
});

test('docs/wire.md shows the lengths of all codes of residuals', () => {
  const lines = readFileSync('docs/wire.md', 'utf8').split('\n');
  for (const [table, lengths] of Object.entries(RESIDUAL_TABLES)) {
    expect(lines).toContain(`${table.padEnd(8)} ${lengths.join(' ')}`);
  }
});
