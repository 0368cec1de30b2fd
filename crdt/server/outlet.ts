/**
 * What goes out to one reader. A slow one gets no queue: we remember what it holds and send one delta from
 * there when its lane has room again; awareness is dropped first. Large frames go out piece by piece.
 *
 *   quiet --begin()--> sending --all handed over--> live --lane full--> behind --drained()--> sending
 *                         '--lane full: waits for drained()           any --close()--> closed
 */
import { Fault, toFault } from '../../src/base/fault.ts';
import { encodeDown } from '../core/down-frame.ts';
import { FRAGMENT_BYTES } from '../core/frame-limits.ts';
import { Pieces } from '../core/pieces.ts';
import type { Versions } from '../core/versions.ts';

/** The durable document. */
export interface OutletSource {
  readonly rev: number;
  readonly durable: Versions;
  /** What comes next beyond `holds`, and where it leads; null for nothing. */
  after(holds: Versions): { readonly bytes: Uint8Array; readonly versions: Versions } | null;
}

interface Deps {
  readonly source: OutletSource;
  /** False: the lane is full, call `drained` later. */
  readonly send: (payload: Uint8Array) => boolean;
  /** In a turn of its own. */
  readonly later: (task: () => void) => void;
  /** The reader takes nothing any more: end its channel. */
  readonly fail: (fault: Fault) => void;
  /** The reader holds all there is again, but for awareness. */
  readonly caughtUp: () => void;
}

type State =
  | { name: 'quiet' }
  /** `holds`: what the reader has once the frame is through. */
  | { name: 'sending'; frame: Pieces; offset: number; stream: number; holds: Versions }
  | { name: 'live' }
  | { name: 'behind'; holds: Versions }
  | { name: 'closed' };

/** Refusals and changes of permission that may wait for a slow reader. */
const MAX_NOTICES = 64;
/** Pieces of a large frame that one turn hands over: to copy megabytes into a socket takes milliseconds. */
const PIECES_PER_TURN = 4;

