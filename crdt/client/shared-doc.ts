/**
 * One row's document on one page, however many handles are open on it: it joins, takes what the server sends, and
 * decides when what the page holds (doc-body.ts) is void. States are drawn in doc-state.ts.
 *
 * [D2] Edits are pending until the server calls them durable. When the document has another life, they are made
 * anew on it; when they are refused, the document is loaded again without them: a CRDT cannot take them back.
 */
import type { LoroDoc } from 'loro-crdt';
import { Emitter } from '../../src/base/emitter.ts';
import type { Cancel } from '../../src/base/env.ts';
import { Fault } from '../../src/base/fault.ts';
import { onPageHidden } from '../../src/client/browser-env.ts';
import type { EngineHost } from '../../src/client/channel.ts';
import type { SessionInfo } from '../../src/protocol/server-message.ts';
import { type DocRef, docKey } from '../core/doc-ref.ts';
import type { DocDown, Joined, Permission } from '../core/down-frame.ts';
import { decodeVersions } from '../core/versions.ts';
import type { FoundDoc } from './device-doc.ts';
import { DocBody } from './doc-body.ts';
import { DocHistory } from './doc-history.ts';
import { DocKeeper } from './doc-keeper.ts';
import type { DocState } from './doc-state.ts';
import { DocStream } from './doc-stream.ts';
import { EditFates } from './edit-fates.ts';
import type { DocOptions } from './options.ts';
import { PresenceHandle } from './presence-handle.ts';
import { UndoHandle } from './undo-handle.ts';

export class SharedDoc {
  readonly presence: PresenceHandle;
  readonly history: DocHistory;
  readonly undo: UndoHandle;
  readonly #host: EngineHost;
  readonly #ref: DocRef;
  readonly #options: DocOptions;
  readonly #keeper: DocKeeper;
  readonly #changed = new Emitter<[]>();
  readonly #cleanups: Cancel[];
  #state: DocState = { name: 'loading' };
  #body!: DocBody;
  #stream: DocStream | undefined;
  /** Undefined while nobody knows who this is. */
  #owner: string | null | undefined;
  /** Counts restarts, so that what was begun before one does not end after it. */
  #life = 0;
  #loaded = false;
  /** This page's own; 0 for none. */
  #peer = 0n;
  #permission: Permission | undefined;
  #restarts = 0;
  /** A shallow snapshot does not do any more. */
  #wantsAll = false;
  #fates = new EditFates();

  constructor(host: EngineHost, ref: DocRef, options: DocOptions) {
    this.#host = host;
    this.#ref = ref;
    this.#options = options;
    const { env, docs } = host;
    this.#keeper = new DocKeeper(env, { docs, ref, present: () => this.#present() }, options);
    const send = (state: string) => this.#stream?.send({ kind: 'awareness', state });
    this.presence = new PresenceHandle(env, send, options);
    this.history = new DocHistory((frame) => this.#stream?.send(frame) ?? false);
    this.undo = new UndoHandle(options);
    this.#cleanups = [
      host.onSession((session) => this.#identify(session)),
      onPageHidden(() => void this.flush()),
    ];
    this.#start();
  }

  get state(): DocState {
    return this.#state;
  }

  /** Another object after the document was made anew, after edits were refused, or the identity changed. */
  get doc(): LoroDoc {
    return this.#body.replica.doc;
  }

  get pending(): boolean {
    return this.#body.pending || this.#fates.waiting;
  }

  get #hasUnsent(): boolean {
    return this.#body.pending || this.#fates.unsent;
  }

  get editable(): boolean {
    const { name } = this.#state;
    return this.#permission === 'write' && name !== 'refused' && name !== 'closed';
  }

  /** The update of the document that this page has come to. */
  get rev(): number {
    return this.#stream?.rev ?? 0;
  }

  /** The revision that the columns of the row on this page show; 0 while there is no row. */
  get projectedRev(): number {
    const row = this.#host.store.get(this.#ref.entity, this.#ref.id);
    return row && 'docRev' in row && typeof row.docRev === 'number' ? row.docRev : 0;
  }

  onRows(listener: () => void): Cancel {
    return this.#host.store.subscribe(this.#ref.entity, listener);
  }

  subscribe(listener: () => void): Cancel {
    return this.#changed.on(listener);
  }

