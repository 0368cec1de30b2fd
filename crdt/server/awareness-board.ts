/**
 * Who shows what in one document: cursors, selections, names. The server says whose it is; the state itself
 * is the client's text. Never stored, gone when its connection closes or falls silent. [D7]
 */
import type { Cancel, Env } from '../../src/base/env.ts';
import type { Viewer } from '../../src/policy/viewer.ts';
import { type AwarenessState, encodeDown } from '../core/down-frame.ts';
import { FRAGMENT_BYTES, MAX_AWARENESS_STATES } from '../core/frame-limits.ts';
import type { DocsOptions } from './options.ts';

interface Seat {
  readonly send: (frame: Uint8Array) => void;
  shown: AwarenessState | null;
  /** It was sent some state of others. */
  told: boolean;
  expiry: Cancel | undefined;
}

const FORGET = encodeDown({ kind: 'awareness', states: [] });

/** Bytes of a state beside its own text, at most: names in UTF-8 and numbers. */
const overheadOf = ({ userId, name }: AwarenessState) =>
  32 + 3 * ((userId?.length ?? 0) + (name?.length ?? 0));

export class AwarenessBoard {
  readonly #env: Env;
  readonly #options: Pick<DocsOptions, 'awarenessMs' | 'awarenessTimeoutMs'>;
  readonly #seats = new Map<number, Seat>();
  readonly #changed = new Map<number, AwarenessState>();
  #lastKey = 0;
  #lastMs = Number.NEGATIVE_INFINITY;
  #timer: Cancel | undefined;

  constructor(env: Env, options: Pick<DocsOptions, 'awarenessMs' | 'awarenessTimeoutMs'>) {
    this.#env = env;
    this.#options = options;
  }

  /** A connection that wants to see the others; returns the key of its own state. */
  enter(send: (frame: Uint8Array) => void): number {
    const key = ++this.#lastKey;
    this.#seats.set(key, { send, shown: null, told: false, expiry: undefined });
    return key;
  }

  /** '' takes the state back. */
  show(key: number, viewer: Viewer, state: string): void {
    const seat = this.#seats.get(key);
    if (!seat) return;
    seat.expiry?.();
    seat.expiry = undefined;
    if (state !== '') {
      const { awarenessTimeoutMs } = this.#options;
      seat.expiry = this.#env.clock.after(awarenessTimeoutMs, () => this.show(key, viewer, ''));
    }
    const next = { key, userId: viewer.userId, name: viewer.name, state };
    const before = seat.shown;
    if (!before && state === '') return;
    if (before && before.state === state && before.userId === next.userId && before.name === next.name)
      return;
    seat.shown = state === '' ? null : next;
    this.#change(next);
  }

  leave(key: number): void {
    const seat = this.#seats.get(key);
    if (!seat) return;
    seat.expiry?.();
    this.#seats.delete(key);
    if (seat.shown) this.#change({ ...seat.shown, state: '' });
  }

  /** Sends all that the others show to one reader that is new or missed something, perhaps that somebody left. */
  resend(key: number): void {
    const seat = this.#seats.get(key);
    if (!seat) return;
    const states: AwarenessState[] = [];
    for (const [other, { shown }] of this.#seats) if (other !== key && shown) states.push(shown);
    if (seat.told) seat.send(FORGET);
    seat.told ||= states.length > 0;
    for (const frame of framesOf(states)) seat.send(frame);
  }

  close(): void {
    this.#timer?.();
    for (const seat of this.#seats.values()) seat.expiry?.();
    this.#seats.clear();
    this.#changed.clear();
  }

  #change(state: AwarenessState): void {
    this.#changed.set(state.key, state);
    if (this.#timer) return;
    const waitMs = this.#lastMs + this.#options.awarenessMs - this.#env.clock.monotonic();
    this.#timer = this.#env.clock.after(Math.max(0, waitMs), () => this.#flush());
  }

  #flush(): void {
    this.#timer = undefined;
    this.#lastMs = this.#env.clock.monotonic();
    const states = [...this.#changed.values()];
    const frames = framesOf(states);
    for (const [key, seat] of this.#seats) {
      // Nobody is told of himself; all others share one encoding.
      const mine = this.#changed.has(key) ? framesOf(states.filter((state) => state.key !== key)) : frames;
      seat.told ||= mine.length > 0;
      for (const frame of mine) seat.send(frame);
    }
    this.#changed.clear();
  }
}

/** As few frames as fit under FRAGMENT_BYTES each. */
function framesOf(states: readonly AwarenessState[]): Uint8Array[] {
  const frames: Uint8Array[] = [];
  let part: AwarenessState[] = [];
  let bytes = 0;
  const flush = () => {
    if (part.length > 0) frames.push(encodeDown({ kind: 'awareness', states: part }));
    part = [];
    bytes = 0;
  };
  for (const state of states) {
    const size = state.state.length * 3 + overheadOf(state);
    if (part.length === MAX_AWARENESS_STATES || bytes + size > FRAGMENT_BYTES) flush();
    part.push(state);
    bytes += size;
  }
  flush();
  return frames;
}
