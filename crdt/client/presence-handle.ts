/**
 * What people show each other in one document: set here, sent at most every `awarenessMs`, said again
 * before the server forgets it, never stored. [D7]
 */
import { Emitter } from '../../src/base/emitter.ts';
import type { Cancel, Env } from '../../src/base/env.ts';
import { Fault } from '../../src/base/fault.ts';
import { type Json, parseJson } from '../../src/base/json.ts';
import { utf8Length } from '../../src/base/utf8.ts';
import type { AwarenessState } from '../core/down-frame.ts';
import { MAX_AWARENESS_BYTES } from '../core/frame-limits.ts';
import type { DocOptions } from './options.ts';

/** Somebody else in the document. `userId` and `name` are the server's word, `state` is theirs. */
export interface Presence {
  readonly key: number;
  readonly userId: string | null;
  readonly name: string | null;
  readonly state: Json;
}

const JSON_LIMITS = { maxChars: MAX_AWARENESS_BYTES, maxDepth: 16 };

/** What the pages of a document show each other; `handle.awareness`. */
export class PresenceHandle {
  readonly #env: Env;
  readonly #options: DocOptions;
  readonly #send: (state: string) => void;
  readonly #changed = new Emitter<[]>();
  #others: ReadonlyMap<number, Presence> = new Map();
  #mine = '';
  #timer: Cancel | undefined;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(env: Env, send: (state: string) => void, options: DocOptions) {
    this.#env = env;
    this.#options = options;
    this.#send = send;
  }

  /** Everybody else who shows something; a new map at each change. */
  get others(): ReadonlyMap<number, Presence> {
    return this.#others;
  }

  /** What this page shows: the last that was set. */
  get mine(): Json {
    return this.#mine === '' ? null : parseState(this.#mine);
  }

  /** Called when `others` is another map. */
  subscribe(listener: () => void): Cancel {
    return this.#changed.on(listener);
  }

  /** Shows this state to the others; null takes it back. Throws `too_large` over 4096 bytes of JSON. */
  set(state: Json): void {
    const text = state === null ? '' : JSON.stringify(state);
    if (utf8Length(text) > MAX_AWARENESS_BYTES) {
      throw new Fault('too_large', `an awareness state of more than ${MAX_AWARENESS_BYTES} bytes`);
    }
    if (text === this.#mine) return;
    this.#mine = text;
    this.#plan(this.#lastMs + this.#options.awarenessMs - this.#env.clock.monotonic());
  }

  /** Joined, perhaps again: the server knows nothing of us, and will tell of the others. */
  joined(): void {
    this.#replace(new Map());
    if (this.#mine !== '') this.#plan(0);
  }

  /** No states: forget the others, those who are there follow. */
  received(states: readonly AwarenessState[]): void {
    if (states.length === 0) return this.#replace(new Map());
    const others = new Map(this.#others);
    for (const { key, userId, name, state } of states) {
      if (state === '') others.delete(key);
      else others.set(key, { key, userId, name, state: parseState(state) });
    }
    this.#replace(others);
  }

  lost(): void {
    this.#timer?.();
    this.#timer = undefined;
    this.#replace(new Map());
  }

  #replace(others: ReadonlyMap<number, Presence>): void {
    if (others.size === 0 && this.#others.size === 0) return;
    this.#others = others;
    this.#changed.emit();
  }

  #plan(delayMs: number): void {
    this.#timer?.();
    this.#timer = this.#env.clock.after(Math.max(0, delayMs), () => {
      this.#timer = undefined;
      this.#lastMs = this.#env.clock.monotonic();
      this.#send(this.#mine);
      if (this.#mine !== '') this.#plan(this.#options.awarenessRefreshMs);
    });
  }
}

/** Another client's text: what is not JSON is shown as null. */
function parseState(text: string): Json {
  try {
    return parseJson(text, JSON_LIMITS);
  } catch {
    return null;
  }
}
