/**
 * One client on one document: the server's side of a channel. Parses what comes in, asks the policies, and
 * leaves what goes out to its outlet. Made by plugin.ts for each `open`.
 *
 *   opened --join--> joining --lease stored--> joined <--refusal / join, resync--> stalled
 *                                       any --closed by either side--> closed
 *
 * [D5] rights are asked at the join, at every push, and again when the row or the identity changes.
 * [D9] a push may hold operations of peers that are leased to this very identity, and no others.
 */
import type { PeerID } from 'loro-crdt';
import type { Cancel, Env } from '../../src/base/env.ts';
import { Fault, isFault, toFault } from '../../src/base/fault.ts';
import type { Channel, ChannelHandler } from '../../src/plugin/channel.ts';
import { encodeDown, joinedPieces, type Permission } from '../core/down-frame.ts';
import { Assembler } from '../core/fragments.ts';
import { type DocUp, decodeUp, NO_WANTS, type Wants } from '../core/up-frame.ts';
import { decodeVersions, encodeVersions, type Versions } from '../core/versions.ts';
import { ownerOf, type Rights } from './access.ts';
import type { AwarenessBoard } from './awareness-board.ts';
import type { Arrival } from './devices.ts';
import type { DocEntry } from './doc-entry.ts';
import type { Follower, Own } from './follower.ts';
import type { HistoryDesk } from './history-desk.ts';
import { answerTo, type JoinBytes } from './join-answer.ts';
import type { DocsOptions } from './options.ts';
import { Outlet } from './outlet.ts';
import { type Lease, NO_LEASE, type PeerLeases } from './peer-lease.ts';
import { PushDesk } from './push-desk.ts';
import type { Guards } from './repair.ts';

interface Deps {
  readonly channel: Channel;
  readonly rights: Rights;
  readonly entry: DocEntry;
  readonly leases: PeerLeases;
  readonly board: AwarenessBoard;
  readonly desk: HistoryDesk;
  readonly guards: Guards;
  /** The epoch as clients know it: that of the document within that of the database. [L5] */
  readonly epoch: string;
  /** Somebody has joined who may edit. */
  readonly arrived: (arrival: Arrival) => void;
  readonly left: (peer: bigint) => void;
  /** Lets the document go. */
  readonly release: Cancel;
}

type Join = Extract<DocUp, { kind: 'join' }>;
/** What a client said that it holds. */
type Claim = {
  readonly epoch: string;
  readonly versions: Versions;
  readonly lease: bigint;
  readonly wants: Wants;
};
type State =
  | { name: 'opened' }
  | { name: 'joining'; claim: Claim; again: boolean }
  | { name: 'joined'; permission: Permission; lease: Lease }
  | { name: 'closed' };

/** Beside a push no other frame is large; two may overlap when a page restarts its document. */
const MAX_STREAMS = 2;
const NO_BYTES = new Uint8Array(0);
/** Room for the header of a fragmented frame. */
const HEADER_BYTES = 1024;

export class DocReader implements ChannelHandler, Follower {
  readonly info = null;
  readonly #env: Env;
  readonly #deps: Deps;
  readonly #options: DocsOptions;
  readonly #owner: string;
  readonly #outlet: Outlet;
  readonly #assembler: Assembler;
  readonly #seat: number;
  readonly #cleanups: Cancel[];
  #state: State = { name: 'opened' };
  readonly #pushes: PushDesk;

