/**
 * What the server says on a document's channel; first byte = kind (docs/wire.md, Docs). Decoded byte fields
 * are views of the payload. Truncated or foreign bytes throw `bad_message` or `too_large`.
 */
import { Reader, Writer } from '../../src/base/bytes.ts';
import { type Code, isCode, type Retry } from '../../src/base/codes.ts';
import { Fault } from '../../src/base/fault.ts';
import { type Fragment, readFragment, writeFragment } from './fragment-frame.ts';
import {
  MAX_AWARENESS_BYTES,
  MAX_AWARENESS_STATES,
  MAX_EPOCH_BYTES,
  MAX_NAME_BYTES,
  MAX_VECTOR_BYTES,
} from './frame-limits.ts';
import { Pieces } from './pieces.ts';

const JOINED = 0x11;
const UPDATE = 0x12;
const ACK = 0x13;
const REFUSE = 0x14;
const LAGGING = 0x15;
const PERMISSION = 0x16;
const AWARENESS = 0x17;
const FRAGMENT = 0x18;
const TOLD = 0x19;

export type Permission = 'read' | 'write';
/**
 * `reset`: the bytes are the whole document and what the client holds is void. `shallow`: the bytes are a
 * snapshot without the history before it; a client that holds anything forgets it first, as for a reset.
 */
export type JoinKind = 'none' | 'delta' | 'snapshot' | 'reset' | 'shallow';
export type AckLevel = 'received' | 'durable';

const PERMISSIONS: readonly Permission[] = ['read', 'write'];
const JOIN_KINDS: readonly JoinKind[] = ['none', 'delta', 'snapshot', 'reset', 'shallow'];
const LEVELS: readonly AckLevel[] = ['received', 'durable'];
const RETRIES: readonly Retry[] = ['never', 'now', 'after_auth', 'backoff'];

/** What one connection shows of itself; all but `state` is the server's word. [D7] */
export interface AwarenessState {
  /** Names the connection within this document. */
  readonly key: number;
  readonly userId: string | null;
  readonly name: string | null;
  /** JSON text; '' when it is gone. */
  readonly state: string;
}

export interface Joined {
  readonly permission: Permission;
  readonly epoch: string;
  /** Updates of the document so far; the next `update` has the next number. */
  readonly rev: number;
  /** The peer id under which this client may edit; 0 for none. */
  readonly peer: bigint;
  /** One more, for the next load of the page; 0 for none. */
  readonly spare: bigint;
  /** All that the server has made durable: what the client holds after importing `bytes` and `tail`. */
  readonly vv: Uint8Array;
  readonly mode: JoinKind;
  readonly bytes: Uint8Array;
  /** What came after a snapshot was made; else empty. */
  readonly tail: Uint8Array;
}

export type DocDown =
  | ({ kind: 'joined' } & Joined)
  /** The last `revs` revisions up to `rev`. No bytes: they held nothing but this reader's own operations. */
  | { kind: 'update'; rev: number; revs: number; bytes: Uint8Array }
  /** For all pushes up to `n`. */
  | { kind: 'ack'; n: number; level: AckLevel }
  | { kind: 'refuse'; n: number; code: Code; retry: Retry }
  /** The next update may skip numbers: it holds all that was left out. */
  | { kind: 'lagging' }
  | { kind: 'permission'; permission: Permission }
  | { kind: 'awareness'; states: readonly AwarenessState[] }
  /** Answers `ask`. JSON text; when not `ok`, of `{code, message}`. */
  | { kind: 'told'; id: number; ok: boolean; json: string }
  | ({ kind: 'fragment' } & Fragment);

/** Room for what stands beside the bytes of a frame. */
const HEAD_BYTES = 64;

