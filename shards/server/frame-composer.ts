/**
 * Puts the frame of one player together: the body, which is often that of others too, what only he is sent, the texts
 * that he has yet to be told of, and a head. Used by frame-maker.ts; nothing is allocated but the bytes. [T2] [T8]
 */
import type { Parcel } from '../../src/base/parcel.ts';
import { FrameBody } from '../core/frame-body.ts';
import type { FrameHeader } from '../core/frame-header.ts';
import { type FrameParts, FrameWriter, type TailState } from '../core/frame-writer.ts';
import type { TextPool } from '../core/text-pool.ts';
import type { View } from './view.ts';

interface Parts extends FrameParts {
  readonly head: { -readonly [K in keyof FrameHeader]: FrameHeader[K] };
  readonly places: number[];
  body: FrameBody;
  tail: readonly TailState[] | undefined;
}

export class FrameComposer {
  readonly #writer: FrameWriter;
  /** The frame that is being written, and its tail: filled for each player anew. */
  readonly #parts: Parts;
  readonly #tail: TailState[] = [];

  /** `everyTicks` is the definition's `snapshotEvery`. */
  constructor(texts: TextPool, everyTicks: number) {
    this.#writer = new FrameWriter(texts, everyTicks);
    const head = { frame: 0, tick: 0, base: 0, baseTick: 0, newestInput: 0, waiting: 0 };
    this.#parts = { head, places: [], body: new FrameBody(), tail: undefined };
  }

  /** All frames from now on are this one. */
  begin(frame: number, tick: number): void {
    this.#parts.head.frame = frame;
    this.#parts.head.tick = tick;
  }

  /** The frame that shows a player's aim, given what he holds. Valid until the next one, but for its bytes. */
  compose(view: View, body: FrameBody): Parcel {
    const parts = this.#parts;
    const { head, places } = parts;
    parts.body = body;
    parts.tail = this.#tailOf(view);
    if (places.length > 0) places.length = 0;
    this.#note(view, body.places);
    if (parts.tail)
      for (const part of parts.tail) if (typeof part === 'object') this.#note(view, part.places);
    head.base = view.frame;
    head.baseTick = view.frame === 0 ? 0 : view.tick;
    head.newestInput = view.inputs.newest;
    head.waiting = view.inputs.waiting;
    return this.#writer.write(parts);
  }

  /** What is said of the tail; undefined when there is nothing new. */
  #tailOf(view: View): readonly TailState[] | undefined {
    const { tail } = view.aim!;
    const held = view.frame === 0 ? undefined : view.outlook?.tail;
    let news = false;
    for (let part = 0; part < tail.length; part++) {
      const feed = tail[part];
      const before = held?.[part];
      let state: TailState = 'none';
      if (feed && (feed !== before || (view.staleTail & (1 << part)) !== 0)) state = feed.stream.key();
      else if (feed) {
        const need = feed.stream.neededSince(view.frame);
        state = need === 'nothing' ? 'quiet' : need === 'delta' ? feed.stream.delta : feed.stream.key();
      }
      this.#tail[part] = state;
      news ||= feed ? state !== 'quiet' : before !== undefined;
    }
    return news ? this.#tail : undefined;
  }

  /** Adds the texts that he has yet to be told of. */
  #note(view: View, places: readonly number[]): void {
    for (let i = 0; i < places.length; i++) {
      if (view.texts.add(places[i]!)) this.#parts.places.push(places[i]!);
    }
  }
}
