/** For tests: a page's document against a server that is played by hand: what it says, and what it heard. */
import { LoroDoc, type PeerID } from 'loro-crdt';
import { Emitter } from '../../../src/base/emitter.ts';
import type { Fault } from '../../../src/base/fault.ts';
import type { ChannelEvents, EngineHost } from '../../../src/client/channel.ts';
import { MemoryPersistence } from '../../../src/client/memory-persistence.ts';
import type { SessionInfo } from '../../../src/protocol/server-message.ts';
import { simEnv } from '../../../src/testing/sim-env.ts';
import { type DocDown, encodeDown, type Joined, type JoinKind } from '../../core/down-frame.ts';
import { fragmentAt } from '../../core/fragments.ts';
import { FRAGMENT_BYTES } from '../../core/frame-limits.ts';
import { type DocUp, decodeUp } from '../../core/up-frame.ts';
import type { DocHandle } from '../doc-handle.ts';
import { openDocWith } from '../open-doc.ts';
import type { DocOptions } from '../options.ts';

const NONE = new Uint8Array(0);

export class FakeDocServer {
  readonly env = simEnv();
  readonly disk: MemoryPersistence;
  /** The server's document, and a stranger who edits it. */
  readonly doc = new LoroDoc();
  readonly heard: DocUp[] = [];
  readonly host: EngineHost;
  epoch = 'e1';
  rev = 0;
  #peers = 100n;
  #events: ChannelEvents | undefined;
  #row: object | undefined;
  readonly #rowChanged = new Emitter<[]>();

  constructor(disk = new MemoryPersistence()) {
    this.disk = disk;
    this.doc.setPeerId('7');
    const session = { userId: 'ann' } as SessionInfo;
    this.host = {
      env: this.env,
      docs: this.disk,
      session,
      store: {
        get: () => this.#row,
        subscribe: (_entity, listener) => this.#rowChanged.on(listener),
      },
      onSession: () => () => {},
      channels: {
        open: (_kind, _params, events) => {
          this.#events = events;
          return {
            close: () => {
              if (this.#events === events) this.#events = undefined;
            },
            send: (payload) => {
              this.heard.push(decodeUp(payload));
              return true;
            },
          };
        },
      },
    };
  }

  /** A page opens the document; its disk is that of the page before. */
  async open(options: Partial<DocOptions> = {}): Promise<DocHandle> {
    if (this.heard.length === 0) await this.disk.load('user:ann');
    const handle = openDocWith(this.host, { entity: 'Note', id: 'n1' }, options);
    await this.env.clock.advance(0);
    return handle;
  }

  accept(): void {
    this.#events?.opened(null);
  }

  lose(): void {
    this.#events?.lost();
  }

  refuse(fault: Fault): void {
    this.#events?.closed(fault);
  }

  /** The row as the page has it. */
  row(row: object): void {
    this.#row = row;
    this.#rowChanged.emit();
  }

  get isClosed(): boolean {
    return this.#events === undefined;
  }

  say(frame: DocDown): void {
    this.#events?.frame(encodeDown(frame));
  }

  /** As the server does with what is large. */
  sayInPieces(frame: Uint8Array): void {
    for (let offset = 0; offset < frame.length; offset += FRAGMENT_BYTES)
      this.say({ kind: 'fragment', ...fragmentAt(frame, 1, offset) });
  }

  get joins(): Extract<DocUp, { kind: 'join' }>[] {
    return this.heard.filter((frame) => frame.kind === 'join');
  }

  /** Answers the last join with all of the document in this way. */
  join(mode: JoinKind, fields: Partial<Joined> = {}): void {
    const peer = this.joins.at(-1)!.lease || ++this.#peers;
    const bytes =
      mode === 'shallow'
        ? this.doc.export({ mode: 'shallow-snapshot', frontiers: this.doc.frontiers() })
        : this.doc.export({ mode: 'update' });
    const vv = this.doc.oplogVersion().encode();
    const { epoch, rev } = this;
    this.say({
      kind: 'joined',
      permission: 'write',
      spare: 0n,
      tail: NONE,
      ...{ peer, bytes, vv, epoch, rev, mode },
      ...fields,
    });
  }

  /** Somebody else edits; the page is told with these bytes, or with the right ones. */
  edit(at: number, text: string, bytes?: Uint8Array): void {
    const from = this.doc.oplogVersion();
    this.doc.getText('body').insert(at, text);
    this.doc.commit();
    this.say({
      kind: 'update',
      rev: ++this.rev,
      revs: 1,
      bytes: bytes ?? this.doc.export({ mode: 'update', from }),
    });
  }

  /** Somebody who was away edits what he had long ago. */
  static from(peer: PeerID, bytes: Uint8Array): LoroDoc {
    const doc = new LoroDoc();
    doc.import(bytes);
    doc.setPeerId(peer);
    return doc;
  }

  /** Takes what the page pushed so far, and calls it durable. */
  takePushes(): void {
    for (const frame of this.heard) {
      if (frame.kind !== 'push') continue;
      this.doc.import(frame.bytes);
      this.say({ kind: 'ack', n: frame.n, level: 'durable' });
    }
  }
}
