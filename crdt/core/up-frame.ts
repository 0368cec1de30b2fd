/**
 * What a client says on a document's channel; first byte = kind (docs/wire.md, Docs). Decoded byte fields
 * are views of the payload. Truncated or foreign bytes throw `bad_message` or `too_large`. [D3]
 */
import { Reader, Writer } from '../../src/base/bytes.ts';
import { Fault } from '../../src/base/fault.ts';
import { type Fragment, readFragment, writeFragment } from './fragment-frame.ts';
import { MAX_ASK_BYTES, MAX_AWARENESS_BYTES, MAX_EPOCH_BYTES, MAX_VECTOR_BYTES } from './frame-limits.ts';

const JOIN = 0x01;
const PUSH = 0x02;
const RESYNC = 0x03;
const AWARENESS = 0x04;
const FRAGMENT = 0x05;
const ASK = 0x06;

const LAZY = 1;
const SPARE = 2;

export interface Wants {
  /** A shallow snapshot is welcome: history stays on the server. */
  readonly lazy: boolean;
  /** One peer id more, for the next load of the page. */
  readonly spare: boolean;
}

export const NO_WANTS: Wants = { lazy: false, spare: false };

export type DocUp =
  /** `lease`: the peer id of this replica, 0 for a new one. `epoch`: of the operations it holds, '' for none. */
  | { kind: 'join'; lease: bigint; wants: Wants; epoch: string; vv: Uint8Array }
  /** `n` grows with each push of a channel. No bytes: only asks for the acks. */
  | { kind: 'push'; n: number; bytes: Uint8Array }
  | { kind: 'resync'; vv: Uint8Array }
  /** JSON text; '' takes it back. */
  | { kind: 'awareness'; state: string }
  /** A question about history; `told` with the same id answers it. JSON text. */
  | { kind: 'ask'; id: number; json: string }
  | ({ kind: 'fragment' } & Fragment);

export function encodeUp(frame: DocUp): Uint8Array {
  const writer = new Writer();
  switch (frame.kind) {
    case 'join':
      writer.u8(JOIN).u64(frame.lease).u8(wantsByte(frame.wants)).string(frame.epoch).blob(frame.vv);
      break;
    case 'push':
      writer.u8(PUSH).varuint(frame.n).bytes(frame.bytes);
      break;
    case 'resync':
      writer.u8(RESYNC).blob(frame.vv);
      break;
    case 'awareness':
      writer.u8(AWARENESS).string(frame.state);
      break;
    case 'ask':
      writer.u8(ASK).varuint(frame.id).string(frame.json);
      break;
    case 'fragment':
      writeFragment(writer.u8(FRAGMENT), frame);
      break;
  }
  return writer.finish();
}

export function decodeUp(payload: Uint8Array): DocUp {
  const reader = new Reader(payload);
  const frame = decode(reader);
  reader.end();
  return frame;
}

function decode(reader: Reader): DocUp {
  const kind = reader.u8();
  switch (kind) {
    case JOIN:
      return {
        kind: 'join',
        lease: reader.u64(),
        wants: readWants(reader),
        epoch: reader.string(MAX_EPOCH_BYTES),
        vv: reader.blob(MAX_VECTOR_BYTES),
      };
    case PUSH:
      return { kind: 'push', n: reader.varuint(), bytes: reader.rest() };
    case RESYNC:
      return { kind: 'resync', vv: reader.blob(MAX_VECTOR_BYTES) };
    case AWARENESS:
      return { kind: 'awareness', state: reader.string(MAX_AWARENESS_BYTES) };
    case ASK:
      return { kind: 'ask', id: reader.varuint(), json: reader.string(MAX_ASK_BYTES) };
    case FRAGMENT:
      return { kind: 'fragment', ...readFragment(reader) };
    default:
      throw new Fault('bad_message', `no upward document frame of kind ${kind}`);
  }
}

function wantsByte({ lazy, spare }: Wants): number {
  return (lazy ? LAZY : 0) | (spare ? SPARE : 0);
}

function readWants(reader: Reader): Wants {
  const bits = reader.u8();
  if (bits > (LAZY | SPARE)) throw new Fault('bad_message', 'a wish that does not exist');
  return { lazy: (bits & LAZY) !== 0, spare: (bits & SPARE) !== 0 };
}