export class Outlet {
  readonly #deps: Deps;
  #state: State = { name: 'quiet' };
  #stream = 0;
  #notices: Uint8Array[] = [];
  #answers: { frame: Pieces; offset: number; stream: number }[] = [];
  #acks = { received: 0, durable: 0 };
  #acked = { received: 0, durable: 0 };
  /** Awareness was dropped: the reader shows what is no more. */
  #blurred = false;
  /** The next turn goes on with a large frame. */
  #waits = false;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  get state(): State['name'] {
    return this.#state.name;
  }

  /** Sends the answer to a join, after which the reader holds `holds`; updates follow. */
  begin(frame: Pieces, holds: Versions): void {
    if (this.#state.name === 'closed') return;
    this.#start(frame, holds);
  }

  /** One frame for all readers; `before` is what those who are up to date hold now. */
  update(frame: Uint8Array, before: Versions): void {
    if (this.#state.name !== 'live') return; // the rest comes as one delta
    if (frame.length > FRAGMENT_BYTES) this.#start(new Pieces(frame), this.#deps.source.durable);
    else if (!this.#deps.send(frame)) this.#state = { name: 'behind', holds: before };
  }

  /** A frame that must not be lost. */
  notice(frame: Uint8Array): void {
    if (this.#state.name === 'closed') return;
    if (this.#notices.length === 0 && this.#deps.send(frame)) return;
    if (this.#notices.length >= MAX_NOTICES) this.#deps.fail(new Fault('overloaded', 'reads too slowly'));
    else this.#notices.push(frame);
  }

  /** A frame of any size that must not be lost: it goes out piece by piece, between others. */
  answer(frame: Uint8Array): void {
    if (this.#state.name === 'closed') return;
    this.#answers.push({ frame: new Pieces(frame), offset: 0, stream: ++this.#stream });
    this.#sendAnswers();
  }

  /** Answers that wait for a slow reader. */
  get owed(): number {
    return this.#answers.length;
  }

  /** Acks are cumulative; `flushAcks` sends the last. */
  ack(level: 'received' | 'durable', n: number): void {
    this.#acks[level] = Math.max(this.#acks[level], n);
  }

  flushAcks(): void {
    if (this.#state.name === 'closed' || this.#notices.length > 0) return; // a refusal goes before later acks
    const { received, durable } = this.#acks;
    if (durable > this.#acked.durable) {
      if (!this.#deps.send(encodeDown({ kind: 'ack', n: durable, level: 'durable' }))) return;
      this.#acked.durable = durable;
    }
    if (received > Math.max(this.#acked.received, this.#acked.durable)) {
      if (!this.#deps.send(encodeDown({ kind: 'ack', n: received, level: 'received' }))) return;
      this.#acked.received = received;
    }
  }

  /** Dropped unless the reader is up to date and has room; `caughtUp` asks for all of it later. */
  awareness(frame: Uint8Array): void {
    if (this.#state.name !== 'live' || !this.#deps.send(frame)) this.#blurred = true;
  }

  drained(): void {
    while (this.#notices.length > 0) {
      if (!this.#deps.send(this.#notices[0]!)) return;
      this.#notices.shift();
    }
    this.flushAcks();
    this.#sendAnswers();
    if (this.#state.name === 'sending') this.#pump();
    else if (this.#state.name === 'behind') this.#catchUp(this.#state.holds);
    else if (this.#state.name === 'live' && this.#blurred) this.#live();
  }

  close(): void {
    this.#state = { name: 'closed' };
    this.#notices = [];
    this.#answers = [];
  }

  #sendAnswers(): void {
    for (let answer = this.#answers[0]; answer; answer = this.#answers[0]) {
      const { frame, offset, stream } = answer;
      if (!this.#deps.send(pieceOf(frame, stream, offset))) return;
      answer.offset += FRAGMENT_BYTES;
      if (answer.offset >= frame.length) this.#answers.shift();
    }
  }

  #start(frame: Pieces, holds: Versions): void {
    this.#state = { name: 'sending', frame, offset: 0, stream: ++this.#stream, holds };
    this.#pump();
  }

  #live(): void {
    this.#state = { name: 'live' };
    this.#blurred = false;
    this.#deps.caughtUp();
  }

  #pump(): void {
    for (let pieces = 0; this.#state.name === 'sending'; ) {
      const { frame, offset, stream, holds } = this.#state;
      if (offset < frame.length) {
        if (pieces++ === PIECES_PER_TURN) return this.#pumpLater();
        if (!this.#deps.send(pieceOf(frame, stream, offset))) return;
        this.#state.offset += FRAGMENT_BYTES;
      } else if (holds === this.#deps.source.durable) {
        this.#live();
      } else {
        this.#catchUp(holds);
      }
    }
  }

  #pumpLater(): void {
    if (this.#waits) return;
    this.#waits = true;
    this.#deps.later(() => {
      this.#waits = false;
      try {
        this.#pump();
      } catch (error) {
        this.#deps.fail(toFault(error)); // nobody is above a timer to catch it
      }
    });
  }

  #catchUp(holds: Versions): void {
    const { source, send } = this.#deps;
    const next = source.after(holds);
    if (!next) return this.#live();
    this.#state = { name: 'behind', holds };
    if (!send(encodeDown({ kind: 'lagging' }))) return;
    const frame = encodeDown({ kind: 'update', rev: source.rev, revs: 1, bytes: next.bytes });
    this.#start(new Pieces(frame), next.versions);
  }
}

/** The frame itself when it is small. */
function pieceOf(frame: Pieces, stream: number, offset: number): Uint8Array {
  const bytes = frame.cut(offset, offset + FRAGMENT_BYTES);
  if (frame.length <= FRAGMENT_BYTES) return bytes;
  return encodeDown({ kind: 'fragment', stream, total: frame.length, offset, bytes });
}
