/**
 * The conversation with the server about one document: its channel, the numbers of pushes, and which revision the
 * page has come to. Made by shared-doc.ts, anew for each identity.
 */
import type { Fault } from '../../src/base/fault.ts';
import type { EngineHost } from '../../src/client/channel.ts';
import type { DocRef } from '../core/doc-ref.ts';
import type { DocDown, Joined } from '../core/down-frame.ts';
import type { DocUp } from '../core/up-frame.ts';
import { DocLink } from './doc-link.ts';
import type { DocOptions } from './options.ts';

export interface StreamEvents {
  /** The channel is open, anew: join. */
  opened(): void;
  frame(frame: Exclude<DocDown, { kind: 'fragment' }>): void;
  lost(): void;
  /** The server said no and means it. */
  refused(fault: Fault): void;
}

export class DocStream {
  readonly #link: DocLink;
  #isOpen = false;
  #rev = 0;
  #lagging = false;
  #lastPush = 0;

  constructor(host: EngineHost, deps: { ref: DocRef; events: StreamEvents }, options: DocOptions) {
    const { ref, events } = deps;
    this.#link = new DocLink(
      host,
      {
        ref,
        events: {
          opened: () => {
            this.#isOpen = true;
            events.opened();
          },
          frame: (frame) => events.frame(frame),
          lost: () => {
            this.#isOpen = false;
            events.lost();
          },
          refused: (fault) => {
            this.#isOpen = false;
            events.refused(fault);
          },
        },
      },
      options,
    );
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** The update of the document that this page has come to. */
  get rev(): number {
    return this.#rev;
  }

  get nextPush(): number {
    return this.#lastPush + 1;
  }

  /** False: not open now. */
  send(frame: DocUp): boolean {
    if (frame.kind === 'push') this.#lastPush = frame.n;
    return this.#link.send(frame);
  }

  joined({ rev }: Joined): void {
    this.#link.joined();
    this.#rev = rev;
    this.#lagging = false;
  }

  /** The next update may skip numbers. */
  lagging(): void {
    this.#lagging = true;
  }

  /** False: something is missing before this one. */
  follows({ rev, revs }: Extract<DocDown, { kind: 'update' }>): boolean {
    if (rev - revs !== this.#rev && !this.#lagging) return false;
    this.#rev = rev;
    this.#lagging = false;
    return true;
  }

  close(): void {
    this.#link.close();
  }
}
