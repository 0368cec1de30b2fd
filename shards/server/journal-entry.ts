/** Reads what journal.ts writes. */
import { Reader } from '../../src/base/bytes.ts';
import { Fault } from '../../src/base/fault.ts';
import { type Json, parseJson } from '../../src/base/json.ts';
import { parseShape } from '../../src/base/shape.ts';
import type { Viewer } from '../../src/policy/viewer.ts';
import { ENTRIES } from './journal.ts';
import type { SeatOwner } from './shard-state.ts';
import { seatOwner, seatViewer } from './state-codec.ts';

export type Entry =
  | { readonly kind: 'join'; readonly seat: number; readonly owner: SeatOwner }
  | { readonly kind: 'leave'; readonly seat: number }
  | { readonly kind: 'identify'; readonly seat: number; readonly viewer: Viewer }
  | { readonly kind: 'ask'; readonly question: Json }
  | { readonly kind: 'message'; readonly seat: number; readonly bytes: Uint8Array }
  /** `record` is that of one input. */
  | { readonly kind: 'input'; readonly seat: number; readonly record: Uint8Array }
  /** `dtSeconds` of an event-driven shard. */
  | { readonly kind: 'tick'; readonly dtSeconds: number | undefined }
  | { readonly kind: 'hash'; readonly hash: string };

const LIMITS = { maxChars: 16 << 20, maxDepth: 64 };

/** The entries of a batch. Throws Fault `bad_message` for what no journal writes. */
export function* readEntries(bytes: Uint8Array, eventDriven: boolean): Generator<Entry, void> {
  const reader = new Reader(bytes);
  const json = () => parseJson(reader.string(LIMITS.maxChars), LIMITS);
  while (reader.left > 0) {
    const kind = ENTRIES[reader.u8()];
    switch (kind) {
      case 'join':
        yield { kind, seat: reader.varuint(), owner: parseShape(seatOwner, json(), 'owner') };
        break;
      case 'leave':
        yield { kind, seat: reader.varuint() };
        break;
      case 'identify':
        yield { kind, seat: reader.varuint(), viewer: parseShape(seatViewer, json(), 'viewer') };
        break;
      case 'ask':
        yield { kind, question: json() };
        break;
      case 'message':
        yield { kind, seat: reader.varuint(), bytes: reader.blob(reader.left) };
        break;
      case 'input':
        yield { kind, seat: reader.varuint(), record: reader.blob(reader.left) };
        break;
      case 'tick':
        yield { kind, dtSeconds: eventDriven ? reader.varuint() / 1000 : undefined };
        break;
      case 'hash':
        yield { kind, hash: reader.string(64) };
        break;
      default:
        throw new Fault('bad_message', 'an entry of no known kind');
    }
  }
}
