/**
 * One row's document on one page, however many handles are open on it: the LoroDoc, the join, the pushes,
 * and what is kept across a reload. States are drawn in doc-state.ts.
 *
 * The document can be edited once the server has leased it a peer id, and is detached until then: Loro
 * throws on edits of a detached document. [D9] Edits are pending until the server calls them durable; a
 * refusal cannot be undone in a CRDT, so the document is loaded again without them.
 */
import { LoroDoc, type PeerID } from 'loro-crdt';
import { backoffMs } from '../../src/base/backoff.ts';
import { CODES } from '../../src/base/codes.ts';
import { Emitter } from '../../src/base/emitter.ts';
import type { Cancel } from '../../src/base/env.ts';
import { Fault } from '../../src/base/fault.ts';
import type { EngineHost } from '../../src/client/channel.ts';
import type { SessionInfo } from '../../src/protocol/server-message.ts';
import { type DocRef, docKey } from '../core/doc-ref.ts';
import type { DocDown, Joined, Permission } from '../core/down-frame.ts';
import { NO_WANTS } from '../core/up-frame.ts';
import { decodeVersions } from '../core/versions.ts';
import { DocLink } from './doc-link.ts';
import { DocOutbox } from './doc-outbox.ts';
import { PendingStore } from './doc-persistence.ts';
import type { DocState } from './doc-state.ts';
import type { DocOptions } from './options.ts';
import type { PendingEntry, PendingRecord } from './pending-record.ts';
import { PresenceHandle } from './presence-handle.ts';

/** What the server gave at the last join. */
interface Lease {
  readonly epoch: string;
  readonly peer: bigint;
  readonly permission: Permission;
}

export class SharedDoc {
  readonly presence: PresenceHandle;
  readonly #host: EngineHost;
  readonly #ref: DocRef;
  readonly #options: DocOptions;
  readonly #store: PendingStore;
  readonly #changed = new Emitter<[]>();
  readonly #offSession: Cancel;
  #state: DocState = { name: 'loading' };
  #doc!: LoroDoc;
  #outbox!: DocOutbox;
  #offEdits: Cancel = () => {};
  #link: DocLink | undefined;
  /** Undefined while nobody knows who this is. */
  #owner: string | null | undefined;
  /** Counts restarts, so that what was begun before one does not end after it. */
  #life = 0;
  /** Edits found on this device, until the join says whether they still belong here. */
  #found: PendingRecord | null = null;
  #loaded = false;
  #opened = false;
  #lease: Lease | undefined;
  #rev = 0;
  #lagging = false;
  #lastPush = 0;
  #lastPumpMs = Number.NEGATIVE_INFINITY;
  #pumpTimer: Cancel | undefined;
  #saveTimer: Cancel | undefined;
  #retryTimer: Cancel | undefined;
  #gaps = 0;
  #dropped: Fault | undefined;

  constructor(host: EngineHost, ref: DocRef, options: DocOptions) {
    this.#host = host;
    this.#ref = ref;
    this.#options = options;
    this.#store = new PendingStore(host.env, host.docs, ref);
    const send = (state: string) => this.#link?.send({ kind: 'awareness', state });
    this.presence = new PresenceHandle(host.env, send, options);
    this.#offSession = host.onSession((session) => this.#identify(session));
    this.#start();
  }

  get state(): DocState {
    return this.#state;
  }

  /** Another object after edits were refused or the identity changed. */
  get doc(): LoroDoc {
    return this.#doc;
  }

  get pending(): boolean {
    return this.#outbox.pending || (this.#found?.entries.length ?? 0) > 0;
  }

  get editable(): boolean {
    const { name } = this.#state;
    return this.#lease?.permission === 'write' && name !== 'refused' && name !== 'closed';
  }

  subscribe(listener: () => void): Cancel {
    return this.#changed.on(listener);
  }

  /** Sends and keeps what was edited without waiting for the batch. */
  flush(): void {
    if (this.#state.name !== 'closed') this.#pump();
  }

  /** Nothing is sent or received any more. Pending edits stay on this device until the document is opened again. */
  close(): void {
    if (this.#state.name === 'closed') return;
    this.#pump();
    void this.#save();
    this.#stop();
    this.#offSession();
    this.#to({ name: 'closed' });
    this.#changed.clear();
  }

  #start(): void {
    const life = ++this.#life;
    this.#owner = this.#host.session === null ? undefined : this.#host.session.userId;
    this.#renew();
    this.#found = null;
    this.#dropped = undefined;
    this.#loaded = false;
    this.#opened = false;
    this.#to({ name: 'loading' });
    void this.#store.load().then((record) => {
      if (life !== this.#life || this.#state.name === 'closed') return;
      this.#found = record;
      this.#loaded = true;
      this.#join();
    });
    const events = {
      opened: () => {
        this.#opened = true;
        this.#join();
      },
      frame: (frame: Exclude<DocDown, { kind: 'fragment' }>) => this.#take(frame),
      lost: () => this.#lost(),
      refused: (fault: Fault) => this.#refused(fault),
    };
    this.#link = new DocLink(this.#host, { ref: this.#ref, events }, this.#options);
  }