export function encodeDown(frame: DocDown): Uint8Array {
  const writer = new Writer(HEAD_BYTES + ('bytes' in frame ? frame.bytes.length : 0));
  switch (frame.kind) {
    case 'joined':
      writeJoined(writer, frame).bytes(frame.bytes).bytes(frame.tail);
      break;
    case 'update':
      writer.u8(UPDATE).varuint(frame.rev).varuint(frame.revs).bytes(frame.bytes);
      break;
    case 'ack':
      writer.u8(ACK).varuint(frame.n).u8(LEVELS.indexOf(frame.level));
      break;
    case 'refuse':
      writer.u8(REFUSE).varuint(frame.n).string(frame.code).u8(RETRIES.indexOf(frame.retry));
      break;
    case 'lagging':
      writer.u8(LAGGING);
      break;
    case 'permission':
      writer.u8(PERMISSION).u8(PERMISSIONS.indexOf(frame.permission));
      break;
    case 'awareness':
      writer.u8(AWARENESS).varuint(frame.states.length);
      for (const { key, userId, name, state } of frame.states) {
        writeName(writer.varuint(key), userId);
        writeName(writer, name);
        writer.string(state);
      }
      break;
    case 'told':
      writer
        .u8(TOLD)
        .varuint(frame.id)
        .u8(frame.ok ? 1 : 0)
        .string(frame.json);
      break;
    case 'fragment':
      writeFragment(writer.u8(FRAGMENT), frame);
      break;
  }
  return writer.finish();
}

/** As `encodeDown` of a `joined`, where its bytes are. */
export function joinedPieces(joined: Joined): Pieces {
  return new Pieces(writeJoined(new Writer(), joined).finish(), joined.bytes, joined.tail);
}

/** All but the bytes and the tail. */
function writeJoined(writer: Writer, joined: Joined): Writer {
  writer.u8(JOINED).u8(PERMISSIONS.indexOf(joined.permission)).string(joined.epoch);
  writer.varuint(joined.rev).u64(joined.peer).u64(joined.spare).blob(joined.vv);
  return writer.u8(JOIN_KINDS.indexOf(joined.mode)).varuint(joined.bytes.length);
}

export function decodeDown(payload: Uint8Array): DocDown {
  const reader = new Reader(payload);
  const frame = decode(reader);
  reader.end();
  return frame;
}

function decode(reader: Reader): DocDown {
  const kind = reader.u8();
  switch (kind) {
    case JOINED:
      return {
        kind: 'joined',
        permission: oneOf(reader, PERMISSIONS),
        epoch: reader.string(MAX_EPOCH_BYTES),
        rev: reader.varuint(),
        peer: reader.u64(),
        spare: reader.u64(),
        vv: reader.blob(MAX_VECTOR_BYTES),
        mode: oneOf(reader, JOIN_KINDS),
        bytes: reader.blob(reader.left),
        tail: reader.rest(),
      };
    case UPDATE:
      return { kind: 'update', rev: reader.varuint(), revs: reader.varuint(), bytes: reader.rest() };
    case ACK:
      return { kind: 'ack', n: reader.varuint(), level: oneOf(reader, LEVELS) };
    case REFUSE:
      return { kind: 'refuse', n: reader.varuint(), code: codeOf(reader), retry: oneOf(reader, RETRIES) };
    case LAGGING:
      return { kind: 'lagging' };
    case PERMISSION:
      return { kind: 'permission', permission: oneOf(reader, PERMISSIONS) };
    case AWARENESS:
      return { kind: 'awareness', states: readStates(reader) };
    case TOLD:
      return {
        kind: 'told',
        id: reader.varuint(),
        ok: oneOf(reader, [false, true]),
        json: reader.string(reader.left),
      };
    case FRAGMENT:
      return { kind: 'fragment', ...readFragment(reader) };
    default:
      throw new Fault('bad_message', `no downward document frame of kind ${kind}`);
  }
}

function oneOf<T>(reader: Reader, values: readonly T[]): T {
  const value = values[reader.u8()];
  if (value === undefined) throw new Fault('bad_message', 'a choice that does not exist');
  return value;
}

function codeOf(reader: Reader): Code {
  const code = reader.string(64);
  return isCode(code) ? code : 'internal';
}

function readStates(reader: Reader): AwarenessState[] {
  const count = reader.varuint();
  if (count > MAX_AWARENESS_STATES) throw new Fault('too_large', `${count} awareness states in one frame`);
  const states: AwarenessState[] = [];
  for (let i = 0; i < count; i++) {
    const [key, userId, name] = [reader.varuint(), readName(reader), readName(reader)];
    states.push({ key, userId, name, state: reader.string(MAX_AWARENESS_BYTES) });
  }
  return states;
}

/** Null and '' differ, so a byte says which. */
function writeName(writer: Writer, name: string | null): void {
  if (name === null) writer.u8(0);
  else writer.u8(1).string(name);
}

function readName(reader: Reader): string | null {
  return oneOf(reader, [false, true]) ? reader.string(MAX_NAME_BYTES) : null;
}
