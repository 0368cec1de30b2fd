/** For tests: a client that speaks the documents' wire by hand, on a channel that can be full. */
import { LoroDoc } from 'loro-crdt';
import type { Cancel } from '../../../src/base/env.ts';
import { type Fault, toFault } from '../../../src/base/fault.ts';
import type { Channel, ChannelHandler } from '../../../src/plugin/channel.ts';
import type { Viewer } from '../../../src/policy/viewer.ts';
import { type DocDown, decodeDown } from '../../core/down-frame.ts';
import { Assembler } from '../../core/fragments.ts';
import { type DocUp, encodeUp, NO_WANTS } from '../../core/up-frame.ts';

export class Hand implements Channel {
  doc: LoroDoc;
  readonly frames: DocDown[] = [];
  readonly latest = { put: () => {}, sentTag: -1 };
  readonly #assembler = new Assembler({ maxBytes: 64 << 20, maxStreams: 4 });
  readonly #listeners = new Set<() => void>();
  viewer: Viewer;
  /** Payloads that the lane still takes. */
  room = Number.POSITIVE_INFINITY;
  largest = 0;
  fault: Fault | undefined;
  handler!: ChannelHandler;
  n = 0;

  constructor(user: string | null, doc = new LoroDoc()) {
    this.doc = doc;
    const kind = user === null ? 'anonymous' : 'user';
    this.viewer = { userId: user, kind, roles: [], name: user };
  }

  get session(): Channel['session'] {
    const hand = this;
    return {
      id: 's',
      clientId: 'c',
      get viewer() {
        return hand.viewer;
      },
      onViewer: (listener: () => void): Cancel => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
    };
  }

  become(user: string): void {
    this.viewer = { userId: user, kind: 'user', roles: [], name: user };
    for (const listener of this.#listeners) listener();
  }

  send(payload: Uint8Array): boolean {
    if (this.room <= 0) return false;
    this.room--;
    this.largest = Math.max(this.largest, payload.length);
    let frame = decodeDown(payload);
    if (frame.kind === 'fragment') {
      const whole = this.#assembler.add(frame);
      if (!whole) return true;
      frame = decodeDown(whole);
    }
    this.frames.push(frame);
    if (frame.kind === 'joined' || frame.kind === 'update') {
      if (frame.bytes.length > 0) this.learn(frame.bytes);
      if (frame.kind === 'joined' && frame.tail.length > 0) this.learn(frame.tail);
    }
    return true;
  }

  learn(bytes: Uint8Array): void {
    this.doc.import(bytes);
  }

  close(fault: Fault): void {
    this.fault ??= fault;
    this.handler?.closed();
  }

  up(frame: DocUp): void {
    try {
      this.handler.frame(encodeUp(frame));
    } catch (error) {
      this.close(toFault(error)); // as the mux does
    }
  }

  join(epoch = '', lease = 0n, wants = NO_WANTS): void {
    const vv = this.doc.oplogVersion();
    this.up({ kind: 'join', lease, wants, epoch, vv: vv.encode() });
  }

  push(bytes: Uint8Array): void {
    this.up({ kind: 'push', n: ++this.n, bytes });
  }

  resync(): void {
    this.up({ kind: 'resync', vv: this.doc.oplogVersion().encode() });
  }

  /** Types and returns the update, unsent. */
  edit(text: string, at = 0): Uint8Array {
    const from = this.doc.oplogVersion();
    this.doc.getText('body').insert(at, text);
    this.doc.commit();
    return this.doc.export({ mode: 'update', from });
  }

  get text(): string {
    return this.doc.getText('body').toString();
  }

  last<K extends DocDown['kind']>(kind: K): Extract<DocDown, { kind: K }> {
    return this.all(kind).at(-1)!;
  }

  all<K extends DocDown['kind']>(kind: K): Extract<DocDown, { kind: K }>[] {
    return this.frames.filter((frame): frame is Extract<DocDown, { kind: K }> => frame.kind === kind);
  }
}