  /** Sends what was edited without waiting for the batch. Resolves when this device has it. */
  async flush(): Promise<void> {
    if (this.#state.name === 'closed') return;
    this.#body.pusher.flush();
    await this.#keeper.flush();
  }

  /** Nothing is sent or received any more. Pending edits stay on this device until the document is opened again. */
  close(): void {
    if (this.#state.name === 'closed') return;
    void this.flush();
    this.#stop();
    for (const cleanup of this.#cleanups) cleanup();
    this.#to({ name: 'closed' });
    this.#changed.clear();
  }

  #start(): void {
    const life = ++this.#life;
    this.#owner = this.#host.session === null ? undefined : this.#host.session.userId;
    this.#renew();
    this.#peer = 0n;
    this.#fates = new EditFates();
    this.#loaded = false;
    this.#to({ name: 'loading' });
    void this.#keeper
      .load(() => this.#host.session?.userId ?? null)
      .then((found) => {
        if (life === this.#life && this.#state.name !== 'closed') this.#found(found);
      });
    const events = {
      opened: () => this.#join(),
      frame: (frame: Exclude<DocDown, { kind: 'fragment' }>) => this.#take(frame),
      lost: () => this.#lost(),
      refused: (fault: Fault) => this.#refused(fault),
    };
    this.#stream = new DocStream(this.#host, { ref: this.#ref, events }, this.#options);
  }

  #stop(): void {
    this.#life++;
    this.history.lost();
    this.#keeper.stop();
    this.#body.close();
    this.undo.attach(null);
    this.presence.lost();
    this.#stream?.close();
    this.#stream = undefined;
  }

  /** What this device keeps: shown, and with a spare peer id edited, before anything is heard of the server. */
  #found(found: FoundDoc | null): void {
    this.#loaded = true;
    if (found && this.#body.load(found) !== 'done') {
      this.#host.env.log.error('doc.copy_unusable', { doc: docKey(this.#ref) });
      void this.#keeper.forgetCopy();
      this.#renew();
      this.#body.load({ ...found, copy: null });
    }
    if (found) this.#peer = found.spare;
    if (found?.copy && !this.#body.isEmpty && found.spare !== 0n) this.#mayEdit(found.spare);
    if (found?.copy && !this.#stream?.isOpen && this.#state.name === 'loading') this.#to({ name: 'offline' });
    this.#join();
  }

  /** An empty document in place of the present one. */
  #renew(): void {
    if (this.#body) this.#body.close();
    this.undo.attach(null);
    this.#permission = undefined;
    const line = {
      isOpen: () => this.#state.name === 'live' && this.#permission === 'write',
      nextPush: () => this.#stream?.nextPush ?? 0,
      push: (n: number, bytes: Uint8Array) => this.#stream?.send({ kind: 'push', n, bytes }) ?? false,
      resync: () => this.#resync(),
    };
    this.#body = new DocBody(this.#host.env, { line, edited: () => this.#edited() }, this.#options);
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
    if (!this.#loaded || !this.#stream?.isOpen) return;
    const { replica, epoch, isEmpty, waiting } = this.#body;
    // What was found here may build on any version.
    const wantsAll = this.#wantsAll || waiting.entries.length > 0;
    const wants = {
      lazy: isEmpty && this.#options.history === 'lazy' && !wantsAll,
      spare: this.#keeper.wantsSpare,
    };
    this.#to({ name: 'syncing' });
    const vv = replica.vector();
    this.#stream.send({ kind: 'join', lease: this.#peer, wants, epoch: isEmpty ? '' : epoch, vv });
  }

  #resync(): void {
    if (this.#state.name !== 'live' && this.#state.name !== 'syncing') return;
    this.#to({ name: 'syncing' });
    this.#stream?.send({ kind: 'resync', vv: this.#body.replica.vector() });
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
        return this.history.told(frame);
      case 'lagging':
        return this.#stream?.lagging();
      case 'permission':
        return this.#permitted(frame.permission);
      case 'awareness':
        return this.presence.received(frame.states);
    }
  }

  #joined(joined: Joined): void {
    if (this.#state.name !== 'syncing') return;
    const { mode, bytes, tail, epoch, peer, spare, permission, vv } = joined;
    this.#stream?.joined(joined);
    // Other pages of this life of the document may be younger, and go on.
    const isOver = mode === 'reset' && epoch !== this.#body.epoch;
    if ((mode === 'reset' || mode === 'shallow') && !this.#body.isEmpty) this.#setAside(isOver);
    if (this.#body.import(bytes, tail) !== 'done') return this.#broken();
    const lost = this.#body.joined(epoch, decodeVersions(vv));
    if (lost.length > 0) this.#fates.dropped(new Fault('conflict', 'edits of another life of the document'));
    const mayEdit = permission === 'write';
    this.#keeper.granted(spare, mayEdit);
    if (!mayEdit && this.#hasUnsent) return this.#drop(new Fault('forbidden', 'read-only now'));
    if (mayEdit && this.#fates.names(peer)) {
      this.#peer = 0n; // another page may send those very operations: what is made anew needs new names
      return this.#join();
    }
    if (mayEdit) this.#mayEdit(peer);
    else this.#mayOnlyRead();
    if (!mayEdit) this.#fates.giveUp();
    this.#to({ name: 'live', permission, ...this.#fates.told });
    this.presence.joined();
    if (this.#fates.waiting) void this.#remake();
    else void this.#keeper.flush();
    this.#body.pusher.flush();
  }

  /** The body is void; its unsent edits wait for the next one. `isOver`: other pages cannot send theirs either. */
  #setAside(isOver: boolean): void {
    const unsent = this.#body.unsent(isOver);
    if (isOver || !unsent.isEmpty) this.#fates.setAside(unsent);
    const { waiting } = this.#body;
    this.#renew();
    if (waiting.entries.length > 0) this.#body.load(waiting);
  }

  async #remake(): Promise<void> {
    const body = this.#body;
    await this.#fates.remake({
      keeper: this.#keeper,
      replica: body.replica,
      kept: () => body.kept(this.#owner ?? null, true),
      isCurrent: () => body === this.#body && this.#state.name !== 'closed',
    });
    if (body !== this.#body || this.#state.name === 'closed') return;
    if (this.#state.name === 'live') this.#to({ ...this.#state, ...this.#fates.told });
    body.pusher.plan();
  }

  #mayEdit(peer: bigint): void {
    this.#peer = peer;
    this.#permission = 'write';
    this.#body.edit(peer);
    this.undo.attach(this.doc);
  }

  #mayOnlyRead(): void {
    this.#permission = 'read';
    this.#body.replica.freeze();
  }

  #update(update: Extract<DocDown, { kind: 'update' }>): void {
    if (this.#state.name !== 'live') return; // the answer to the join holds it
    if (!this.#stream?.follows(update)) return this.#resync();
    if (this.#body.import(update.bytes) !== 'done') return this.#broken();
    this.#restarts = 0;
    this.#keeper.received();
  }

  /** What the server sent does not fit what is here, or broke it: begin again from all that the server has. */
  #broken(): void {
    this.#host.env.log.error('doc.broken', { doc: docKey(this.#ref), dead: this.#body.replica.isDead });
    if (++this.#restarts > this.#options.maxRestarts) {
      this.#stream?.close();
      return this.#refused(new Fault('internal', 'this document cannot be read here'));
    }
    this.#wantsAll = true;
    if (!this.#body.replica.isDead) {
      this.#setAside(false);
      return this.#join();
    }
    // Unsent edits are on this device.
    const fates = this.#fates;
    void this.#keeper.forgetCopy();
    this.#stop();
    this.#start();
    this.#fates = fates;
  }

  #durable(n: number): void {
    this.#body.pusher.settle(n);
    this.#keeper.edited();
    this.#changed.emit();
  }

  #pushRefused(fault: Fault): void {
    this.#to({ name: 'syncing' });
    if (!this.#body.pusher.refused(fault)) this.#drop(fault);
  }

  /** Our edits are unwelcome: begin again from what the server has. */
  #drop(fault: Fault): void {
    this.#host.env.log.warn('doc.edits_dropped', { doc: docKey(this.#ref), code: fault.code });
    this.#fates.dropped(fault);
    void this.#keeper.void(this.#body.refused(this.#owner ?? null));
    this.#renew();
    this.#join();
  }

  #permitted(permission: Permission): void {
    if (this.#permission === undefined || this.#permission === permission) return;
    if (permission === 'write') return this.#join(); // for a peer id
    this.#keeper.granted(0n, false);
    if (this.#hasUnsent) return this.#drop(new Fault('forbidden', 'read-only now'));
    this.#mayOnlyRead();
    if (this.#state.name === 'live') this.#to({ ...this.#state, permission });
  }

  #lost(): void {
    this.history.lost();
    this.presence.lost();
    if (this.#state.name === 'refused' || (this.#state.name === 'loading' && !this.#loaded)) return;
    this.#to({ name: 'offline' });
  }

  #refused(fault: Fault): void {
    this.history.lost();
    this.#body.replica.freeze();
    if (fault.code === 'unauthorized') this.#renew(); // whoever comes next must not see it [S8]
    this.presence.lost();
    this.#to({ name: 'refused', fault });
    if (fault.code === 'not_found' || fault.code === 'forbidden') void this.#keeper.forget();
  }

  #edited(): void {
    if (this.#permission !== 'write') return;
    this.#body.pusher.plan();
    this.#keeper.edited();
    this.#changed.emit();
  }

  /** What this device is to keep. */
  #present(): ReturnType<DocBody['kept']> | null {
    const { epoch, replica } = this.#body;
    // What was set aside is still in its place on the device, and what was found as well.
    if (epoch === '' || replica.isDead || this.#fates.waiting) return null;
    if (this.#state.name === 'refused' || this.#permission === undefined) return null;
    return this.#body.kept(this.#owner ?? null, this.#state.name === 'live');
  }

  #to(next: DocState): void {
    if (this.#state.name === 'closed') return;
    this.#state = next;
    this.#changed.emit();
  }
}