  #stop(): void {
    this.#life++;
    this.#pumpTimer?.();
    this.#saveTimer?.();
    this.#retryTimer?.();
    this.#pumpTimer = this.#saveTimer = this.#retryTimer = undefined;
    this.#offEdits();
    this.presence.lost();
    this.#link?.close();
    this.#link = undefined;
  }

  /** An empty document in place of the present one. */
  #renew(): void {
    this.#offEdits();
    const doc = new LoroDoc();
    doc.detach();
    this.#doc = doc;
    this.#outbox = new DocOutbox(doc);
    this.#lease = undefined;
    this.#offEdits = doc.subscribeLocalUpdates(() => this.#edited());
  }

  /** Another identity sees nothing of what this one had. [S8] What was refused may be allowed now. */
  #identify({ userId }: SessionInfo): void {
    if (this.#state.name === 'closed') return;
    const same = this.#owner === undefined || this.#owner === userId;
    if (same && this.#state.name !== 'refused') {
      this.#owner = userId;
      return;
    }
    this.#stop();
    this.#start();
  }

  #join(): void {
    if (!this.#loaded || !this.#opened || !this.#link) return;
    const vector = this.#doc.oplogVersion();
    const [vv, empty] = [vector.encode(), vector.length() === 0];
    vector.free();
    const { epoch = '', peer = 0n } = this.#lease ?? {};
    this.#to({ name: 'syncing' });
    this.#link.send({ kind: 'join', lease: peer, wants: NO_WANTS, epoch: empty ? '' : epoch, vv });
  }

  #resync(): void {
    const vector = this.#doc.oplogVersion();
    const vv = vector.encode();
    vector.free();
    this.#to({ name: 'syncing' });
    this.#link?.send({ kind: 'resync', vv });
  }

  #take(frame: Exclude<DocDown, { kind: 'fragment' }>): void {
    switch (frame.kind) {
      case 'joined':
        return this.#joined(frame);
      case 'update':
        return this.#update(frame);
      case 'ack':
        if (frame.level === 'durable') this.#durable(frame.n);
        return;
      case 'refuse':
        return this.#pushRefused(new Fault(frame.code, 'the server refused an edit'));
      case 'told':
        return; // nothing was asked yet
      case 'lagging':
        this.#lagging = true;
        return;
      case 'permission':
        return this.#permission(frame.permission);
      case 'awareness':
        return this.presence.received(frame.states);
    }
  }

  #joined({ mode, bytes, tail, epoch, peer, permission, rev, vv }: Joined): void {
    if (this.#state.name !== 'syncing') return;
    this.#link?.joined();
    const versions = decodeVersions(vv);
    if (mode === 'reset' && this.#lease) {
      if (this.#outbox.pending) this.#dropped = new Fault('conflict', 'the document was made anew');
      this.#renew();
    }
    this.#import(bytes);
    this.#import(tail);
    this.#rev = rev;
    this.#lagging = false;
    this.#lease = { epoch, peer, permission };
    if (permission === 'write') this.#takePeer(peer);
    else this.#doc.detach();
    this.#bringHome(epoch);
    this.#outbox.rewind(versions);
    if (permission === 'read' && this.#outbox.pending)
      return this.#drop(new Fault('forbidden', 'read-only now'));
    this.#to({ name: 'live', permission, dropped: this.#dropped });
    this.presence.joined();
    this.#planSave();
    this.#pump();
  }

  #takePeer(peer: bigint): void {
    this.#doc.attach();
    this.#doc.commit();
    if (this.#doc.peerId !== peer) this.#doc.setPeerId(peer);
    this.#outbox.own(`${peer}` as PeerID);
  }

  /** Imports the edits of an earlier page, if they are this identity's and of this life of the document. */
  #bringHome(epoch: string): void {
    const record = this.#found;
    this.#found = null;
    if (!record || record.epoch !== epoch || record.owner !== (this.#host.session?.userId ?? null)) return;
    for (const entry of record.entries) if (this.#importFound(entry)) this.#outbox.find(entry);
  }

  #importFound(entry: PendingEntry): boolean {
    try {
      if (!this.#doc.import(entry.bytes).pending) return true;
    } catch {
      // Said below.
    }
    this.#host.env.log.warn('doc.pending_lost', { doc: docKey(this.#ref), bytes: entry.bytes.length });
    return false;
  }

  #update({ rev, revs, bytes }: Extract<DocDown, { kind: 'update' }>): void {
    if (this.#state.name !== 'live') return; // the answer to the join holds it
    if (rev - revs !== this.#rev && !this.#lagging) return this.#resync();
    this.#rev = rev;
    this.#lagging = false;
    this.#import(bytes);
  }

  #import(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    // Attached first: catching up afterwards costs seconds for a large text.
    if (this.#doc.isDetached()) this.#doc.attach();
    const { pending } = this.#doc.import(bytes);
    if (!this.editable) this.#doc.detach();
    if (pending) throw new Fault('internal', 'the server sent an update that builds on others'); // join again
  }

  #durable(n: number): void {
    this.#gaps = 0;
    this.#outbox.settle(n);
    this.#planSave();
    this.#plan();
    this.#changed.emit();
  }

  #pushRefused(fault: Fault): void {
    const { retry } = CODES[fault.code];
    if (retry === 'never' || retry === 'after_auth') return this.#drop(fault);
    this.#to({ name: 'syncing' });
    const at = retry === 'now' ? this.#gaps++ : Math.max(1, this.#gaps++);
    if (at === 0) return this.#resync();
    const delayMs = backoffMs(at, this.#host.env.random, this.#options.retry);
    this.#retryTimer?.();
    this.#retryTimer = this.#host.env.clock.after(delayMs, () => {
      if (this.#state.name === 'syncing') this.#resync();
    });
  }

  /** Our edits are unwelcome: begin again from what the server has. */
  #drop(fault: Fault): void {
    this.#host.env.log.warn('doc.edits_dropped', { doc: docKey(this.#ref), code: fault.code });
    this.#dropped = fault;
    void this.#forget();
    this.#renew();
    this.#join();
  }

  #permission(permission: Permission): void {
    if (!this.#lease || this.#lease.permission === permission) return;
    if (permission === 'read' && this.#outbox.pending)
      return this.#drop(new Fault('forbidden', 'read-only now'));
    if (permission === 'write') return this.#join(); // for a peer id
    this.#lease = { ...this.#lease, permission };
    this.#doc.detach();
    if (this.#state.name === 'live') this.#to({ ...this.#state, permission });
  }

  #lost(): void {
    this.#opened = false;
    this.presence.lost();
    if (this.#state.name !== 'refused') this.#to({ name: 'offline' });
  }

  #refused(fault: Fault): void {
    this.#doc.commit();
    this.#doc.detach();
    if (fault.code === 'unauthorized') this.#renew(); // whoever comes next must not see it [S8]
    this.presence.lost();
    this.#to({ name: 'refused', fault });
  }

  #edited(): void {
    if (!this.#lease) return;
    this.#plan();
    this.#planSave();
    this.#changed.emit();
  }

  /** The first edit leaves at the end of this turn, those right behind it together. */
  #plan(): void {
    if (this.#pumpTimer) return;
    const { clock } = this.#host.env;
    const waitMs = this.#lastPumpMs + this.#options.batchMs - clock.monotonic();
    this.#pumpTimer = clock.after(Math.max(0, waitMs), () => this.#pump());
  }

  #pump(): void {
    this.#pumpTimer?.();
    this.#pumpTimer = undefined;
    this.#doc.commit();
    if (this.#state.name !== 'live' || this.#lease?.permission !== 'write') return;
    while (this.#outbox.inFlight < this.#options.maxInFlight) {
      const n = this.#lastPush + 1;
      const bytes = this.#outbox.take(n);
      if (!bytes) return;
      this.#lastPumpMs = this.#host.env.clock.monotonic();
      this.#lastPush = n;
      if (!this.#link?.send({ kind: 'push', n, bytes })) return; // the next join sends it again
    }
  }

  #planSave(): void {
    if (this.#saveTimer) return;
    this.#saveTimer = this.#host.env.clock.after(this.#options.persistMs, () => {
      this.#saveTimer = undefined;
      void this.#save();
    });
  }

  #save(): Promise<void> {
    return this.#keep(this.#outbox.entries(), this.#outbox.settledFound);
  }

  #forget(): Promise<void> {
    return this.#keep([], this.#outbox.found);
  }

  async #keep(own: readonly PendingEntry[], settled: readonly PendingEntry[]): Promise<void> {
    if (!this.#lease) return; // nothing of ours, and what was found is still in its place
    const { epoch } = this.#lease;
    const { ownPeers } = this.#outbox;
    await this.#store.save({ owner: this.#owner ?? null, epoch, own, ownPeers, settled });
  }

  #to(next: DocState): void {
    if (this.#state.name === 'closed') return;
    this.#state = next;
    this.#changed.emit();
  }
}
