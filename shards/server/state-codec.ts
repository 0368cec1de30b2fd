/**
 * ShardState as bytes, versioned: compact, since a world is written every few seconds. Numbers of a lane go as
 * differences from one entity to the next, runs of equal ones as their length. Written in slices, so that a large
 * world holds no tick up. [T3]
 *
 *   state    version u8 | header string (JSON) | count varuint | ids, rows: numbers | columns | past
 *   column   numbers, or texts: distinct varuint | blob .. | the place of each: numbers
 *   past     frames varuint | of each: tick varuint | rows varuint | ids, lanes: numbers, from those of the frame before
 *   numbers  difference varint, or 0 and how many more 0 follow varuint
 */
import { Reader, Writer } from '../../src/base/bytes.ts';
import { Fault } from '../../src/base/fault.ts';
import { parseJson } from '../../src/base/json.ts';
import { parseShape, s } from '../../src/base/shape.ts';
import type { ChanceState } from '../core/chance.ts';
import { Text } from '../core/text.ts';
import type { WorldCopy } from '../core/world-copy.ts';
import type { PastCopy } from './history.ts';
import type { ShardState } from './shard-state.ts';

export const STATE_VERSION = 1;
/** Values written between two pauses: about half a millisecond. */
const SLICE_VALUES = 16_384;
const MAX_HEADER_BYTES = 16 << 20;
const MAX_TEXT_BYTES = 1 << 20;
const NO_NUMBERS = new Int32Array(0);
const MAX_ENTITIES = 1 << 24;
const HEADER_LIMITS = { maxDepth: 64, maxChars: MAX_HEADER_BYTES };

export const seatViewer = s.object({
  userId: s.nullable(s.string()),
  kind: s.oneOf('anonymous', 'guest', 'user'),
  roles: s.array(s.string()),
  name: s.nullable(s.string()),
});
export const seatOwner = s.object({
  clientId: s.string(),
  viewer: seatViewer,
  ticket: s.optional(s.json()),
});

const seat = s.object({
  number: s.int(1),
  entityId: s.int(0),
  who: seatOwner,
  sighting: s.array(s.number(), 2),
  eye: s.optional(s.object({ x: s.number(), y: s.number(), z: s.optional(s.number()) })),
});

const header = s.object({
  name: s.string(),
  hash: s.string(),
  id: s.string(),
  seed: s.string(),
  params: s.json(),
  batch: s.int(0),
  seatsTaken: s.int(0),
  seats: s.array(seat),
  tick: s.int(0),
  lastId: s.int(0),
  chance: s.array(s.int(), 4),
  components: s.array(s.object({ name: s.string(), kind: s.string(), texts: s.array(s.bool()) })),
  /** Lanes that are remembered; -1: nothing is. */
  pastLanes: s.int(-1),
});

/** Yields where it may pause; gives the bytes at its end. */
export function* encodeState(state: ShardState): Generator<void, Uint8Array> {
  const { world, past, ...rest } = state;
  const { ids, rows, columns, tick, lastId, chance, components } = world;
  const pastLanes = past ? (past.lanes[0]?.length ?? 0) : -1;
  const text = JSON.stringify({ ...rest, tick, lastId, chance, components, pastLanes });
  const writer = new Writer(4096).u8(STATE_VERSION).string(text);
  writer.varuint(ids.length);
  yield* writeNumbers(writer, ids);
  yield* writeNumbers(writer, rows);
  for (const column of columns) {
    if (column instanceof Int32Array) yield* writeNumbers(writer, column);
    else yield* writeTexts(writer, column);
  }
  if (past) yield* writePast(writer, past);
  return writer.finish();
}

/** At once. */
export function stateBytes(state: ShardState): Uint8Array {
  const slices = encodeState(state);
  for (;;) {
    const { done, value } = slices.next();
    if (done) return value;
  }
}

/** Throws Fault `unsupported` for another version, `bad_message` or `invalid` for what no encoder makes. */
export function decodeState(bytes: Uint8Array): ShardState {
  const reader = new Reader(bytes);
  const version = reader.u8();
  if (version !== STATE_VERSION) throw new Fault('unsupported', `a state of version ${version}`);
  const json = parseJson(reader.string(MAX_HEADER_BYTES), HEADER_LIMITS);
  const { tick, lastId, chance, components, pastLanes, seats, ...rest } = parseShape(header, json, 'state');
  const count = reader.varuint();
  if (count > MAX_ENTITIES) throw new Fault('bad_message', `a world of ${count} entities`);
  const world: WorldCopy = {
    tick,
    lastId,
    chance: chance as unknown as ChanceState,
    components,
    ids: readNumbers(reader, count),
    rows: readNumbers(reader, count),
    columns: components
      .flatMap(({ texts }) => texts)
      .map((isText) => (isText ? readTexts(reader, count) : readNumbers(reader, count))),
  };
  checkRows(world.rows);
  const past = pastLanes < 0 ? undefined : readPast(reader, pastLanes);
  reader.end();
  const sightings = seats.map(({ sighting: [lag = 0, seen = 0], ...seat }) => ({
    ...seat,
    sighting: [lag, seen] as const,
  }));
  return { ...rest, seats: sightings, world, past };
}