  constructor(env: Env, deps: Deps, options: DocsOptions) {
    this.#env = env;
    this.#deps = deps;
    this.#options = options;
    const { channel, entry, leases, rights, guards, board, release } = deps;
    this.#owner = ownerOf(channel.session.viewer);
    this.#assembler = new Assembler({
      maxBytes: options.maxUpdateBytes + HEADER_BYTES,
      maxStreams: MAX_STREAMS,
    });
    this.#seat = board.enter((frame) => this.#outlet.awareness(frame));
    this.#outlet = new Outlet({
      source: entry,
      later: (task) => env.clock.soon(task),
      send: (payload) => channel.send(payload, 'docs'),
      fail: (fault) => this.#fail(fault),
      caughtUp: () => board.resend(this.#seat),
    });
    const session = channel.session.id;
    const fail = (fault: Fault) => this.#fail(fault);
    const inward = { entry, leases, rights, guards, outlet: this.#outlet, author: this, session, fail };
    this.#pushes = new PushDesk(env, inward, options);
    this.#cleanups = [
      entry.follow(this),
      channel.session.onViewer(() => this.rowChanged()),
      () => board.leave(this.#seat),
      release,
    ];
  }

  frame(payload: Uint8Array): void {
    if (this.#state.name === 'closed') return;
    const frame = decodeUp(payload);
    if (frame.kind !== 'fragment') return this.#take(frame);
    const whole = this.#assembler.add(frame);
    if (!whole) return;
    const inner = decodeUp(whole);
    if (inner.kind === 'fragment') throw new Fault('bad_message', 'a fragment within fragments');
    this.#take(inner);
  }

  get owner(): string {
    return this.#owner;
  }

  get peer(): PeerID | null {
    return this.#state.name === 'joined' ? (`${this.#state.lease.peer}` as PeerID) : null;
  }

  drained(): void {
    try {
      this.#outlet.drained();
    } catch (error) {
      this.#fail(toFault(error)); // the document is being mended
    }
  }

  closed(): void {
    if (this.#state.name === 'closed') return;
    if (this.#state.name === 'joined' && this.#state.lease.peer !== 0n)
      this.#deps.left(this.#state.lease.peer);
    this.#state = { name: 'closed' };
    this.#outlet.close();
    this.#pushes.close();
    this.#assembler.clear();
    for (const cleanup of this.#cleanups) cleanup();
  }

  updated({ frame, before, own }: { frame: Uint8Array; before: Versions; own: Own | null }): void {
    this.#outlet.update(own ? encodeDown({ kind: 'update', ...own, bytes: NO_BYTES }) : frame, before);
  }

  settled(mark: number): boolean {
    return this.#pushes.settled(mark);
  }

  rowChanged(): void {
    const { rights } = this.#deps;
    if (!rights.needRows) return this.#checkRights();
    rights.learn().then(
      () => this.#checkRights(),
      (error) => this.#fail(toFault(error)),
    );
  }

  rightsChanged(): void {
    this.#deps.rights.doubt();
    this.rowChanged();
  }

  ended(fault: Fault): void {
    this.#fail(fault);
  }

  #take(frame: Exclude<DocUp, { kind: 'fragment' }>): void {
    switch (frame.kind) {
      case 'join':
        return this.#join(frame);
      case 'resync':
        return this.#resync(decodeVersions(frame.vv));
      case 'push':
        if (this.#state.name === 'joining') return; // sent before the client asked to join anew
        if (this.#state.name !== 'joined') throw new Fault('bad_message', 'join first');
        return this.#pushes.take(frame.n, frame.bytes);
      case 'ask':
        return void this.#ask(frame.id, frame.json);
      case 'awareness':
        return this.#deps.board.show(this.#seat, this.#deps.channel.session.viewer, frame.state);
    }
  }

  #join({ lease, wants, epoch, vv }: Join): void {
    const claim = { epoch, versions: decodeVersions(vv), lease, wants };
    if (this.#state.name === 'joining') {
      this.#state = { name: 'joining', claim, again: true }; // only the last one is answered
      return;
    }
    this.#pushes.restart();
    this.#state = { name: 'joining', claim, again: false };
    void this.#leaseAndAnswer();
  }

  async #leaseAndAnswer(): Promise<void> {
    while (this.#state.name === 'joining') {
      const { claim } = this.#state;
      this.#state.again = false;
      try {
        const { rights } = this.#deps;
        if (rights.needRows) await rights.learn();
        const { permission } = rights;
        if (!permission) throw new Fault('not_found', 'no such document');
        const wish = { owner: this.#owner, wanted: claim.lease, spare: claim.wants.spare };
        const lease = permission === 'write' ? await this.#deps.leases.lease(wish) : NO_LEASE;
        await this.#deps.entry.repair;
        // A page that joins anew keeps its peer id, and may have forgotten its edits: what was received of them must be
        // in the answer, or its next ones get names that are taken. [D9]
        await this.#pushes.quiet();
        await this.#deps.entry.repair;
        // What it starts over with holds all that it has sent, also on an earlier channel: it makes the rest anew.
        if (claim.epoch === this.#deps.epoch && !this.#fits(claim)) await this.#deps.entry.committed();
        if (this.#state.name !== 'joining') return; // closed meanwhile
        if (this.#state.again) continue;
        const making = this.#bytesFor(claim);
        const made = making instanceof Promise ? await making : making;
        if (this.#state.name !== 'joining') return;
        if (this.#state.again) continue;
        this.#state = { name: 'joined', permission, lease };
        this.#answer(claim, made);
        this.#checkRights(); // they may have changed while the lease was stored
      } catch (error) {
        if (!isFault(error)) this.#env.log.error('docs.join_failed', { error: String(error) });
        this.#fail(toFault(error));
      }
    }
  }

  #resync(versions: Versions): void {
    if (this.#state.name === 'joining') return; // its answer is on the way
    if (this.#state.name !== 'joined') throw new Fault('bad_message', 'join first');
    const { repair } = this.#deps.entry;
    if (repair) {
      const again = () => this.#state.name === 'joined' && this.#resync(versions);
      repair.then(again).catch((error) => this.#fail(toFault(error)));
      return;
    }
    this.#pushes.restart();
    const { lease } = this.#state;
    const claim = { epoch: this.#deps.epoch, versions, lease: lease.peer, wants: NO_WANTS };
    const made = this.#fits(claim) ? this.#bytesFor(claim) : null;
    if (!made || made instanceof Promise) {
      if (made) made.catch(() => {}); // it is asked for again, when all that was received is committed
      this.#state = { name: 'joining', claim, again: false };
      void this.#leaseAndAnswer();
      return;
    }
    this.#state.lease = { ...lease, spare: 0n }; // given away already
    this.#answer(claim, made);
  }

  /** False: what it has is of another life of the document, or older than what is left of it. */
  #fits({ epoch, versions }: Claim): boolean {
    if (this.#pushes.outdated) return false;
    if (versions.size === 0) return epoch === '' || epoch === this.#deps.epoch;
    return epoch === this.#deps.epoch && this.#deps.entry.reaches(versions);
  }

  #bytesFor(claim: Claim): JoinBytes | Promise<JoinBytes> {
    const from = this.#fits(claim) ? claim.versions : null;
    return answerTo(this.#deps.entry, { from, wants: claim.wants }, this.#options);
  }

  #answer(claim: Claim, { mode, bytes, tail, rev, durable }: JoinBytes): void {
    const { entry, epoch } = this.#deps;
    if (this.#state.name !== 'joined') return;
    const { permission, lease } = this.#state;
    this.#pushes.welcome();
    const vv = encodeVersions(durable);
    this.#outlet.begin(joinedPieces({ permission, epoch, rev, ...lease, vv, mode, bytes, tail }), durable);
    const kept = mode === 'reset' || claim.versions.size === 0 ? null : claim.versions;
    if (permission === 'write') this.#deps.arrived({ epoch: entry.epoch, lease, durable, claim: kept });
  }

  async #ask(id: number, question: string): Promise<void> {
    const { desk, rights } = this.#deps;
    const permission = async () => {
      if (rights.doubtful) await rights.learn();
      return rights.permission;
    };
    const told = await desk.answer(question, { owner: this.#owner, permission, owed: this.#outlet.owed });
    this.#outlet.answer(encodeDown({ kind: 'told', id, ...told }));
  }

  #checkRights(): void {
    if (this.#state.name === 'closed') return;
    if (ownerOf(this.#deps.channel.session.viewer) !== this.#owner) {
      return this.#fail(new Fault('unauthorized', 'the identity changed'));
    }
    const { permission } = this.#deps.rights;
    if (!permission) return this.#fail(new Fault('forbidden', 'this document is no longer yours to read'));
    if (this.#state.name !== 'joined' || this.#state.permission === permission) return;
    this.#state.permission = permission;
    this.#outlet.notice(encodeDown({ kind: 'permission', permission }));
  }

  #fail(fault: Fault): void {
    if (this.#state.name === 'closed') return;
    this.closed();
    this.#deps.channel.close(fault);
  }
}
