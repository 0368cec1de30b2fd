/**
 * The channel of one document on a client: frames in and out, large ones in pieces. Reopens after refusals
 * that pass; reports those that do not. Knows nothing of what the frames mean (shared-doc.ts does).
 */
import { backoffMs } from '../../src/base/backoff.ts';
import { CODES } from '../../src/base/codes.ts';
import type { Cancel } from '../../src/base/env.ts';
import { Fault, toFault } from '../../src/base/fault.ts';
import type { ClientChannel, EngineHost } from '../../src/client/channel.ts';
import { DOC_CHANNEL, type DocRef, docParams } from '../core/doc-ref.ts';
import { type DocDown, decodeDown } from '../core/down-frame.ts';
import { Assembler, fragmentAt } from '../core/fragments.ts';
import { FRAGMENT_BYTES } from '../core/frame-limits.ts';
import { type DocUp, encodeUp } from '../core/up-frame.ts';
import type { DocOptions } from './options.ts';

export interface LinkEvents {
  /** The channel is open, anew: join. */
  opened(): void;
  frame(frame: Exclude<DocDown, { kind: 'fragment' }>): void;
  /** The channel is gone for now. */
  lost(): void;
  /** The server said no and means it. */
  refused(fault: Fault): void;
}

/** The server sends one large frame at a time on a channel. */
const MAX_STREAMS = 2;

export class DocLink {
  readonly #host: EngineHost;
  readonly #options: DocOptions;
  readonly #ref: DocRef;
  readonly #events: LinkEvents;
  readonly #assembler: Assembler;
  #channel: ClientChannel | undefined;
  #stream = 0;
  #attempt = 0;
  #retry: Cancel | undefined;
  #closed = false;

  constructor(host: EngineHost, deps: { ref: DocRef; events: LinkEvents }, options: DocOptions) {
    this.#host = host;
    this.#ref = deps.ref;
    this.#events = deps.events;
    this.#options = options;
    this.#assembler = new Assembler({ maxBytes: options.maxFrameBytes, maxStreams: MAX_STREAMS });
    this.#open();
  }

  /** False: not open now. */
  send(frame: DocUp): boolean {
    const bytes = encodeUp(frame);
    if (!this.#channel) return false;
    if (bytes.length <= FRAGMENT_BYTES) return this.#channel.send(bytes);
    const stream = ++this.#stream;
    for (let offset = 0; offset < bytes.length; offset += FRAGMENT_BYTES) {
      const piece = encodeUp({ kind: 'fragment', ...fragmentAt(bytes, stream, offset) });
      if (!this.#channel.send(piece)) return false;
    }
    return true;
  }

  /** The server answered a join: the next refusal is waited for from the start again. */
  joined(): void {
    this.#attempt = 0;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#retry?.();
    this.#channel?.close();
    this.#channel = undefined;
  }

  #open(): void {
    if (this.#closed) return;
    const when =
      (task: () => void): (() => void) =>
      () => {
        if (!this.#closed) task();
      };
    this.#channel = this.#host.channels.open(DOC_CHANNEL, docParams(this.#ref), {
      opened: when(() => {
        this.#assembler.clear();
        this.#events.opened();
      }),
      frame: (payload) => this.#frame(payload),
      lost: when(() => this.#events.lost()),
      closed: (fault) => this.#refused(fault),
    });
  }

  #frame(payload: Uint8Array): void {
    if (this.#closed) return;
    try {
      let frame = decodeDown(payload);
      if (frame.kind === 'fragment') {
        const whole = this.#assembler.add(frame);
        if (!whole) return;
        frame = decodeDown(whole);
      }
      if (frame.kind !== 'fragment') this.#events.frame(frame);
    } catch (error) {
      this.#host.env.log.error('doc.bad_frame', { error: String(error) });
      this.#channel?.close();
      this.#refused(new Fault('internal', 'a frame that makes no sense', undefined, { cause: error })); // join again
    }
  }

  #refused(fault: Fault): void {
    if (this.#closed) return;
    this.#channel = undefined;
    const { retry } = CODES[fault.code];
    if (retry !== 'backoff' && retry !== 'now') {
      this.#events.refused(fault);
      return;
    }
    this.#events.lost();
    const delayMs = backoffMs(this.#attempt++, this.#host.env.random, this.#options.retry);
    this.#retry?.();
    this.#retry = this.#host.env.clock.after(delayMs, () => this.#reopen());
  }

  #reopen(): void {
    try {
      this.#open();
    } catch (error) {
      this.#events.refused(toFault(error)); // the engine was closed: nobody is above a timer to catch it
    }
  }
}