/** Memory is reserved up to the greatest row. */
function checkRows(rows: Int32Array): void {
  const isOdd = rows.some((row) => row < 0 || row >= MAX_ENTITIES) || new Set(rows).size !== rows.length;
  if (isOdd) throw new Fault('bad_message', 'rows that no world has');
}

/** `base`: what was there before, if these are the next of a series. */
function* writeNumbers(writer: Writer, values: Int32Array, base?: Int32Array): Generator<void, void> {
  let before = 0;
  let equal = 0;
  for (let i = 0; i < values.length; i++) {
    const difference = values[i]! - (base ? (base[i] ?? 0) : before);
    before = values[i]!;
    if (difference === 0) equal++;
    else {
      if (equal > 0) writer.varint(0).varuint(equal - 1);
      equal = 0;
      writer.varint(difference);
    }
    if (i % SLICE_VALUES === SLICE_VALUES - 1) yield;
  }
  if (equal > 0) writer.varint(0).varuint(equal - 1);
}

function readNumbers(reader: Reader, count: number, base?: Int32Array): Int32Array {
  const values = new Int32Array(count);
  const expected = (i: number) => (base ? (base[i] ?? 0) : i === 0 ? 0 : values[i - 1]!);
  for (let i = 0; i < count; ) {
    const difference = reader.varint();
    if (difference !== 0) {
      values[i] = expected(i) + difference;
      i++;
      continue;
    }
    const end = i + reader.varuint() + 1;
    if (end > count) throw new Fault('bad_message', 'a run is too long');
    for (; i < end; i++) values[i] = expected(i);
  }
  return values;
}

function* writePast(writer: Writer, { ticks, ids, lanes }: PastCopy): Generator<void, void> {
  writer.varuint(ticks.length);
  for (const [i, tick] of ticks.entries()) {
    writer.varuint(tick).varuint(ids[i]!.length);
    yield* writeNumbers(writer, ids[i]!, ids[i - 1] ?? NO_NUMBERS);
    for (const [lane, values] of lanes[i]!.entries())
      yield* writeNumbers(writer, values, lanes[i - 1]?.[lane] ?? NO_NUMBERS);
  }
}

function readPast(reader: Reader, laneCount: number): PastCopy {
  const ticks: number[] = [];
  const ids: Int32Array[] = [];
  const lanes: Int32Array[][] = [];
  const count = reader.varuint();
  for (let i = 0; i < count; i++) {
    ticks.push(reader.varuint());
    const rows = reader.varuint();
    if (rows > MAX_ENTITIES) throw new Fault('bad_message', `a frame of ${rows} rows`);
    ids.push(readNumbers(reader, rows, ids[i - 1] ?? NO_NUMBERS));
    const before = lanes[i - 1];
    lanes.push(
      Array.from({ length: laneCount }, (_, lane) => readNumbers(reader, rows, before?.[lane] ?? NO_NUMBERS)),
    );
  }
  return { ticks, ids, lanes };
}

function* writeTexts(writer: Writer, texts: readonly Text[]): Generator<void, void> {
  const places = new Map<string, number>();
  const distinct: Text[] = [];
  const at = new Int32Array(texts.length);
  for (const [i, text] of texts.entries()) {
    let place = places.get(text.value);
    if (place === undefined) {
      place = distinct.push(text) - 1;
      places.set(text.value, place);
    }
    at[i] = place;
    if (i % SLICE_VALUES === SLICE_VALUES - 1) yield;
  }
  writer.varuint(distinct.length);
  for (const { bytes } of distinct) writer.blob(bytes);
  yield* writeNumbers(writer, at);
}

function readTexts(reader: Reader, count: number): Text[] {
  const distinct: Text[] = [];
  const size = reader.varuint();
  if (size > count) throw new Fault('bad_message', 'more texts than entities');
  for (let i = 0; i < size; i++) distinct.push(Text.decode(reader.blob(MAX_TEXT_BYTES).slice()));
  return Array.from(readNumbers(reader, count), (place) => {
    const text = distinct[place];
    if (!text) throw new Fault('bad_message', 'a text is missing');
    return text;
  });
}
